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

/** Pixels of the plot on a phone: what has room there has room everywhere. */
const leastPlot = { width: 220, height: 190 }
const label = { width: 110, height: 15, gap: 9 }
const sides = ['top', 'bottom', 'left', 'right'] as const
type Side = (typeof sides)[number]
interface Box {
  left: number
  right: number
  top: number
  bottom: number
}
const touch = (a: Box, b: Box): boolean =>
  a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom

// names of the rest would cover each other; tooltip and table have them
const isNamed = ({ emphasis }: Topic): boolean => emphasis !== 'keep'

/**
 * The side of its mark on which each named topic has room for its name, beside all marks and the names before it. Chosen
 * for the plot of a phone, where names lay on each other.
 * @param end of the axis of importance
 */
function sidesOf(topics: readonly Topic[], end: number): Map<Topic, Side> {
  const at = ({ importance, satisfaction }: Topic) => ({
    x: (importance / end) * leastPlot.width,
    y: (1 - satisfaction) * leastPlot.height,
  })
  const box = (x: number, y: number, width: number, height: number): Box => ({
    ...{ left: x - width / 2, right: x + width / 2 },
    ...{ top: y - height / 2, bottom: y + height / 2 },
  })
  const taken = topics.map((topic) => box(at(topic).x, at(topic).y, label.gap, label.gap))
  const chosen = new Map<Topic, Side>()
  for (const topic of topics.filter(isNamed)) {
    const { x, y } = at(topic)
    // a Chinese sign is as wide as two letters
    const letters = [...topic.name].reduce((sum, sign) => sum + (sign > '\u2e7f' ? 2 : 1), 0)
    const width = Math.min(label.width, 6.5 * letters)
    const [aside, above] = [label.gap + width / 2, label.gap + label.height / 2]
    const boxes: Record<Side, Box> = {
      top: box(x, y - above, width, label.height),
      bottom: box(x, y + above, width, label.height),
      left: box(x - aside, y, width, label.height),
      right: box(x + aside, y, width, label.height),
    }
    const inside = sides.filter((side) => {
      const { left, right, top, bottom } = boxes[side]
      return left >= 0 && right <= leastPlot.width && top >= 0 && bottom <= leastPlot.height
    })
    const isFree = (side: Side): boolean => !taken.some((one) => touch(one, boxes[side]))
    const side = inside.find(isFree) ?? inside[0] ?? 'top'
    chosen.set(topic, side)
    taken.push(boxes[side])
  }
  return chosen
}

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
  const sideOf = sidesOf(topics, end)
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
          show: emphasis !== 'keep',
          ...axisText(theme),
          color: theme.text,
          // Lines pass behind.
          textBorderColor: theme.surface,
          textBorderWidth: 3,
          width: label.width,
          overflow: 'truncate',
          formatter: ({ dataIndex }: { dataIndex: number }) => topics[dataIndex]?.name ?? '',
        },
        data: topics.map((topic) => {
          if (topic.emphasis !== emphasis) return ['-', '-']
          const value = [topic.importance, topic.satisfaction]
          const position = sideOf.get(topic)
          return position === undefined ? value : { value, label: { position } }
        }),
        z: 3,
      })),
    ],
  }
}
