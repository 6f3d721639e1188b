import { tableWhenRead, type ChartLook, type ChartView } from '../chart-view.ts'
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
  const cells = (data.cells ?? []).map(({ value, n }, at) => ({
    ...{ row: Math.floor(at / areas.length), column: at % areas.length, value, n },
    label: value === null ? '–' : format(value),
  }))
  const namesOf = ({ row, column }: { row: number; column: number }): [string, string] => [
    categories[row]!,
    areas[column]!,
  ]
  const shownIn = ({ value, label }: { value: number | null; label: string }): string =>
    value === null ? t('charts.heatTable.tooFew') : label
  const wordsOf = (at: number): string[] => {
    const cell = cells[at]
    if (!cell) return []
    return [
      namesOf(cell).join(' · '),
      `${measure}: ${shownIn(cell)}`,
      text.counted('charts.answerCount', { count: cell.n }),
    ]
  }
  return {
    fileName: data.fileName,
    title: data.title,
    note: t('charts.heatTable.note'),
    option: heatTableOption(areas, categories, cells, wordsOf, theme),
    table: tableWhenRead(() => ({
      header: [t('charts.category'), t('charts.area'), measure, t('charts.answers')],
      rows: cells.map((cell) => [...namesOf(cell), shownIn(cell), cell.n]),
    })),
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
