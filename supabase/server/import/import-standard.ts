import { isDeepStrictEqual } from 'node:util'
import type { Database } from '../base/database-types.ts'
import { repeatedCodes } from './cells.ts'
import { conditionOf, standardContext } from './condition-row.ts'
import { readTable } from './csv-file.ts'
import { tableReport } from './report.ts'
import type { ImportReport } from './report.ts'
import { readStandard, standardColumns, storeConditions } from './standard.ts'
import type { Condition, StoredCondition } from './standard.ts'

export interface TableImportOptions {
  file: string
  /** Default utf-8. */
  encoding?: string
  /** Stores nothing. */
  checkOnly?: boolean
  /** Retires rows that the file lacks. */
  retireMissing?: boolean
}

const withoutUse = ({
  isActive: _active,
  openIncidents: _open,
  runningMilestones: _running,
  ...condition
}: StoredCondition): Condition => condition

/** Retires conditions that the file lacks, where asked. Open incidents keep their limits and their milestones. */
async function retire(
  db: Database,
  missing: readonly StoredCondition[],
  { retireMissing, checkOnly }: TableImportOptions,
): Promise<string[]> {
  const list = missing.map(({ code }) => code).join(', ')
  if (missing.length === 0) return []
  if (!retireMissing) {
    return [
      `${missing.length} conditions that the file lacks stay in use (--retire-missing retires them) · 文件中没有的立案条件仍然有效: ${list}`,
    ]
  }
  if (!checkOnly) {
    await db.query(
      `update public.filing_conditions f set is_active = false
       where f.code in (select jsonb_array_elements_text($1::text::jsonb))`,
      [JSON.stringify(missing.map(({ code }) => code))],
    )
  }
  return [
    `${missing.length} conditions that the file lacks are retired: none is filed by them any more · 文件中没有的立案条件已停用: ${list}`,
    ...missing
      .filter(({ openIncidents }) => openIncidents.length > 0)
      .map(
        ({ code, openIncidents }) =>
          `${code} still holds open incidents, which keep its limits · 仍有未结案件按此条件办理，时限不变: ${openIncidents.join(', ')}`,
      ),
  ]
}

/**
 * Imports a city's standard 立案标准, whole or not at all, and updates conditions by their code. Clocks that
 * run keep their limits.
 * @throws ImportFileError when the file is unusable; nothing is stored.
 */
export async function importStandard(
  db: Database,
  options: TableImportOptions,
): Promise<ImportReport> {
  const startedAt = new Date().toISOString()
  const table = await readTable(options.file, options.encoding ?? 'utf-8', standardColumns)
  return db.transaction(async (tx) => {
    // two imports at a time would retire each other's conditions
    await tx.query('lock table public.filing_conditions in share row exclusive mode')
    const stored = new Map((await readStandard(tx)).map((one) => [one.code, one]))
    const context = await standardContext(tx)
    const read = table.rows.map((row) =>
      conditionOf(row, table, context, stored.get(row.cells.code ?? '')),
    )
    const faults = [
      ...table.faults,
      ...repeatedCodes(table, 'code'),
      ...read.flatMap((item) => item.faults),
    ]
    const conditions = read.map(({ condition }) => condition)
    const fresh = conditions.filter(({ code }) => !stored.has(code))
    const changed = conditions.filter((condition) => {
      const before = stored.get(condition.code)
      return before && !(before.isActive && isDeepStrictEqual(withoutUse(before), condition))
    })
    const warnings: string[] = []
    if (faults.length === 0) {
      if (!options.checkOnly) await storeConditions(tx, [...fresh, ...changed])
      const named = new Set(conditions.map(({ code }) => code))
      const missing = [...stored.values()].filter(
        ({ code, isActive }) => isActive && !named.has(code),
      )
      warnings.push(...(await retire(tx, missing, options)))
    }
    return tableReport('standard', startedAt, table, options, faults, warnings, {
      stored: fresh.length,
      updated: changed.length,
    })
  })
}
