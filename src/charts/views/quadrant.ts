import type { ChartLook, ChartView } from '../chart-view.ts'
import { quadrantOption, type Topic } from '../options/quadrant.option.ts'
import { narrowBy, rounded } from './bars.ts'

interface QuadrantData {
  fileName: string
  title: string
  /** Null while unknown; may come in any order. */
  topics: readonly Topic[] | null
  narrow: (key: string) => void
}

/** Which topic to work on first: important and not satisfying. */
export function quadrantView(data: QuadrantData, { theme, text }: ChartLook): ChartView {
  const { t } = text
  const topics = (data.topics ?? []).toSorted((a, b) => b.rating - a.rating)
  const first = topics[0]
  const percent = (share: number) => rounded(share * 100, 1)
  return {
    fileName: data.fileName,
    title: data.title,
    note:
      first && first.emphasis !== 'keep'
        ? t('charts.quadrant.first', { name: first.name })
        : t('charts.quadrant.noneFirst'),
    option: quadrantOption(topics, theme, text),
    table: {
      header: [
        t('charts.quadrant.topic'),
        t('charts.quadrant.importancePercent'),
        t('charts.quadrant.satisfactionPercent'),
        t('charts.quadrant.rating'),
        t('charts.quadrant.advice'),
      ],
      rows: topics.map(({ name, importance, satisfaction, rating, emphasis }) => [
        name,
        percent(importance),
        percent(satisfaction),
        rounded(rating, 2),
        t(`charts.quadrant.emphasis.${emphasis}`),
      ]),
    },
    height: 320,
    loading: data.topics === null,
    empty: topics.length === 0,
    hidden: 0,
    select: narrowBy(topics, data.narrow),
  }
}
