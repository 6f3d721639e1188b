import { useI18n } from 'vue-i18n'
import type { Dismissal, FindingKey, FollowUp } from '@/domain/answers/finding-marks.ts'
import { useAreasStore } from '@/stores/areas.store.ts'
import { useCategoriesStore } from '@/stores/categories.store.ts'
import { useCounted } from '@/ui/use-counted.ts'
import { useFormat } from '@/ui/use-format.ts'

/** How marks on findings are said. */
export function useMarkWords() {
  const { t, locale } = useI18n()
  const areas = useAreasStore()
  const categories = useCategoriesStore()
  const counted = useCounted()
  const format = useFormat()

  const department = (code: string): string => {
    return categories.departmentName(code, locale.value)
  }
  const madeBy = ({ madeByName, madeAt }: FollowUp | Dismissal) => ({
    name: madeByName ?? t('findings.you'),
    at: format.value.day(madeAt),
  })
  return {
    department,
    title({ areaCode, categoryCode }: FindingKey): string {
      return t('hotspots.finding-title', {
        area: areas.nameByCode(areaCode),
        name: categories.nameByCode(categoryCode, locale.value),
      })
    },
    /** Whose it is, since when, for whom and until when. */
    followUp: (task: FollowUp): string =>
      [
        t('findings.follow-up-by', madeBy(task)),
        ...(task.departmentCode
          ? [t('findings.for-department', { name: department(task.departmentCode) })]
          : []),
        ...(task.dueDay ? [t('findings.due', { day: format.value.localDay(task.dueDay) })] : []),
        ...(task.madeByName === null ? [t('findings.not-sent')] : []),
      ].join(t('hotspots.comma')),
    dismissal: (mark: Dismissal): string =>
      [
        t('findings.dismissed-by', madeBy(mark)),
        mark.untilDay
          ? t('findings.until', { day: format.value.localDay(mark.untilDay) })
          : t('findings.for-good'),
        ...(mark.madeByName === null ? [t('findings.not-sent')] : []),
      ].join(t('hotspots.comma')),
    figures: ({ facts }: FollowUp): string =>
      counted(
        'findings.figures',
        { count: facts.observed },
        { size: format.value.decimal(facts.ratio), share: format.value.decimal(facts.expected) },
      ),
    period: ({ facts: { from, to } }: FollowUp): string =>
      from && to
        ? t('findings.period', { from: format.value.localDay(from), to: format.value.localDay(to) })
        : t('findings.all-days'),
    expectedBy: ({ facts }: FollowUp): string => t(`hotspots.expected.${facts.method}`),
  }
}
