import type { CustomSeriesRenderItem } from 'echarts'
import type { EChartsCoreOption } from 'echarts/core'
import type { Share } from '@/domain/answers/rates.ts'
import type { ChartTheme } from '../chart-theme.ts'
import { axisText, plainTooltip, valueAxis, type ChartText } from './shared.option.ts'

/** A share with its 95 % interval for each month. A month in which nothing was due has no point. */
export function rateMonthsOption(
  months: readonly ({ month: string } & Share)[],
  name: string,
  theme: ChartTheme,
  text: ChartText,
): EChartsCoreOption {
  const lines = ({ month, count, n, share, low, high }: (typeof months)[number]): string =>
    share === null || low === null || high === null
      ? `${text.month(month)}\n${text.t('rates.noneDue')}`
      : [
          text.month(month),
          `${name}: ${text.percent(share)}`,
          text.t('rates.interval', { low: text.percent(low), high: text.percent(high) }),
          text.counted('rates.of', { done: count, count: n }),
        ].join('\n')
  return {
    animation: false,
    grid: { left: 8, right: 12, top: 12, bottom: 4, containLabel: true },
    tooltip: {
      ...plainTooltip(theme),
      trigger: 'axis',
      formatter: (params: { dataIndex: number }[]) => {
        const one = months[params[0]?.dataIndex ?? -1]
        return one ? lines(one) : ''
      },
    },
    xAxis: {
      type: 'category',
      data: months.map(({ month }) => text.month(month)),
      axisLabel: { ...axisText(theme), hideOverlap: true },
      axisLine: { lineStyle: { color: theme.axisLine } },
      axisTick: { show: false },
    },
    yAxis: {
      ...valueAxis(theme),
      min: 0,
      max: 1,
      axisLabel: { ...axisText(theme), formatter: (value: number) => text.percent(value) },
    },
    series: [
      {
        type: 'custom',
        silent: true,
        renderItem: whisker(theme),
        encode: { x: 0, y: [1, 2] },
        data: months.map(({ low, high }, at) => [at, low ?? '-', high ?? '-']),
        z: 2,
      },
      {
        type: 'line',
        name,
        data: months.map(({ share }) => share ?? '-'),
        lineStyle: { color: theme.accent, width: 2 },
        itemStyle: { color: theme.accent },
        symbol: 'circle',
        symbolSize: 7,
        // A single month is a point.
        showAllSymbol: true,
        z: 3,
      },
    ],
  }
}

/** Upright line with short caps. */
const whisker =
  (theme: ChartTheme): CustomSeriesRenderItem =>
  (_params, api) => {
    const [low, high] = [Number(api.value(1)), Number(api.value(2))]
    if (!Number.isFinite(low) || !Number.isFinite(high)) return null
    const [x = 0, y1 = 0] = api.coord([api.value(0), low])
    const [, y2 = 0] = api.coord([api.value(0), high])
    const line = (x1: number, y1: number, x2: number, y2: number) => ({
      type: 'line' as const,
      shape: { x1, y1, x2, y2 },
      style: { stroke: theme.axisLine, lineWidth: 2, fill: undefined },
    })
    return {
      type: 'group',
      children: [line(x, y1, x, y2), line(x - 4, y1, x + 4, y1), line(x - 4, y2, x + 4, y2)],
    }
  }
