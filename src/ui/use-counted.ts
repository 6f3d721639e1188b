import { useI18n } from 'vue-i18n'
import type { Format } from '@/domain/time/format.ts'
import { useFormat } from './use-format.ts'

/** `count` chooses the plural form. */
export type Numbers = Record<string, number>

/** Arguments for vue-i18n's `t`: formatted values and plural number. */
export function countedValues(
  numbers: Numbers,
  words: Record<string, string>,
  format: Pick<Format, 'count'>,
): [values: Record<string, string>, plural: number] {
  const shown = Object.entries(numbers).map(([name, value]) => [name, format.count(value)])
  return [{ ...words, ...Object.fromEntries(shown) }, numbers['count'] ?? 2]
}

export type Counted = (key: string, numbers: Numbers, words?: Record<string, string>) => string

/** Messages with localized numbers; `count` chooses the plural form. */
export function useCounted(): Counted {
  const { t } = useI18n()
  const format = useFormat()
  return (key, numbers, words = {}) => t(key, ...countedValues(numbers, words, format.value))
}
