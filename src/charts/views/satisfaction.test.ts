import { describe, expect, it, vi } from 'vitest'
import { lightChartTheme as theme } from '../chart-theme.ts'
import type { ChartLook } from '../chart-view.ts'
import type { FunnelEntry } from '../options/funnel.option.ts'
import type { PChartPoint } from '../options/p-chart.option.ts'
import type { XmrPoint } from '../options/xmr.option.ts'
import { fairRankingView } from './fair-ranking.ts'
import { funnelView } from './funnel.ts'
import { heatTableView } from './heat-table.ts'
import { pChartView } from './p-chart.ts'
import { quadrantView } from './quadrant.ts'
import { stillOpenView } from './still-open.ts'
import { xmrView } from './xmr.ts'

const look: ChartLook = {
  theme,
  text: {
    t: (key, words) => [key, ...Object.values(words ?? {})].join(' '),
    counted: (key, numbers, words) => [key, ...Object.values({ ...numbers, ...words })].join(' '),
    number: (value, digits = 0) => value.toFixed(digits),
    percent: (value) => `${Math.round(value * 100)} %`,
    month: (month) => month,
  },
}
const format = look.text.percent
interface Series {
  name?: string
  type: string
  data: unknown[]
  symbol?: string
  itemStyle?: { color: string }
  silent?: boolean
}
const seriesOf = (option: object): Series[] => (option as { series: Series[] }).series
const named = (option: object, name: string): Series[] =>
  seriesOf(option).filter((series) => series.name === name)
/** A click on a mark gives its place in the data: each series that takes clicks has a place for every row. */
const clickable = (option: object): number[] =>
  seriesOf(option).flatMap(({ silent, data }) => (silent ? [] : [data.length]))

describe('pChartView', () => {
  const point = (label: string, value: number, laneyLow: number): PChartPoint => ({
    ...{ label, value, n: 40, low: 0.6, high: 0.8, laneyLow, laneyHigh: 0.9 },
  })
  it('marks points outside the limits that know of over-dispersion, and tells all limits', () => {
    const narrow = vi.fn()
    const view = pChartView(
      {
        ...{ fileName: 'p', title: 'P', measure: 'satisfied', format, narrow, mean: 0.7 },
        ...{ sigma: 1.5, points: [point('1', 0.55, 0.5), point('2', 0.4, 0.5)] },
      },
      look,
    )
    expect(named(view.option, 'charts.pChart.outside').map(({ data }) => data)).toEqual([
      ['-', 0.4],
    ])
    expect(named(view.option, 'satisfied')[0]!.data).toEqual([0.55, '-'])
    expect(view.note).toBe('charts.pChart.note 2 1 1.50')
    expect(view.table.rows[1]).toEqual([
      ...['2', '40 %', 40, '50 %', '90 %', '60 %', '80 %', 'charts.pChart.outside'],
    ])
    const marks = [0, 1].map((row) => view.markOf!(row)!)
    for (const [row, { seriesIndex, dataIndex }] of marks.entries())
      expect(seriesOf(view.option)[seriesIndex]!.data[dataIndex], String(row)).toBe(
        [0.55, 0.4][row],
      )
    expect(clickable(view.option)).toEqual([2, 2])
    view.select!(1)
    view.select!(2)
    expect(narrow.mock.calls).toEqual([[1]])
  })
})

describe('xmrView', () => {
  const cause = (meaning: 'improvement' | 'concern' | null) =>
    ({ rule: 'outside', direction: 'high', meaning }) as const
  const point = (label: string, value: number, own: XmrPoint['cause'] = null): XmrPoint => ({
    ...{ label, value, n: 40, cause: own },
  })
  const limits = { mean: 0.5, low: 0.2, high: 0.8, nearLow: 0.3, nearHigh: 0.7, points: 3 }
  const of = (points: XmrPoint[] | null, over: object = {}) =>
    xmrView(
      {
        ...{ fileName: 'x', title: 'X', measure: 'satisfied', points, format, narrow: vi.fn() },
        ...{ limits: { ...limits, isTrial: false }, target: null, assurance: null },
        ...over,
      },
      look,
    )

  it('marks improvement and concern by colour and by symbol', () => {
    const points = [
      point('1', 0.9, cause('improvement')),
      point('2', 0.5),
      point('3', 0.1, cause('concern')),
    ]
    const { option, table } = of(points)
    const [good] = named(option, 'charts.xmr.kind.improvement')
    const [bad] = named(option, 'charts.xmr.kind.concern')
    expect(good!.data).toEqual([0.9, '-', '-'])
    expect(bad!.data).toEqual(['-', '-', 0.1])
    expect(good!.symbol).not.toBe(bad!.symbol)
    expect(good!.itemStyle!.color).not.toBe(bad!.itemStyle!.color)
    expect(named(option, 'charts.xmr.kind.special')).toEqual([])
    expect(clickable(option)).toEqual([3, 3, 3])
    expect(table.rows[0]).toEqual([
      ...['1', '90 %', 40, '20 %', '80 %', 'charts.xmr.cause.outside-high'],
      'charts.xmr.kind.improvement',
    ])
    expect(table.rows[1]!.slice(-2)).toEqual([null, null])
  })

  it('draws mean, both limits and the target over the whole length', () => {
    const { option } = of([point('1', 0.5), point('2', 0.6)], { target: 0.7 })
    expect(named(option, 'charts.xmr.limits').map(({ data }) => data)).toEqual([
      [0.2, 0.2],
      [0.8, 0.8],
    ])
    expect(named(option, 'charts.xmr.mean')[0]!.data).toEqual([0.5, 0.5])
    expect(named(option, 'charts.xmr.target')[0]!.data).toEqual([0.7, 0.7])
  })

  it('says trial limits, what was found, and whether the target is met', () => {
    expect(of([point('1', 0.5)]).note).toBe('charts.xmr.calm charts.xmr.note 50 % 20 % 80 %')
    const found = of([point('1', 0.9, cause('concern'))], {
      limits: { ...limits, isTrial: true },
      ...{ target: 0.7, assurance: 'chance' },
    })
    expect(found.note).toBe(
      'charts.xmr.assurance.chance charts.xmr.found.concern 1 charts.xmr.trial 3 charts.xmr.note 50 % 20 % 80 % 70 %',
    )
  })

  it('tells loading and empty apart, and narrows to rows that are there', () => {
    expect(of(null)).toMatchObject({ loading: true })
    expect(of([], { limits: null })).toMatchObject({ loading: false, empty: true, note: '' })
    const narrow = vi.fn()
    const view = of([point('1', 0.5)], { narrow })
    view.select?.(0)
    view.select?.(1)
    expect(narrow.mock.calls).toEqual([[0]])
  })
})

describe('funnelView', () => {
  const entry = (key: string, zone: FunnelEntry['zone']): FunnelEntry => ({
    ...{ key, name: key, n: 50, value: 0.8, zone, selected: false },
  })
  const step = { n: 50, inner: { low: 0.7, high: 0.95 }, outer: { low: 0.6, high: 1 } }
  const of = (entries: FunnelEntry[] | null, isWidened = false, narrow = vi.fn()) =>
    funnelView(
      {
        ...{ fileName: 'f', title: 'F', measure: 'satisfied', entries, steps: [step] },
        ...{ target: 0.9, isWidened, format, narrow },
      },
      look,
    )

  it('puts each area into the series of its zone, and the limits into silent lines', () => {
    const { option, table, note, markOf } = of([
      entry('a', 'inside'),
      entry('b', 'low'),
      entry('c', 'very-high'),
    ])
    const value = (name: string) =>
      named(option, name)[0]!.data.map((one) => (one as { value: unknown[] }).value[0])
    expect(value('charts.funnel.inside')).toEqual([50, '-', '-'])
    expect(value('charts.funnel.outside')).toEqual(['-', 50, '-'])
    expect(value('charts.funnel.far')).toEqual(['-', '-', 50])
    expect(named(option, 'charts.funnel.inner').map(({ data }) => data)).toEqual([
      [[50, 0.7]],
      [[50, 0.95]],
    ])
    expect(clickable(option)).toEqual([3, 3, 3])
    // the keyboard's cursor finds each where it is drawn
    expect([0, 1, 2].map((row) => seriesOf(option)[markOf!(row)!.seriesIndex]!.name)).toEqual([
      ...['charts.funnel.inside', 'charts.funnel.outside', 'charts.funnel.far'],
    ])
    expect(table.rows[1]).toEqual(['b', 50, '80 %', 'charts.funnel.zone.low'])
    expect(note).toBe('charts.funnel.note 3 2')
  })

  it('says when the limits are widened, and narrows to the area of a mark', () => {
    const narrow = vi.fn()
    const view = of([entry('a', 'inside')], true, narrow)
    expect(view.note).toMatch(/^charts\.funnel\.widened/)
    view.select?.(0)
    expect(narrow).toHaveBeenCalledWith('a')
    expect(of(null)).toMatchObject({ loading: true })
  })
})

describe('fairRankingView', () => {
  const entry = (key: string, group: number, best = 1, worst = 2) => ({
    ...{ key, name: key.toUpperCase(), selected: false, count: 12, n: 13, share: 12 / 13 },
    ...{ low: 0.667, high: 0.986, shrunken: 0.91, group, best, worst },
    ...{ called: 20, answered: 13 },
  })
  const of = (entries: ReturnType<typeof entry>[] | null, tooFew: string[] = []) =>
    fairRankingView(
      {
        ...{ fileName: 'r', title: 'R', measure: 'satisfied', entries, tooFew, least: 10 },
        narrow: vi.fn(),
      },
      look,
    )

  it('gives ranges of ranks, and names those with too few answers without any rank', () => {
    const view = of([entry('a', 1), entry('b', 2, 3, 3)], ['C'])
    expect(view.table.rows).toEqual([
      ['A', 1, 'charts.fairRanking.ranks 1 2', 12, 13, 92.3, 66.7, 98.6, 91, 20, 65],
      ['B', 2, '3', 12, 13, 92.3, 66.7, 98.6, 91, 20, 65],
      ['C', 'charts.fairRanking.tooFew', ...Array.from({ length: 9 }, () => null)],
    ])
    expect(view.note).toBe('charts.fairRanking.leftOut 10 1 charts.fairRanking.note 2')
  })

  it('draws a band behind every second group and says when all are tied', () => {
    const bands = (groups: number[]) =>
      seriesOf(of(groups.map((group, at) => entry(`a${at}`, group))).option)[0]!.data
    expect(bands([1, 1, 2, 2, 2, 3])).toEqual([[2, 4]])
    expect(bands([1, 1])).toEqual([])
    expect(of([entry('a', 1), entry('b', 1)]).note).toBe('charts.fairRanking.allTied')
    // the last of a city's communities is drawn too
    expect(of(Array.from({ length: 41 }, (_, n) => entry(`a${n}`, 1))).hidden).toBe(0)
  })

  it('starts its axis below the lowest limit, and knows no chart without answers', () => {
    expect((of([entry('a', 1)]).option as { xAxis: { min: number } }).xAxis.min).toBe(0.6)
    expect(of([])).toMatchObject({ loading: false, empty: true })
    expect(of(null)).toMatchObject({ loading: true })
  })
})

describe('stillOpenView', () => {
  const step = (days: number, share: number) => ({
    days,
    share,
    low: share - 0.1,
    high: share + 0.05,
    longer: share * 10,
  })
  const half = { time: 3, low: 2, high: null }
  const of = (
    steps: ReturnType<typeof step>[] | null,
    medianDays: typeof half | { time: null; low: null; high: null } = half,
    open?: (hours: number) => void,
    isPartial = false,
  ) =>
    stillOpenView(
      {
        ...{ fileName: 's', title: 'S', n: 10, stillOpen: 4, steps, medianDays, open, isPartial },
        rows: [0, 1, 3].map((days) => ({ days, longer: 10 - days })),
      },
      look,
    )

  it('falls from all open, and tells some days in its table', () => {
    const view = of([step(1, 0.9), step(4, 0.4)])
    expect(seriesOf(view.option)[1]!.data).toEqual([
      [0, 1],
      [1, 0.9],
      [4, 0.4],
    ])
    expect(view.table.rows).toEqual([
      ['0.0', 100, 100, 100, 10],
      ['1.0', 90, 80, 95, 9],
      ['3.0', 90, 80, 95, 7],
    ])
  })

  it('gives the median with what is known of its interval', () => {
    expect(of([step(1, 0.4)]).note).toBe(
      'charts.stillOpen.median charts.stillOpen.note 10 4 3.0 2.0 charts.notReached',
    )
    expect(of([step(1, 0.9)], { time: null, low: null, high: null }).note).toBe(
      'charts.stillOpen.notHalf charts.stillOpen.note 10 4',
    )
    expect(of(null)).toMatchObject({ loading: true })
    expect(of([])).toMatchObject({ empty: true })
  })

  it('says while months are missing that it counts what has arrived, and that nothing is not none', () => {
    expect(of([step(1, 0.9)], half, undefined, true).note).toMatch(/^charts\.stillOpen\.partial /)
    expect(of([], half, undefined, true)).toMatchObject({ empty: false, loading: true })
    expect(of([], half)).toMatchObject({ empty: true, loading: false })
  })

  it('opens those seen open for longer than a row of the table, or the step nearest to a click', () => {
    const open = vi.fn()
    const view = of([step(1, 0.9), step(4, 0.4)], half, open)
    view.select?.(2)
    for (const days of [0.1, 2.4, 2.6, 99]) view.selectAt?.(days)
    expect(open.mock.calls.flat()).toEqual([72, 24, 24, 96, 96])
    expect(view.note).toMatch(/^charts\.stillOpen\.open /)
    expect(of([step(1, 0.9)])).not.toHaveProperty('selectAt')
  })
})

describe('heatTableView', () => {
  const narrow = vi.fn()
  const of = (cells: { value: number | null; n: number }[] | null) =>
    heatTableView(
      {
        ...{ fileName: 'h', title: 'H', measure: 'solved', categories: ['waste', 'light'] },
        ...{ areas: ['a', 'b'], cells, format, narrow },
      },
      look,
    )
  const cells = [0.5, null, 0.75, 1].map((value) => ({ value, n: value === null ? 3 : 20 }))

  it('has a table row for each cell, which a click narrows to', () => {
    const view = of(cells)
    expect(view.table.rows).toEqual([
      ['waste', 'a', '50 %', 20],
      ['waste', 'b', 'charts.heatTable.tooFew', 3],
      ['light', 'a', '75 %', 20],
      ['light', 'b', '100 %', 20],
    ])
    expect(seriesOf(view.option)[0]!.data).toEqual([
      [0, 0],
      [1, 0],
      [0, 1],
      [1, 1],
    ])
    view.select?.(2)
    view.select?.(4)
    expect(narrow.mock.calls).toEqual([[1, 0]])
  })

  it('tells loading and empty apart', () => {
    expect(of(null)).toMatchObject({ loading: true })
    expect(of([{ value: null, n: 0 }])).toMatchObject({ empty: true })
  })
})

describe('quadrantView', () => {
  const topic = (
    key: string,
    importance: number,
    satisfaction: number,
    emphasis: 'much-more' | 'keep',
  ) => ({
    ...{ key, name: key.toUpperCase(), importance, satisfaction, emphasis },
    rating: importance * (1 - satisfaction),
  })
  const of = (topics: ReturnType<typeof topic>[] | null) =>
    quadrantView({ fileName: 'q', title: 'Q', topics, narrow: vi.fn() }, look)

  it('names the topic to work on first, on top of the table', () => {
    const view = of([topic('parks', 0.1, 0.9, 'keep'), topic('roads', 0.6, 0.2, 'much-more')])
    expect(view.table.rows.map(([name, , , rating]) => [name, rating])).toEqual([
      ['ROADS', 0.48],
      ['PARKS', 0.01],
    ])
    expect(view.note).toBe('charts.quadrant.first ROADS')
    expect(clickable(view.option)).toEqual([2, 2, 2])
    expect(named(view.option, 'charts.quadrant.emphasis.keep')[0]!.data).toEqual([
      ['-', '-'],
      [0.1, 0.9],
    ])
  })

  it('writes the names of close topics on different sides, and none over an edge', () => {
    const view = of([
      topic('roads and pavements', 0.48, 0.5, 'much-more'),
      topic('public facilities', 0.47, 0.7, 'much-more'),
      topic('parks', 0.01, 0.4, 'much-more'),
    ])
    const marks = named(view.option, 'charts.quadrant.emphasis.much-more')[0]!.data
    const sides = marks.map((mark) => (mark as { label: { position: string } }).label.position)
    expect(sides).toEqual(['left', 'left', 'right'])
    const apart = of([
      topic('roads', 0.3, 0.2, 'much-more'),
      topic('noise', 0.3, 0.23, 'much-more'),
    ])
    const [first, second] = named(apart.option, 'charts.quadrant.emphasis.much-more')[0]!.data
    expect([first, second]).toMatchObject([
      { label: { position: 'bottom' } },
      { label: { position: 'top' } },
    ])
  })

  it('says when nothing asks for more, and tells loading and empty apart', () => {
    expect(of([topic('parks', 0.1, 0.9, 'keep')]).note).toBe('charts.quadrant.noneFirst')
    expect(of(null)).toMatchObject({ loading: true })
    expect(of([])).toMatchObject({ empty: true })
  })
})
