import { csvFromTable } from '../../../src/domain/csv.ts'
import { reasons } from './reasons.ts'
import type { ReportItem } from './report.ts'

/** In both languages: offices send these tables on. */
const header = [
  ...['line 行', 'id 编号', 'column 列', 'result 结果', 'code', 'reason', '原因', 'detail 详情'],
]
const outcomes = { rejected: 'rejected 拒绝', doubtful: 'doubtful 存疑' } as const

/** The header of a table of faults, with the mark by which spreadsheets know UTF-8. */
export const faultTableHeader = (): string => csvFromTable(header, [])

/** Lines of a table of faults, below its header. */
export function faultTableRows(
  items: readonly ReportItem[],
  outcome: keyof typeof outcomes,
): string {
  const rows = items.map((item) => [
    ...[item.at ?? '', item.id ?? '', item.field ?? '', outcomes[outcome], item.reason],
    ...[reasons[item.reason]?.en ?? '', reasons[item.reason]?.zh ?? '', item.detail ?? ''],
  ])
  const text = csvFromTable(header, rows)
  return text.slice(text.indexOf('\n') + 1)
}
