import type { EChartsCoreOption } from 'echarts/core'
import type { ChartTheme } from '../chart-theme.ts'
import { axisText, plainTooltip, valueAxis, type ChartText } from './shared.option.ts'

export interface Topic {
  key: string
  name: string
  /** Shares from 0 to 1. */
  importance: number
  satisfaction: number
  /** importance × (1 − satisfaction). */
  rating: number
  emphasis: 'much-more' | 'more' | 'keep'
}

const kinds = [
  { emphasis: 'much-more', symbol: 'triangle', color: 'overdue' },
  { emphasis: 'more', symbol: 'diamond', color: 'backlog' },
  { emphasis: 'keep', symbol: 'circle', color: 'closed' },
] as const

/** Importance against satisfaction; lines at the means part the plane. Below right is to work on first. */
export function quadrantOption(
  topics: readonly Topic[],
  theme: ChartTheme,
  text: ChartText,
): EChartsCoreOption {
  const { t, percent } = text
  const mean = (value: (topic: Topic) => number): number =>
    topics.reduce((sum, topic) => sum + value(topic), 0) / Math.max(1, topics.length)
  const most = Math.max(0, ...topics.map(({ importance }) => importance))
  const end = Math.min(1, Math.ceil((most + 0.01) * 10) / 10)
  const [x, y] = [mean((topic) => topic.importance), mean((topic) => topic.satisfaction)]
  const line = (data: number[][]) => ({
    type: 'line',
    silent: true,
    symbol: 'none',
    tooltip: { show: false },
    lineStyle: { color: theme.axisLine, width: 1.5, type: 'dashed' },
    data,
    z: 1,
  })
  const axis = (name: string, max: number, nameGap: number) => ({
    ...valueAxis(theme),
    min: 0,
    max,
    name,
    nameLocation: 'middle',
    nameGap,
    nameTextStyle: axisText(theme),
    axisLabel: { ...axisText(theme), hideOverlap: true, formatter: percent },
  })
  return {
    animation: false,
    grid: { left: 24, right: 16, top: 32, bottom: 22, containLabel: true },
    legend: {
      ...{ top: 0, left: 0, textStyle: axisText(theme), itemWidth: 12, itemHeight: 10 },
      data: kinds.map(({ emphasis }) => t(`charts.quadrant.emphasis.${emphasis}`)),
    },
    tooltip: {
      ...plainTooltip(theme),
      trigger: 'item',
      formatter: ({ dataIndex }: { dataIndex: number }) => {
        const topic = topics[dataIndex]
        if (!topic) return ''
        return [
          topic.name,
          `${t('charts.quadrant.importance')}: ${percent(topic.importance)}`,
          `${t('charts.quadrant.satisfaction')}: ${percent(topic.satisfaction)}`,
          `${t('charts.quadrant.rating')}: ${text.number(topic.rating, 2)}`,
        ].join('\n')
      },
    },
    xAxis: axis(t('charts.quadrant.importance'), end, 24),
    yAxis: axis(t('charts.quadrant.satisfaction'), 1, 44),
    series: [
      line([
        [x, 0],
        [x, 1],
      ]),
      line([
        [0, y],
        [end, y],
      ]),
      ...kinds.map(({ emphasis, symbol, color }) => ({
        type: 'scatter',
        name: t(`charts.quadrant.emphasis.${emphasis}`),
        symbol,
        symbolSize: 12,
        itemStyle: { color: theme[color] },
        label: {
          // Names of the rest would cover each other; tooltip and table have them.
          show: emphasis !== 'keep',
          position: 'top',
          ...axisText(theme),
          color: theme.text,
          // Lines pass behind.
          textBorderColor: theme.surface,
          textBorderWidth: 3,
          width: 120,
          overflow: 'truncate',
          formatter: ({ dataIndex }: { dataIndex: number }) => topics[dataIndex]?.name ?? '',
        },
        data: topics.map((topic) =>
          topic.emphasis === emphasis ? [topic.importance, topic.satisfaction] : ['-', '-'],
        ),
        z: 3,
      })),
    ],
  }
}
