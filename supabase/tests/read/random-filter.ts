import { emptyFilter } from '../../../src/domain/filter/filter.ts'
import type { IncidentFilter } from '../../../src/domain/filter/filter.ts'
import { quantiseBox } from '../../../src/domain/answers/columns.ts'
import { dueChoices } from '../../../src/domain/filter/due.ts'
import { stages } from '../../../src/domain/vocabulary.ts'
import type { SqlValue } from '../../server/base/database-types.ts'
import { cityBox, cityTimeZone } from './world.ts'

/** A filter of random parts; `pick` gives numbers in [0, 1). */
export function randomFilter(
  pick: () => number,
  areaCodes: string[],
  categoryCodes: string[],
): IncidentFilter {
  const some = <T>(from: readonly T[], most: number): T[] =>
    Array.from(
      { length: 1 + Math.floor(pick() * most) },
      () => from[Math.floor(pick() * from.length)]!,
    )
  const filter = emptyFilter()
  if (pick() < 0.6) {
    const start = Date.UTC(2008, 6, 1) + Math.floor(pick() * 2700) * 86_400_000
    const day = (at: number) => new Date(at).toISOString().slice(0, 10)
    filter.period = { from: day(start), to: day(start + Math.floor(pick() * 900) * 86_400_000) }
  }
  if (pick() < 0.4) filter.areas = some(areaCodes, 6)
  if (pick() < 0.4) filter.categories = some(categoryCodes, 3)
  if (pick() < 0.3) filter.stages = some(stages, 3)
  if (pick() < 0.2) filter.openOnly = true
  if (pick() < 0.1) filter.onHoldOnly = true
  if (pick() < 0.2) filter.due = [...new Set(some(dueChoices, 2))]
  if (pick() < 0.3) {
    const west = cityBox[0] + pick() * 0.1
    const south = cityBox[1] + pick() * 0.1
    filter.bbox = [west, south, west + pick() * 0.08, south + pick() * 0.08]
  }
  if (filter.due.length === 0 && pick() < 0.3) filter.openLonger = Math.floor(pick() ** 3 * 40_000)
  return filter
}

/**
 * The filter said again in SQL of its own: by walking the tree of parents instead of paths, and by
 * the local day of each report instead of months and instants.
 */
export function countStatement(filter: IncidentFilter): [sql: string, params: SqlValue[]] {
  const params: SqlValue[] = []
  const give = (value: SqlValue) => `$${params.push(value)}`
  const below = (table: string, column: string, codes: string[]) => `i.${column} in (
    with recursive t as (
      select code from public.${table} where code = any (${give(`{${codes.join(',')}}`)}::text::text[])
      union select c.code from public.${table} c join t on c.parent_code = t.code
    ) select code from t)`
  const parts = ['true']
  if (filter.period) {
    const day = `(i.reported_at at time zone '${cityTimeZone}')::date`
    parts.push(
      `${day} between ${give(filter.period.from)}::text::date and ${give(filter.period.to)}::text::date`,
    )
  }
  if (filter.areas.length) parts.push(below('areas', 'area_code', filter.areas))
  if (filter.categories.length) parts.push(below('categories', 'category_code', filter.categories))
  if (filter.stages.length) {
    parts.push(`i.stage = any (${give(`{${filter.stages.join(',')}}`)}::text::text[])`)
  }
  if (filter.openOnly) parts.push(`i.stage not in ('closed', 'rejected', 'merged')`)
  if (filter.onHoldOnly) parts.push('i.on_hold')
  if (filter.due.length) {
    const limits = {
      overdue: 'now() >= w.due_at',
      within_day: `w.due_at > now() and w.due_at < now() + interval '1 day'`,
      none: 'w.due_at is null',
    }
    parts.push(`i.stage not in ('closed', 'rejected', 'merged') and not i.on_hold`)
    parts.push(`(${filter.due.map((one) => limits[one]).join(' or ')})`)
  }
  if (filter.bbox) {
    const [minX, minY, maxX, maxY] = quantiseBox(filter.bbox, cityBox)
    parts.push(`i.qx between ${minX} and ${maxX} and i.qy between ${minY} and ${maxY}`)
  }
  if (filter.openLonger !== null) {
    const least = `${filter.openLonger + 1} * interval '1 hour'`
    const wallMinute = (at: string) => `date_trunc('minute', ${at} at time zone '${cityTimeZone}')`
    parts.push(`case i.stage when 'closed' then i.closed_at >= i.reported_at + ${least}
      when 'rejected' then false when 'merged' then false
      else ${wallMinute('private.data_as_of()')} >= ${wallMinute('i.reported_at')} + ${least} end`)
  }
  for (const [x, y] of filter.exceptPoints) parts.push(`not (i.qx = ${x} and i.qy = ${y})`)
  return [
    `select count(*)::integer as n from public.incidents i
     left join public.incident_work w on w.incident_id = i.id where ${parts.join(' and ')}`,
    params,
  ]
}
