import { computed, inject, ref, type ComputedRef, type InjectionKey, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { createFormat, type Format } from '@/domain/time/format.ts'

/** The city's IANA time zone, provided after the config loads. */
export const timeZoneKey: InjectionKey<Ref<string>> = Symbol('timeZone')

/** Formatters for the current language and the city's time zone. */
export function useFormat(): ComputedRef<Format> {
  const { locale } = useI18n()
  const timeZone = inject(timeZoneKey, () => ref('UTC'), true)
  return computed(() => createFormat(locale.value, timeZone.value))
}
