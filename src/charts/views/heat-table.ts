import type { ChartLook, ChartView } from '../chart-view.ts'
import { heatTableOption } from '../options/heat-table.option.ts'

interface HeatTableData {
  fileName: string
  title: string
  measure: string
  categories: readonly string[]
  areas: readonly string[]
  /** By category × areas + area; null while unknown. A value is null where too few are to tell. */
  cells: readonly { value: number | null; n: number }[] | null
  format: (value: number) => string
  narrow: (category: number, area: number) => void
}

/** One measure by category and area. Each row of the table is a cell, so a click narrows to both. */
export function heatTableView(data: HeatTableData, { theme, text }: ChartLook): ChartView {
  const { t } = text
  const { categories, areas, format, measure } = data
  const cells = (data.cells ?? []).map(({ value, n }, at) => {
    const [row, column] = [Math.floor(at / areas.length), at % areas.length]
    const label = value === null ? '–' : format(value)
    const shown = value === null ? t('charts.heatTable.tooFew') : label
    const names = [categories[row]!, areas[column]!]
    const words = [
      names.join(' · '),
      `${measure}: ${shown}`,
      text.counted('charts.answerCount', { count: n }),
    ]
    return { row, column, value, label, n, names, shown, words }
  })
  return {
    fileName: data.fileName,
    title: data.title,
    note: t('charts.heatTable.note'),
    option: heatTableOption(areas, categories, cells, theme),
    table: {
      header: [t('charts.category'), t('charts.area'), measure, t('charts.answers')],
      rows: cells.map(({ names, shown, n }) => [...names, shown, n]),
    },
    height: Math.max(140, 48 + categories.length * 30),
    loading: data.cells === null,
    empty: cells.every(({ n }) => n === 0),
    hidden: 0,
    wide: true,
    select: (at) => {
      const cell = cells[at]
      if (cell) data.narrow(cell.row, cell.column)
    },
  }
}
