import { describe, expect, it } from 'vitest'
import { lightChartTheme as theme } from '../chart-theme.ts'
import { intervalOption, type IntervalEntry } from './interval.option.ts'
import { monthFlowOption } from './month-flow.option.ts'
import { rankingOption } from './ranking.option.ts'
import type { ChartText } from './shared.option.ts'

const text: ChartText = {
  t: (key) => key,
  counted: (key) => key,
  number: (value) => String(value),
  percent: (value) => `${value}`,
  month: (month) => month,
}

interface Series {
  name?: string
  data: unknown[]
  yAxisIndex?: number
}
const seriesOf = (option: Record<string, unknown>): Series[] => option.series as Series[]

describe('monthFlowOption', () => {
  it('puts the stock on its own axis and keeps the months in order', () => {
    const flow = (overdue: number) =>
      monthFlowOption(
        [
          { month: '2015-01', received: 5, closed: 2, backlog: 3, overdue },
          { month: '2015-02', received: 1, closed: 4, backlog: 0, overdue: 0 },
        ],
        theme,
        text,
      )
    const option = flow(0)
    // Two panels with the same months: flows above, the stock below.
    for (const axis of option.xAxis as { data: string[] }[])
      expect(axis.data).toEqual(['2015-01', '2015-02'])
    expect(seriesOf(option).map((s) => s.data)).toEqual([
      [5, 1],
      [2, 4],
      [3, 0],
    ])
    expect(seriesOf(option)[2]?.yAxisIndex).toBe(1)
    expect(seriesOf(flow(2)).map((s) => [s.name, s.data])).toContainEqual([
      'charts.overdueNow',
      [2, 0],
    ])
  })
})

describe('rankingOption', () => {
  it('stacks the open part on the rest and fades what is not chosen', () => {
    const option = rankingOption(
      [
        { key: 'a', name: 'A', count: 10, open: 4, overdue: 0, selected: true },
        { key: 'b', name: '<b>', count: 3, open: 0, overdue: 0, selected: false },
      ],
      theme,
      text,
    )
    expect(seriesOf(option)[0]?.data).toEqual([
      { value: 6, itemStyle: { opacity: 1 } },
      { value: 3, itemStyle: { opacity: 0.35 } },
    ])
    expect(seriesOf(option)).toHaveLength(2)
    expect((option.tooltip as { renderMode: string }).renderMode).toBe('richText')
  })
})

it('takes the overdue ones out of the open part of a ranking', () => {
  const area = { key: 'a', name: 'A', count: 10, open: 4, overdue: 3, selected: false }
  const values = seriesOf(rankingOption([area], theme, text)).map(({ data }) => data)
  const bar = (value: number) => [{ value, itemStyle: { opacity: 1 } }]
  expect(values).toEqual([bar(6), bar(1), bar(3)])
})

describe('intervalOption', () => {
  const entry = (over: Partial<IntervalEntry>): IntervalEntry => ({
    key: 'k',
    name: 'K',
    value: 2,
    low: 1,
    high: 4,
    n: 30,
    selected: false,
    ...over,
  })
  const labels = {
    value: 'median',
    second: 'p90',
    format: (v: number) => `${v} d`,
    missing: 'open',
  }

  it('leaves a gap where the data cannot tell, and says so in the tooltip', () => {
    const option = intervalOption(
      [entry({}), entry({ value: null, low: null, high: null, second: null })],
      labels,
      theme,
      text,
    )
    const tooltip = option.tooltip as { formatter: (p: { dataIndex: number }[]) => string }
    expect(tooltip.formatter([{ dataIndex: 0 }])).toContain('median: 2 d (95 % 1 d – 4 d)')
    expect(tooltip.formatter([{ dataIndex: 1 }])).toContain('median: open')
    const [whiskers, medians] = seriesOf(option)
    expect(whiskers?.data[1]).toEqual(['-', '-', 1])
    expect((medians?.data[1] as { value: unknown[] }).value).toEqual(['-', 1])
  })
})
