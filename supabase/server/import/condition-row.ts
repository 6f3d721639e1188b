import type { Database } from '../base/database-types.ts'
import { CellReader, CodeIndex } from './cells.ts'
import type { Table, TableRow } from './csv-file.ts'
import { readLimit } from './limit.ts'
import type { Limit } from './limit.ts'
import type { ReportItem } from './report.ts'
import { limitedClocks } from './standard.ts'
import type { Condition, Milestone, StandardKey, StoredCondition } from './standard.ts'

/** The city as a standard names it. */
export interface StandardContext {
  categories: CodeIndex
  /** Those above others: no incidents are of them. */
  branches: ReadonlySet<string>
  departments: CodeIndex
  defaultDepartments: ReadonlyMap<string, string | null>
}

export async function standardContext(db: Database): Promise<StandardContext> {
  const categories = await db.query<{
    code: string
    nameZh: string
    nameEn: string
    department: string | null
    isBranch: boolean
  }>(
    `select c.code, c.name_zh as "nameZh", c.name_en as "nameEn", c.default_department as department,
       exists (select from public.categories d where d.parent_code = c.code) as "isBranch"
     from public.categories c`,
  )
  const departments = await db.query<{ code: string; nameZh: string; nameEn: string }>(
    'select code, name_zh as "nameZh", name_en as "nameEn" from public.departments',
  )
  return {
    // a leaf and a branch may share a name: the leaf is meant
    categories: new CodeIndex(
      categories.map((one) =>
        one.isBranch ? { ...one, nameZh: one.code, nameEn: one.code } : one,
      ),
    ),
    branches: new Set(categories.filter((one) => one.isBranch).map(({ code }) => code)),
    departments: new CodeIndex(departments),
    defaultDepartments: new Map(categories.map(({ code, department }) => [code, department])),
  }
}

const maxMilestones = 20

/** One a line: `code | Chinese name | English name | limit`. */
function milestonesOf(cells: CellReader<StandardKey>, text: string): Milestone[] {
  const lines = text.split(/[\r\n]+/).filter((line) => line.trim() !== '')
  if (lines.length > maxMilestones) {
    cells.blame('milestones', 'bad_milestone', `more than ${maxMilestones}`)
    return []
  }
  const found: Milestone[] = []
  for (const line of lines) {
    const parts = line
      .replaceAll('｜', '|')
      .split('|')
      .map((part) => part.trim())
    const [code = '', nameZh = '', nameEn = '', limitText = ''] = parts
    const limit = readLimit(limitText)
    const isNamed = (nameZh || nameEn) !== '' && Math.max(nameZh.length, nameEn.length) <= 200
    if (!/^[a-z0-9_]{1,40}$/.test(code) || !isNamed || parts.length !== 4)
      cells.blame('milestones', 'bad_milestone', line.trim().slice(0, 100))
    else if ('reason' in limit)
      cells.blame('milestones', limit.reason, `${code}: "${limitText.slice(0, 60)}"`)
    else if (found.some((other) => other.code === code))
      cells.blame('milestones', 'duplicate_milestone', code)
    else found.push({ code, nameZh: nameZh || nameEn, nameEn: nameEn || nameZh, ...limit })
  }
  return found
}

function limitsOf(
  cells: CellReader<StandardKey>,
  before: Condition['limits'],
): Condition['limits'] {
  const limits: Partial<Record<string, Limit>> = {}
  for (const clock of limitedClocks) {
    const text = cells.cell(clock)
    const limit = text === undefined ? before[clock] : text === '' ? undefined : readLimit(text)
    if (limit && 'reason' in limit) cells.blame(clock, limit.reason, `"${text?.slice(0, 60)}"`)
    else if (limit) limits[clock] = limit
  }
  return limits
}

/**
 * Reads one condition. A column that the file lacks leaves what is stored; an empty cell clears it.
 * @param stored the condition of this code
 */
export function conditionOf(
  row: TableRow<StandardKey>,
  table: Table<StandardKey>,
  context: StandardContext,
  stored: StoredCondition | undefined,
): { condition: Condition; faults: ReportItem[] } {
  const cells = new CellReader(row, table, row.cells.code)
  const code = cells.ownCode('code')
  if (cells.cell('category') === '') cells.blame('category', 'unknown_category')
  const category = cells.code('category', context.categories, 'unknown_category') ?? ''
  if (context.branches.has(category)) cells.blame('category', 'category_not_leaf', category)
  if (stored && category && stored.category !== category && stored.openIncidents.length > 0)
    cells.blame('category', 'category_in_use', stored.openIncidents.join(', '))
  const [nameZh, nameEn] = cells.names('nameZh', 'nameEn', 500, 'no_name', [
    stored?.nameZh ?? '',
    stored?.nameEn ?? '',
  ])
  const milestonesText = cells.cell('milestones')
  const milestones =
    milestonesText === undefined ? (stored?.milestones ?? []) : milestonesOf(cells, milestonesText)
  const lost = (stored?.runningMilestones ?? []).filter(
    (running) => !milestones.some((milestone) => milestone.code === running),
  )
  if (lost.length > 0) {
    const incidents = stored?.openIncidents.join(', ') ?? ''
    cells.blame('milestones', 'milestone_in_use', `${lost.join(', ')}: ${incidents}`)
  }
  const department =
    cells.cell('department') === undefined && stored
      ? stored.department
      : (cells.code('department', context.departments, 'unknown_department') ??
        context.defaultDepartments.get(category) ??
        null)
  const condition: Condition = {
    ...{ code, category, nameZh, nameEn },
    closingZh: cells.text('closingZh', 2000, stored?.closingZh ?? ''),
    closingEn: cells.text('closingEn', 2000, stored?.closingEn ?? ''),
    department,
    afterPhotos: cells.flag('afterPhotos', stored?.afterPhotos ?? false),
    selfHandling: cells.flag('selfHandling', stored?.selfHandling ?? false),
    sort: cells.whole('sort', stored?.sort ?? 0),
    limits: limitsOf(cells, stored?.limits ?? {}),
    milestones,
  }
  return { condition, faults: cells.faults }
}
