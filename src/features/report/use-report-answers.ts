import { shallowRef, watch, type Ref } from 'vue'
import { latestWins } from '@/columns/latest-wins.ts'
import type { AnswerOf, OptionsOf, QuestionName } from '@/columns/questions/index.ts'
import { isAbort, toAppError, type AppError } from '@/data/errors.ts'
import { ratesRepo, type IncidentRates } from '@/data/rates.repo.ts'
import { ratingsRepo } from '@/data/ratings.repo.ts'
import type { CommentTerms } from '@/domain/answers/comment-terms.ts'
import type { RateName } from '@/domain/answers/rates.ts'
import type { Area } from '@/domain/city/area.ts'
import { answerChoices, emptyFilter, type IncidentFilter } from '@/domain/filter/filter.ts'
import { isMonthEnough, type ReportAnswers } from '@/domain/report/figures-of.ts'
import type { Compared } from '@/domain/report/figures.ts'
import { monthsTo, type ReportDays } from '@/domain/report/report-days.ts'
import type { Period } from '@/domain/time/period.ts'
import type { AreaLevel } from '@/domain/vocabulary.ts'
import { useAreasStore } from '@/stores/areas.store.ts'
import { useColumnsStore } from '@/stores/columns.store.ts'
import { useRatingsStore } from '@/stores/ratings.store.ts'
import { useSessionStore } from '@/stores/session.store.ts'

/** Months of the trends. */
const trendMonths = 24
/** A word of fewer comments could point at a person. */
export const leastComments = 5

/** Everything one report shows. */
export interface ReportContents extends ReportAnswers {
  area: Area
  /** Of the areas right below; null for a smallest one. */
  areaLevel: AreaLevel | null
  /** Months of received and closed. */
  flow: ReportAnswers['incidents']['now']['months']
  rates: IncidentRates
  comments: { total: number; terms: CommentTerms | null }
}

interface Asked {
  area: Readonly<Ref<Area | null>>
  days: Readonly<Ref<ReportDays | null>>
}

/** Asks for a report once everything is loaded, and anew when the data change. */
export function useReportAnswers({ area, days }: Asked) {
  const areas = useAreasStore()
  const columns = useColumnsStore()
  const ratings = useRatingsStore()
  const session = useSessionStore()
  ratings.isWanted = true
  const contents = shallowRef<ReportContents | null>(null)
  const error = shallowRef<AppError | null>(null)
  /** After a failure each poll asks again. */
  const hasFailed = shallowRef(false)

  const gather = latestWins(async ([place, span]: [Area, ReportDays]) => {
    try {
      const found = await gathered(place, span)
      error.value = null
      hasFailed.value = false
      return found
    } catch (failure) {
      if (!isAbort(failure)) error.value = toAppError(failure)
      hasFailed.value = true
      return null
    }
  })
  watch(
    [
      ...[area, days, () => columns.revision, () => columns.asOf, () => areas.list],
      ...[() => hasFailed.value && columns.answers],
      ...[() => ratings.revision, () => columns.status, () => columns.partial],
    ],
    async () => {
      const [place, span] = [area.value, days.value]
      const isWhole = columns.status === 'ready' && !columns.partial && ratings.revision > 0
      if (!place || !span) return void (contents.value = null)
      if (isWhole) contents.value = (await gather([place, span])) ?? contents.value
    },
    { immediate: true },
  )

  async function gathered(place: Area, span: ReportDays): Promise<ReportContents | null> {
    const filterOf = (period: Period): IncidentFilter => ({
      ...emptyFilter(),
      ...{ period, areas: [place.code] },
    })
    const areaLevel = areas.children(place.code)[0]?.level ?? null
    const level = { areaLevel: areaLevel ?? place.level, months: null }
    /** Null only while nothing is loaded. */
    const ask = async <N extends QuestionName>(
      name: N,
      options: OptionsOf<N>,
      period: Period,
    ): Promise<AnswerOf<N>> => {
      const answer = await columns.ask(name, options, filterOf(period))
      if (answer === null) throw columns.error ?? new DOMException('', 'AbortError')
      return answer
    }
    const compared = async <T>(of: (period: Period) => Promise<T>): Promise<Compared<T>> => ({
      now: await of(span.days),
      before: span.before && (await of(span.before)),
      yearAgo: span.yearAgo && (await of(span.yearAgo)),
    })
    const server = compared((period) =>
      session.guard(() => ratesRepo(session.backend!).rates(filterOf(period))),
    )
    const said = session.guard(() =>
      ratingsRepo(session.backend!).comments({
        ...filterOf(null),
        answers: { said: [...answerChoices], closed: span.days, closers: [] },
      }),
    )
    const closing = { withinDays: 7, areaLevel: level.areaLevel, isWhole: true }
    const [incidents, time, answers, trend, flow, fair, rates, comments] = await Promise.all([
      compared((period) => ask('projection', null, period)),
      compared((period) => ask('closing', closing, period)),
      compared((period) => ask('satisfaction', { ...level, days: period }, period)),
      ask('ratingTrend', { step: 'month', days: monthsTo(span.days, trendMonths) }, null),
      ask('projection', null, monthsTo(span.days, trendMonths)),
      areaLevel ? fairOf() : null,
      server,
      said,
    ])
    async function fairOf(): Promise<NonNullable<ReportAnswers['fair']>> {
      const rank = (period: NonNullable<Period>) =>
        ask('fairRanking', { ...level, days: period, rate: 'satisfied' }, period)
      const month = await rank(span.days)
      if (isMonthEnough(month)) return { months: 1, ranking: month }
      return { months: 12, ranking: await rank(monthsTo(span.days, 12)) }
    }
    const terms =
      comments.rows.length > 0
        ? await ask(
            'commentTerms',
            {
              texts: comments.rows.map(({ words }) => words),
              isSorry: comments.rows.map(
                ({ solved, satisfied }) => solved === false || (satisfied ?? 5) <= 3,
              ),
              least: leastComments,
            },
            null,
          )
        : null
    return {
      ...{ area: place, areaLevel, days: span, incidents, closing: time, ratings: answers },
      ...{ trend, fair, flow: flow.months, rates: rates.now },
      inTime: inTimeOf(rates),
      clocked: rates.now.counted + rates.now.held,
      comments: { total: comments.total, terms },
    }
  }
  return { contents, error }
}

function inTimeOf({ now, before, yearAgo }: Compared<IncidentRates>): ReportAnswers['inTime'] {
  const rate: RateName = 'closing_in_time'
  const of = (one: IncidentRates) =>
    one.rates.find((found) => found.rate === rate) ?? { numerator: 0, denominator: 0 }
  return { now: of(now), before: before && of(before), yearAgo: yearAgo && of(yearAgo) }
}
