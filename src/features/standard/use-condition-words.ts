import { computed } from 'vue'
import { useI18n } from 'vue-i18n'
import type { FilingCondition, Limit } from '@/domain/workflow/workflow.ts'
import { useCategoriesStore } from '@/stores/categories.store.ts'
import { useCounted } from '@/ui/use-counted.ts'

export interface NamedTime {
  key: string
  name: string
  limit: string
}

/** In the order of a case. */
const clocks = ['accept', 'verify', 'file', 'dispatch', 'handle', 'check']

/** A condition's name and times in the language shown. */
export function useConditionWords() {
  const { t, locale } = useI18n()
  const counted = useCounted()
  const categories = useCategoriesStore()

  const named = (one: { nameZh: string; nameEn: string }): string =>
    categories.nameOf(one, locale.value)

  function limitWords({ amount, unit, dayRule }: Limit): string {
    if (unit === 'urgent_hour' && amount < 1)
      return counted('standard.unit.minutes', { count: Math.round(amount * 60) })
    const key = dayRule === 'end_of_day' ? 'work_day_end' : unit
    return counted(`standard.unit.${key}`, { count: amount })
  }
  const clockWords = (limits: readonly (Limit & { clock: string })[]): NamedTime[] =>
    limits
      .toSorted((a, b) => clocks.indexOf(a.clock) - clocks.indexOf(b.clock))
      .map((limit) => ({
        key: limit.clock,
        name: t(`incident-page.kind.${limit.clock}`),
        limit: limitWords(limit),
      }))
  const milestonesOf = ({ milestones }: FilingCondition): NamedTime[] =>
    milestones.flatMap(({ amount, unit, dayRule, ...one }) =>
      amount === undefined || unit === undefined
        ? []
        : [
            {
              key: one.code,
              name: named(one),
              limit: limitWords({ amount, unit, dayRule: dayRule ?? 'hours' }),
            },
          ],
    )
  return computed(() => ({
    named,
    clockWords,
    timesOf: (condition: FilingCondition): NamedTime[] => [
      ...clockWords(condition.limits ?? []),
      ...milestonesOf(condition),
    ],
  }))
}
