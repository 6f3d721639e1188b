import { computed, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { shareOf } from '@/domain/answers/rates.ts'
import { answersToJudge, satisfactionRates } from '@/domain/answers/satisfaction.ts'
import { judgedChange, judgedShare } from '@/domain/answers/satisfaction-judged.ts'
import { dayChange } from '@/domain/report/day-change.ts'
import type { Compared, Counted, DayCount, ReportFigures } from '@/domain/report/figures.ts'
import { useCounted } from '@/ui/use-counted.ts'
import { useFormat } from '@/ui/use-format.ts'
import type { ReportContents } from './use-report-answers.ts'
import { useReportWords } from './use-report-words.ts'

/** One cell: the figure, and under it what it rests on. */
export interface Cell {
  text: string
  notes?: readonly string[]
  /** Never broken into lines. */
  isWhole?: boolean
}
export interface ReportRow {
  key: string
  name: string
  cells: Cell[]
}

interface Asked {
  contents: Readonly<Ref<ReportContents | null>>
  figures: Readonly<Ref<ReportFigures | null>>
}

/** The tables of a report, with n and intervals in each row. */
export function useReportTables({ contents, figures }: Asked) {
  const { t } = useI18n()
  const counted = useCounted()
  const format = useFormat()
  const words = useReportWords()
  const none: Cell = { text: '–' }
  const count = (value: number): string => format.value.count(value)
  const percent = (value: number): string => format.value.percent(value)

  function shareCell({ count: done, n }: Counted): Cell {
    const of = counted('report.of', { done, count: n })
    if (n < answersToJudge.least) return { text: t('satisfaction.tooFew'), notes: [of] }
    const { share, low, high } = judgedShare({ count: done, n })
    return { text: percent(share!), notes: [of, words.interval(percent(low!), percent(high!))] }
  }
  function shareChange(now: Counted, then: Counted | null): Cell {
    if (!then) return none
    if (Math.min(now.n, then.n) < answersToJudge.least) return { text: t('satisfaction.tooFew') }
    const { difference, low, high } = judgedChange(now, then)
    const text = t('report.points', { points: words.points(difference!) })
    return { text, notes: [words.interval(words.points(low!), words.points(high!))] }
  }
  function countChange(now: DayCount, then: DayCount | null): Cell {
    if (!then) return none
    const change = dayChange(now, then)
    if (!change) return { text: t('satisfaction.tooFew') }
    const { ratio, low, high } = change
    const notes = [words.interval(words.ratio(low), words.ratio(high))]
    return { text: ratio === null ? '–' : words.ratio(ratio), notes }
  }
  const countRow = (key: string, name: string, all: Compared<DayCount>): ReportRow => ({
    ...{ key, name },
    cells: [
      { text: count(all.now.count) },
      all.before ? { text: count(all.before.count) } : none,
      countChange(all.now, all.before),
      all.yearAgo ? { text: count(all.yearAgo.count) } : none,
      countChange(all.now, all.yearAgo),
    ],
  })
  const shareRow = (key: string, name: string, all: Compared<Counted>): ReportRow => ({
    ...{ key, name },
    cells: [
      shareCell(all.now),
      all.before ? shareCell(all.before) : none,
      shareChange(all.now, all.before),
      all.yearAgo ? shareCell(all.yearAgo) : none,
      shareChange(all.now, all.yearAgo),
    ],
  })

  const headlines = computed<ReportRow[]>(() => {
    const { value: all } = figures
    if (!all) return []
    const { rates } = all
    return [
      countRow('reported', t('report.figure.reported'), all.reported),
      ...satisfactionRates.map((rate) =>
        shareRow(rate, t(`satisfaction.rate.${rate}`), rates[rate]),
      ),
      shareRow('response', t('satisfaction.responseName'), all.response),
      shareRow('week', t('report.figure.week'), all.week),
      shareRow('in-time', t('report.figure.inTime'), all.inTime),
    ]
  })
  const departments = computed<ReportRow[]>(() =>
    (contents.value?.rates.departments ?? []).map(({ departmentCode, numerator, denominator }) => {
      const { share, low, high } = shareOf({ numerator, denominator })
      const isJudged = denominator >= answersToJudge.least && share !== null
      return {
        key: departmentCode,
        name: words.departmentName(departmentCode),
        cells: [
          { text: count(denominator) },
          { text: count(numerator) },
          { text: isJudged ? percent(share) : t('satisfaction.tooFew') },
          { text: isJudged ? words.interval(percent(low!), percent(high!)) : '–' },
        ],
      }
    }),
  )
  const categories = computed<ReportRow[]>(() => {
    const { value: all } = figures
    return (all?.categories ?? []).map(({ idx, now, before }) => {
      const own = { count: now, days: all!.days.now }
      const then = before === null ? null : { count: before, days: all!.days.before! }
      return {
        ...{ key: String(idx), name: words.categoryName(idx) },
        cells: [
          { text: count(now) },
          then ? { text: count(then.count) } : none,
          countChange(own, then),
        ],
      }
    })
  })
  /** Best first; areas of one group are not distinguishable. */
  const ranking = computed<ReportRow[]>(() => {
    const ranked = contents.value?.fair?.ranking.ranked ?? []
    return ranked.map(
      ({ idx, group, count: done, n, share, low, high, best, worst, ...calls }) => ({
        ...{ key: String(idx), name: words.areaName(idx) },
        cells: [
          { text: count(group) },
          {
            text:
              best === worst
                ? count(best)
                : t('report.ranks', { low: count(best), high: count(worst) }),
          },
          { text: percent(share) },
          { text: words.interval(percent(low), percent(high)) },
          { text: counted('report.of', { done, count: n }) },
          { text: counted('report.of', { done: calls.answered, count: calls.called }) },
        ],
      }),
    )
  })
  const tooFew = computed(() => (contents.value?.fair?.ranking.tooFew ?? []).map(words.areaName))
  return { headlines, departments, categories, ranking, tooFew }
}
