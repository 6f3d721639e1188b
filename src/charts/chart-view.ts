import type { EChartsCoreOption } from 'echarts/core'
import type { ChartTheme } from './chart-theme.ts'
import type { ChartText } from './options/shared.option.ts'

export interface ChartTable {
  header: string[]
  rows: (string | number | null)[][]
}

/** A table that is made when it is first read: most are never opened. */
export function tableWhenRead(make: () => ChartTable): ChartTable {
  let made: ChartTable | null = null
  const table = (): ChartTable => (made ??= make())
  return {
    get header() {
      return table().header
    },
    get rows() {
      return table().rows
    },
  }
}

/** A chart made by a pure function of data, theme and text. */
export interface ChartView {
  /** Unique on a page. */
  fileName: string
  title: string
  /** Sample size and exclusions. */
  note: string
  option: EChartsCoreOption
  /** All figures; the first column names the entries. */
  table: ChartTable
  /** Pixels. */
  height: number
  loading: boolean
  /** Nothing to draw. */
  empty: boolean
  /** Entries shown only in the table. */
  hidden: number
  /** Full width. */
  wide?: boolean
  /** Where a table row is drawn; null: nowhere. Missing: row by row in the first series. */
  markOf?: (row: number) => { seriesIndex: number; dataIndex: number } | null
  /** Narrows the filter to the entry of a table row. */
  select?: (row: number) => void
  /** The same for a place between the axes, by its value on the horizontal one. */
  selectAt?: (x: number) => void
}

export interface ChartLook {
  theme: ChartTheme
  text: ChartText
}
