import { computed, type ComputedRef } from 'vue'
import { useI18n } from 'vue-i18n'
import { everyWeekday, type EditedRule } from '@/domain/workflow/dispatch-rule.ts'
import { useAreasStore } from '@/stores/areas.store.ts'
import { useCategoriesStore } from '@/stores/categories.store.ts'

export interface RuleWords {
  /** From Monday, in full and short. */
  weekdays: readonly { day: number; long: string; short: string }[]
  hour(hour: number): string
  area(code: string | null): string
  category(code: string | null): string
  department(code: string | null): string
  days(days: readonly number[]): string
  hours(from: number, to: number): string
  /** Names the area, category, weekdays and hours of a rule. */
  when(rule: EditedRule): string[]
}

/** Words of dispatch rules in the language shown. */
export function useRuleWords(): ComputedRef<RuleWords> {
  const { t, locale } = useI18n()
  const areas = useAreasStore()
  const categories = useCategoriesStore()
  return computed(() => {
    const dayName = (day: number, weekday: 'long' | 'short'): string =>
      // 1 January 2024 was a Monday
      new Intl.DateTimeFormat(locale.value, { weekday, timeZone: 'UTC' }).format(
        Date.UTC(2024, 0, day),
      )
    const list = new Intl.ListFormat(locale.value, { type: 'unit', style: 'short' })
    const words: RuleWords = {
      weekdays: everyWeekday.map((day) => ({
        day,
        long: dayName(day, 'long'),
        short: dayName(day, 'short'),
      })),
      hour: (hour) => `${String(hour).padStart(2, '0')}:00`,
      area: (code) => (code === null ? t('rules.everywhere') : areas.nameByCode(code)),
      category: (code) =>
        code === null ? t('rules.every-category') : categories.nameByCode(code, locale.value),
      department: (code) =>
        code === null ? t('rules.no-department') : categories.departmentName(code, locale.value),
      days(days) {
        const given = [...days].sort()
        const isRun = given.length > 2 && given.at(-1)! - given[0]! === given.length - 1
        if (given.length === 7) return t('rules.every-day')
        return isRun
          ? `${dayName(given[0]!, 'short')}–${dayName(given.at(-1)!, 'short')}`
          : list.format(given.map((day) => dayName(day, 'short')))
      },
      hours: (from, to) =>
        from === 0 && to === 24 ? t('rules.every-hour') : `${words.hour(from)}–${words.hour(to)}`,
      when: (rule) => [
        words.area(rule.areaCode),
        words.category(rule.categoryCode),
        ...(rule.weekdays.length < 7 ? [words.days(rule.weekdays)] : []),
        ...(rule.fromHour > 0 || rule.toHour < 24 ? [words.hours(rule.fromHour, rule.toHour)] : []),
      ],
    }
    return words
  })
}
