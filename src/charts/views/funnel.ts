import { tableWhenRead, type ChartLook, type ChartView } from '../chart-view.ts'
import {
  funnelMark,
  funnelOption,
  type FunnelEntry,
  type FunnelStep,
} from '../options/funnel.option.ts'
import { narrowBy } from './bars.ts'

interface FunnelData {
  fileName: string
  title: string
  measure: string
  /** Null while unknown. */
  entries: readonly FunnelEntry[] | null
  steps: readonly FunnelStep[]
  target: number
  /** Limits are widened for over-dispersion. */
  isWidened: boolean
  format: (value: number) => string
  narrow: (key: string) => void
}

/** Values against the limits of chance for their size. */
export function funnelView(data: FunnelData, { theme, text }: ChartLook): ChartView {
  const { t } = text
  const entries = data.entries ?? []
  const { measure: value, target, format } = data
  const outside = entries.filter(({ zone }) => zone !== 'inside').length
  const note = text.counted('charts.funnel.note', { count: entries.length, rest: outside })
  return {
    fileName: data.fileName,
    title: data.title,
    note: data.isWidened ? t('charts.funnel.widened', { note }) : note,
    option: funnelOption(entries, data.steps, { value, target, format }, theme, text),
    table: tableWhenRead(() => ({
      header: [t('charts.area'), t('charts.answers'), value, t('charts.funnel.place')],
      rows: entries.map(({ name, n, value: own, zone }) => [
        name,
        n,
        format(own),
        t(`charts.funnel.zone.${zone}`),
      ]),
    })),
    height: 300,
    loading: data.entries === null,
    empty: entries.length === 0,
    hidden: 0,
    markOf: (row) => funnelMark(entries, row),
    select: narrowBy(entries, data.narrow),
  }
}
