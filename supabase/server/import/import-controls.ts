import { isDeepStrictEqual } from 'node:util'
import type { Database } from '../base/database-types.ts'
import { CellReader, CodeIndex, repeatedCodes } from './cells.ts'
import {
  controlColumns,
  readControls,
  readMinute,
  readWeekdays,
  storeControls,
} from './controls.ts'
import type { Control, ControlKey } from './controls.ts'
import { readTable } from './csv-file.ts'
import type { Table, TableRow } from './csv-file.ts'
import type { TableImportOptions } from './import-standard.ts'
import { tableReport } from './report.ts'
import type { ImportReport, ReportItem } from './report.ts'

interface ControlContext {
  areas: CodeIndex
  categories: CodeIndex
}

async function contextOf(db: Database): Promise<ControlContext> {
  const areas = await db.query<{ code: string; nameZh: string; nameEn: string }>(
    `select a.code, a.name as "nameZh", a.name as "nameEn" from public.areas a
     where a.valid_to is null or a.valid_to > private.city_today()`,
  )
  const categories = await db.query<{ code: string; nameZh: string; nameEn: string }>(
    'select c.code, c.name_zh as "nameZh", c.name_en as "nameEn" from public.categories c',
  )
  return { areas: new CodeIndex(areas), categories: new CodeIndex(categories) }
}

function controlOf(
  row: TableRow<ControlKey>,
  table: Table<ControlKey>,
  { areas, categories }: ControlContext,
): { control: Control; faults: ReportItem[] } {
  const cells = new CellReader(row, table, row.cells.code)
  const code = cells.ownCode('code')
  const area = cells.code('area', areas, 'unknown_area')
  const category = cells.code('category', categories, 'unknown_category')
  const weekdays = readWeekdays(cells.cell('weekdays') ?? '')
  if (weekdays === null)
    cells.blame('weekdays', 'bad_weekdays', cells.cell('weekdays')?.slice(0, 60))
  const minute = (key: 'from' | 'to', empty: string): number => {
    const text = cells.cell(key) || empty
    const found = readMinute(text)
    if (found === null) cells.blame(key, 'bad_time', text.slice(0, 60))
    return found ?? Number.NaN
  }
  const from = minute('from', '00:00')
  const to = minute('to', '24:00')
  if (to <= from) cells.blame('to', 'ends_before_start')
  const [tipZh, tipEn] = cells.names('tipZh', 'tipEn', 500, 'no_tip', ['', ''])
  const control = { code, area, category, weekdays: weekdays ?? [], from, to, tipZh, tipEn }
  return { control, faults: cells.faults }
}

/**
 * Imports controls 管控, whole or not at all, and updates them by their code.
 * @throws ImportFileError when the file is unusable; nothing is stored.
 */
export async function importControls(
  db: Database,
  options: TableImportOptions,
): Promise<ImportReport> {
  const startedAt = new Date().toISOString()
  const table = await readTable(options.file, options.encoding ?? 'utf-8', controlColumns)
  return db.transaction(async (tx) => {
    await tx.query('lock table public.filing_controls in share row exclusive mode')
    const stored = new Map((await readControls(tx)).map((one) => [one.code, one]))
    const context = await contextOf(tx)
    const read = table.rows.map((row) => controlOf(row, table, context))
    const faults = [
      ...table.faults,
      ...repeatedCodes(table, 'code'),
      ...read.flatMap((item) => item.faults),
    ]
    const controls = read.map(({ control }) => control)
    const fresh = controls.filter(({ code }) => !stored.has(code))
    const changed = controls.filter((control) => {
      const before = stored.get(control.code)
      return before && !isDeepStrictEqual(before, { ...control, isActive: true })
    })
    const named = new Set(controls.map(({ code }) => code))
    const missing = [...stored.values()].filter((one) => one.isActive && !named.has(one.code))
    const list = missing.map(({ code }) => code).join(', ')
    const warnings: string[] = []
    if (faults.length === 0 && missing.length > 0) {
      warnings.push(
        options.retireMissing
          ? `${missing.length} controls that the file lacks are retired · 文件中没有的管控已停用: ${list}`
          : `${missing.length} controls that the file lacks stay in use (--retire-missing retires them) · 文件中没有的管控仍然有效: ${list}`,
      )
    }
    if (faults.length === 0 && !options.checkOnly) {
      await storeControls(tx, [...fresh, ...changed])
      if (options.retireMissing) {
        await tx.query(
          `update public.filing_controls f set is_active = false
           where f.code in (select jsonb_array_elements_text($1::text::jsonb))`,
          [JSON.stringify(missing.map(({ code }) => code))],
        )
      }
    }
    return tableReport('controls', startedAt, table, options, faults, warnings, {
      stored: fresh.length,
      updated: changed.length,
    })
  })
}
