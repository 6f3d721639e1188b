import { useI18n } from 'vue-i18n'
import type { Finding } from '@/domain/answers/findings.ts'
import type { RepeatedPlace } from '@/domain/answers/repeat-places.ts'
import type { Sentence, Told } from '@/domain/report/sentence.ts'
import { useAreasStore } from '@/stores/areas.store.ts'
import { useCategoriesStore } from '@/stores/categories.store.ts'
import { useCounted } from '@/ui/use-counted.ts'
import { useFormat } from '@/ui/use-format.ts'

/** Puts sentences and figures of a report into the person's language. */
export function useReportWords() {
  const { t, locale } = useI18n()
  const counted = useCounted()
  const format = useFormat()
  const areas = useAreasStore()
  const categories = useCategoriesStore()

  const areaName = (idx: number): string => areas.byIdx(idx)?.name ?? String(idx)
  function categoryName(idx: number): string {
    const found = categories.byIdx(idx)
    return found ? categories.nameOf(found, locale.value) : String(idx)
  }
  const departmentName = (code: string): string => categories.departmentName(code, locale.value)
  /** In points, with its sign and one decimal. */
  function points(difference: number): string {
    const value = Math.round(difference * 1000) / 10
    const sign = value > 0 ? '+' : value < 0 ? '−' : '±'
    return `${sign}${format.value.decimal(Math.abs(value), 1)}`
  }
  /** Now ÷ before as "12 % more"; null has no upper limit. */
  function ratio(value: number | null): string {
    if (value === null) return t('report.ratio.noLimit')
    const change = Math.round((value - 1) * 1000) / 1000
    if (change === 0) return t('report.ratio.same')
    const share = format.value.percent(Math.abs(change))
    return t(change > 0 ? 'report.ratio.more' : 'report.ratio.fewer', { share })
  }
  const hours = (value: number | null): string =>
    value === null ? t('charts.notReached') : format.value.duration(value)
  const interval = (low: string, high: string): string => t('report.interval', { low, high })

  const spotName = (one: { area: number | null; category: number }): string =>
    t('hotspots.finding-title', {
      area: one.area === null ? t('hotspots.places.no-area') : areaName(one.area),
      name: categoryName(one.category),
    })
  /** As many times as expected, with the interval. */
  const times = ({ ratio, low, high }: Pick<Finding, 'ratio' | 'low' | 'high'>): string => {
    const { decimal } = format.value
    return t('hotspots.times-expected', {
      ...{ size: decimal(ratio), low: decimal(low), high: decimal(high) },
    })
  }
  const findingSaid = (one: Finding): string =>
    counted('report.finding', { count: one.observed }, { name: spotName(one), size: times(one) })
  const placeSaid = (one: RepeatedPlace): string =>
    counted('report.place', { count: one.count, number: one.days }, { name: spotName(one) })

  function told(word: Told): string {
    if ('share' in word) return format.value.percent(word.share)
    if ('points' in word) return points(word.points)
    if ('ratio' in word) return ratio(word.ratio)
    if ('hours' in word) return hours(word.hours)
    if ('month' in word) return format.value.localMonth(word.month)
    if ('day' in word) return format.value.localDay(word.day)
    if ('category' in word) return categoryName(word.category)
    if ('cause' in word) return t(`charts.xmr.cause.${word.cause.rule}-${word.cause.direction}`)
    if ('areaNames' in word) {
      const names = word.areaNames.map(areaName).join(t('report.separator'))
      return word.more ? t('report.andMore', { names }) : names
    }
    if ('metres' in word) return format.value.count(word.metres)
    if ('findings' in word) return word.findings.map(findingSaid).join(t('report.semicolon'))
    if ('places' in word) return word.places.map(placeSaid).join(t('report.semicolon'))
    return word.areas
      .map(({ idx, share, low, high }) => {
        const { percent } = format.value
        return t('report.area', {
          ...{ name: areaName(idx), share: percent(share) },
          ...{ low: percent(low), high: percent(high) },
        })
      })
      .join(t('report.separator'))
  }
  const sentence = ({ kind, numbers, words }: Sentence): string =>
    counted(
      `report.summary.${kind}`,
      numbers,
      Object.fromEntries(Object.entries(words).map(([name, word]) => [name, told(word)])),
    )
  return {
    ...{ areaName, categoryName, departmentName, spotName, times },
    ...{ points, ratio, hours, interval, sentence },
  }
}
