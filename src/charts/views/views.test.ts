import { describe, expect, it, vi } from 'vitest'
import type { ClosingGroup } from '@/domain/answers/closing.ts'
import { lightChartTheme as theme } from '../chart-theme.ts'
import type { ChartLook } from '../chart-view.ts'
import { areaRankingView } from './area-ranking.ts'
import { departmentsInTimeView } from './departments-in-time.ts'
import { monthFlowView } from './month-flow.ts'
import { rateMonthsView } from './rate-months.ts'
import { shareClosedView } from './share-closed.ts'
import { stagesInTimeView } from './stages-in-time.ts'
import { timeToCloseView } from './time-to-close.ts'
import { weekHoursView } from './week-hours.ts'

const look: ChartLook = {
  theme,
  text: {
    t: (key, words) => [key, ...Object.values(words ?? {})].join(' '),
    counted: (key, numbers, words) => [key, ...Object.values({ ...numbers, ...words })].join(' '),
    number: (value, digits = 0) => value.toFixed(digits),
    percent: (value) => `${value * 100} %`,
    month: (month) => month,
  },
}
const unknown = { time: null, low: null, high: null }
const group = (key: string, over: Partial<ClosingGroup> = {}) => ({
  key,
  name: key.toUpperCase(),
  selected: false,
  n: 10,
  closed: 6,
  open: 4,
  median: { time: 36, low: 12, high: 48 },
  p90: unknown,
  within: { count: 1, n: 3, share: 1 / 3, low: 0.0615, high: 0.7923, tooRecent: 7 },
  ...over,
})
const many = Array.from({ length: 20 }, (_, i) => group(`c${i}`))
const drawn = (option: object) => (option as { yAxis: { data: string[] } }).yAxis.data.length

describe('monthFlowView', () => {
  const months = [
    { month: '2015-01', received: 5, closed: 2, backlog: 3, overdue: 2 },
    { month: '2015-02', received: 1, closed: 4, backlog: 0, overdue: 0 },
  ]

  it('shows the months, and narrows to the one of a row', () => {
    const narrow = vi.fn()
    const view = monthFlowView({ months, isPartial: false, narrow }, look)
    expect(view.table.rows).toEqual([
      ['2015-01', 5, 2, 3, 2],
      ['2015-02', 1, 4, 0, 0],
    ])
    expect([view.loading, view.empty, view.note]).toEqual([false, false, 'charts.flow.note'])
    view.select?.(1)
    view.select?.(2)
    expect(narrow.mock.calls).toEqual([['2015-02']])
  })

  it('tells loading, empty and partial apart', () => {
    const of = (months: [] | null) =>
      monthFlowView({ months, isPartial: true, narrow: vi.fn() }, look)
    expect(of(null)).toMatchObject({ loading: true, note: 'charts.flow.partial' })
    expect(of([])).toMatchObject({ loading: false, empty: true })
  })
})

describe('areaRankingView', () => {
  it('leaves out areas without incidents unless they are selected', () => {
    const area = (key: string, count: number, selected = false) => ({
      key,
      name: key,
      count,
      open: 0,
      overdue: 0,
      selected,
    })
    const narrow = vi.fn()
    const areas = [area('a', 3), area('b', 0), area('c', 0, true)]
    const view = areaRankingView({ areas, level: 'grids', narrow }, look)
    expect(view.table.rows.map(([name]) => name)).toEqual(['a', 'c'])
    expect(view.title).toBe('charts.ranking.title grids')
    view.select?.(1)
    expect(narrow).toHaveBeenCalledWith('c')
    expect(areaRankingView({ areas: null, level: '', narrow }, look).loading).toBe(true)
  })
})

describe('timeToCloseView', () => {
  const data = (withdrawn: number) => ({
    summary: { n: 10, open: 4, withdrawn },
    categories: [group('a'), group('b', { median: unknown })],
    narrow: vi.fn(),
  })

  it('gives days with their interval, and gaps where the data cannot tell', () => {
    const view = timeToCloseView(data(0), look)
    expect(view.table.rows).toEqual([
      ['A', 10, 4, 1.5, 0.5, 2, null],
      ['B', 10, 4, null, null, null, null],
    ])
  })

  it('says how many are open and who was left out', () => {
    expect(timeToCloseView(data(0), look).note).toBe('charts.timeToClose.note 10 4')
    expect(timeToCloseView(data(2), look).note).toBe(
      'charts.timeToClose.withdrawn 2 charts.timeToClose.note 10 4',
    )
    expect(timeToCloseView({ ...data(0), summary: null }, look)).toMatchObject({
      loading: true,
      note: '',
    })
  })

  it('draws the largest and tells how many only the table holds', () => {
    const view = timeToCloseView({ ...data(0), categories: many }, look)
    expect([drawn(view.option), view.table.rows.length, view.hidden]).toEqual([15, 20, 5])
  })
})

describe('shareClosedView', () => {
  const data = (by: 'area' | 'category') => ({
    by,
    groups: many,
    withinDays: 7,
    level: 'grids',
    narrow: vi.fn(),
  })

  it('gives shares in percent of those judged', () => {
    const view = shareClosedView(data('category'), look)
    expect(view.table.rows[0]).toEqual(['C0', 3, 1, 33.3, 6.2, 79.2, 7])
    expect([drawn(view.option), view.hidden]).toEqual([15, 5])
    expect(shareClosedView({ ...data('area'), groups: null }, look).loading).toBe(true)
  })

  it('names files and titles by what it groups', () => {
    const of = (by: 'area' | 'category') => {
      const { fileName, title } = shareClosedView(data(by), look)
      return [fileName, title]
    }
    expect(of('category')).toEqual(['share-by-category', 'charts.shareClosed.byCategory 7'])
    expect(of('area')).toEqual(['share-by-area', 'charts.shareClosed.byArea 7 grids'])
  })
})

describe('stagesInTimeView', () => {
  const stage = (
    name: 'filing' | 'closing' | 'verifying',
    [inTime, overdue, running]: number[],
  ) => ({
    stage: name,
    inTime: inTime!,
    overdue: overdue!,
    running: running!,
  })
  const rates = new Map([
    ['closing', { numerator: 911, denominator: 972 }],
    ['closing_in_time', { numerator: 737, denominator: 972 }],
    ['closing_overdue', { numerator: 235, denominator: 972 }],
  ])

  it('shows stages with clocks, and their rates in the table', () => {
    const view = stagesInTimeView(
      {
        stages: [stage('verifying', [0, 0, 0]), stage('closing', [737, 235, 50])],
        rate: (name) => rates.get(name),
      },
      look,
    )
    expect(view.table.rows).toEqual([['rates.stage.closing', 737, 235, 50, 911, 93.7, 75.8, 24.2]])
    expect([drawn(view.option), view.loading, view.empty]).toEqual([1, false, false])
  })

  it('knows no rate of what was not due, and tells loading from empty', () => {
    const of = (stages: ReturnType<typeof stage>[] | null) =>
      stagesInTimeView({ stages, rate: () => ({ numerator: 0, denominator: 0 }) }, look)
    expect(of([stage('filing', [0, 0, 2])]).table.rows[0]!.slice(-3)).toEqual([null, null, null])
    expect(of(null)).toMatchObject({ loading: true })
    expect(of([])).toMatchObject({ loading: false, empty: true })
  })
})

describe('departmentsInTimeView', () => {
  it('gives Wilson’s interval of the published figures', () => {
    const view = departmentsInTimeView(
      { departments: [{ key: 'a', name: 'A', numerator: 737, denominator: 972 }] },
      look,
    )
    expect(view.table.rows).toEqual([['A', 972, 737, 75.8, 73, 78.4]])
    expect(departmentsInTimeView({ departments: null }, look).loading).toBe(true)
  })
})

describe('weekHoursView', () => {
  const counts = new Uint32Array(168)
  counts[2 * 24 + 9] = 7
  counts[6 * 24 + 23] = 2

  it('lists each weekday with its hours and names the busiest hour', () => {
    const view = weekHoursView({ week: { counts, total: 9 } }, look)
    expect(view.table.rows.map(([name, ...hours]) => [name, hours.indexOf(7), hours[23]])).toEqual(
      ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'].map((day) => [
        `charts.weekHours.${day}`,
        day === 'wed' ? 9 : -1,
        day === 'sun' ? 2 : 0,
      ]),
    )
    expect(view.note).toBe('charts.weekHours.note 9 7 charts.weekHours.wed 09:00–09:59')
    expect(weekHoursView({ week: null }, look).loading).toBe(true)
  })
})

describe('rateMonthsView', () => {
  const of = (...fractions: [number, number][]) =>
    rateMonthsView(
      {
        rate: 'rework',
        months: fractions.map(([numerator, denominator], at) => ({
          ...{ month: `2026-0${at + 1}`, numerator, denominator },
        })),
      },
      look,
    )

  it('tells numerator, denominator, rate and interval of each month', () => {
    expect(of([81, 263], [0, 0]).table.rows).toEqual([
      ['2026-01', 81, 263, 30.8, 25.5, 36.6],
      ['2026-02', 0, 0, null, null, null],
    ])
  })

  it('draws no point where nothing was due', () => {
    const { series } = of([1, 2], [0, 0]).option as { series: { data: unknown[] }[] }
    expect(series[1]!.data).toEqual([0.5, '-'])
    expect(series[0]!.data[1]).toEqual([1, '-', '-'])
  })

  it('narrows to the month of a row, and marks its point', () => {
    const narrowed: string[] = []
    const view = rateMonthsView(
      {
        rate: 'rework',
        months: [{ month: '2026-01', numerator: 1, denominator: 2 }],
        narrow: (month) => narrowed.push(month),
      },
      look,
    )
    view.select!(0)
    view.select!(1)
    expect(narrowed).toEqual(['2026-01'])
    expect(view.markOf!(0)).toEqual({ seriesIndex: 1, dataIndex: 0 })
    expect(of([1, 2]).select).toBeUndefined()
  })

  it('tells loading and empty apart', () => {
    expect(rateMonthsView({ rate: 'rework', months: null }, look).loading).toBe(true)
    expect(of([0, 0])).toMatchObject({ loading: false, empty: true })
  })
})
