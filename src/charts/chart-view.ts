import type { EChartsCoreOption } from 'echarts/core'
import type { ChartTheme } from './chart-theme.ts'
import type { ChartText } from './options/shared.option.ts'

export interface ChartTable {
  header: string[]
  rows: (string | number | null)[][]
}

/** One chart ready to be shown. A pure function makes it from data, theme and text. */
export interface ChartView {
  /** Names the card and its files; unique on a page. */
  fileName: string
  title: string
  /** Sample size, and who was left out and why. */
  note: string
  option: EChartsCoreOption
  /** The same figures in full; its first column names the entries. */
  table: ChartTable
  /** Pixels. */
  height: number
  /** There is no answer yet. */
  loading: boolean
  /** The answer holds nothing to draw. */
  empty: boolean
  /** Entries that only the table shows. */
  hidden: number
  /** Takes the grid's whole width. */
  wide?: boolean
  /** Narrows to an entry, given by its row in the table. */
  select?: (row: number) => void
}

/** How every chart looks and speaks. */
export interface ChartLook {
  theme: ChartTheme
  text: ChartText
}
