import { tableWhenRead, type ChartLook, type ChartView } from '../chart-view.ts'
import { tieGroupsOption, type TiedEntry } from '../options/tie-groups.option.ts'
import { bars, narrowBy, rounded, type Narrowing } from './bars.ts'

interface FairRankingData {
  fileName: string
  title: string
  measure: string
  /** Best first; null while unknown. Shares from 0 to 1. */
  entries:
    | readonly (Narrowing & {
        count: number
        n: number
        /** Calls that are over, and those of them that brought an answer. */
        called: number
        answered: number
        share: number
        low: number
        high: number
        /** Drawn towards the share of all. */
        shrunken: number
        group: number
        best: number
        worst: number
      })[]
    | null
  /** Names of those with too few answers to be judged. */
  tooFew: readonly string[]
  /** Fewest answers to be ranked. */
  least: number
  narrow: (key: string) => void
}

/** A city's communities: the last ones are asked for as much as the first. */
const maxRanked = 60

/** Shares with intervals, in groups whose members are not distinguishable. */
export function fairRankingView(data: FairRankingData, { theme, text }: ChartLook): ChartView {
  const { t } = text
  const entries = data.entries ?? []
  const { shown, hidden, height } = bars(entries, maxRanked)
  const tied: TiedEntry[] = shown.map(({ share, shrunken, called, answered, ...entry }) => ({
    ...entry,
    value: share,
    second: shrunken,
    more: text.counted('charts.fairRanking.answered', { count: called, done: answered }),
  }))
  const labels = {
    value: data.measure,
    second: t('charts.fairRanking.shrunken'),
    format: text.percent,
    missing: t('charts.fairRanking.tooFew'),
  }
  const percent = (share: number) => rounded(share * 100, 1)
  const ranks = (best: number, worst: number): string =>
    best === worst
      ? text.number(best)
      : t('charts.fairRanking.ranks', { low: text.number(best), high: text.number(worst) })
  return {
    fileName: data.fileName,
    title: data.title,
    note: noteOf(data, text),
    option: tieGroupsOption(tied, labels, theme, text),
    table: tableWhenRead(() => ({
      header: [
        t('charts.area'),
        t('charts.fairRanking.group'),
        t('charts.fairRanking.rank'),
        t('charts.fairRanking.with'),
        t('charts.answers'),
        t('charts.fairRanking.percent'),
        t('charts.low'),
        t('charts.high'),
        t('charts.fairRanking.shrunkenPercent'),
        t('charts.fairRanking.called'),
        t('charts.fairRanking.answeredPercent'),
      ],
      rows: [
        ...entries.map((entry) => [
          entry.name,
          entry.group,
          ranks(entry.best, entry.worst),
          entry.count,
          entry.n,
          ...[entry.share, entry.low, entry.high, entry.shrunken].map(percent),
          entry.called,
          entry.called === 0 ? null : percent(entry.answered / entry.called),
        ]),
        ...data.tooFew.map((name) => [
          name,
          t('charts.fairRanking.tooFew'),
          ...[null, null, null, null, null, null, null, null, null],
        ]),
      ],
    })),
    height,
    loading: data.entries === null,
    empty: entries.length === 0 && data.tooFew.length === 0,
    hidden,
    // band and whiskers come first
    markOf: (row) => (row < shown.length ? { seriesIndex: 2, dataIndex: row } : null),
    select: narrowBy(entries, data.narrow),
  }
}

function noteOf(
  { entries, tooFew, least }: FairRankingData,
  { t, counted }: ChartLook['text'],
): string {
  const groups = new Set((entries ?? []).map(({ group }) => group)).size
  const note =
    groups === 1
      ? t('charts.fairRanking.allTied')
      : counted('charts.fairRanking.note', { count: groups })
  return tooFew.length === 0
    ? note
    : counted('charts.fairRanking.leftOut', { count: least, rest: tooFew.length }, { note })
}
