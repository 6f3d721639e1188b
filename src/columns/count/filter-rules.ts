import { dayNumber, firstDayNumber } from '../../domain/time/calendar.ts'
import type { MonthColumns } from './column-set.ts'
import { quantiseBox } from '../../domain/answers/columns.ts'
import { dueRange, type DueRange } from '../../domain/filter/due.ts'
import type { IncidentFilter } from '../../domain/filter/filter.ts'
import { incidentFlags, isOpenStage, stages, type BoundingBox } from '../../domain/vocabulary.ts'

/** One bit for each part of a filter that an incident can fail. */
export const fails = { area: 1, category: 2, stage: 4, period: 8, other: 16 } as const

export interface FilterWorld {
  areas: readonly PathNode[]
  categories: readonly PathNode[]
  cityBbox: BoundingBox
  /** The server's clock: minutes since 1970 in UTC. */
  nowMinute: number
  /** The data's last known minute; see `wallMinutes`. */
  asOfWallMinutes: number
}
export interface PathNode {
  idx: number
  code: string
  path: string
}

export interface FilterRules {
  /** Failing bits by `Area.idx`, by `Category.idx`, by stage byte. */
  area: Uint8Array
  category: Uint8Array
  stage: Uint8Array
  /** Day numbers, inclusive; infinite for all time. */
  fromDay: number
  toDay: number
  /** Quantised, inclusive; null for everywhere. */
  box: readonly [minX: number, minY: number, maxX: number, maxY: number] | null
  /** Null: with any deadline or none. */
  due: DueRange | null
  /** The filter has at most a period. */
  onlyPeriod: boolean
  /** The filter has at most a period, areas and a box. */
  onlyPlaces: boolean
  hasAreas: boolean
}

export function compileFilter(filter: IncidentFilter, world: FilterWorld): FilterRules {
  const hasAreas = filter.areas.length > 0
  const onlyPlaces =
    filter.categories.length + filter.stages.length + filter.due.length === 0 &&
    !filter.openOnly &&
    !filter.onHoldOnly
  return {
    area: pathRules(filter.areas, world.areas, 65_536, fails.area),
    category: pathRules(filter.categories, world.categories, 256, fails.category),
    stage: stageRules(filter),
    fromDay: filter.period ? dayNumber(filter.period.from) : Number.NEGATIVE_INFINITY,
    toDay: filter.period ? dayNumber(filter.period.to) : Number.POSITIVE_INFINITY,
    box: filter.bbox && quantiseBox(filter.bbox, world.cityBbox),
    due: filter.due.length > 0 ? dueRange(filter.due, world.nowMinute) : null,
    hasAreas,
    onlyPlaces,
    onlyPeriod: onlyPlaces && !hasAreas && filter.bbox === null,
  }
}

/** A chosen code passes with all codes below it; an unknown code passes nothing. */
function pathRules(
  chosen: readonly string[],
  nodes: readonly PathNode[],
  length: number,
  bit: number,
): Uint8Array {
  const rules = new Uint8Array(length)
  if (chosen.length === 0) return rules
  rules.fill(bit)
  const wanted = new Set(chosen)
  const paths = nodes.filter((node) => wanted.has(node.code)).map((node) => node.path)
  for (const node of nodes)
    if (paths.some((path) => node.path.startsWith(path))) rules[node.idx] = 0
  return rules
}

function stageRules(filter: IncidentFilter): Uint8Array {
  const rules = new Uint8Array(256)
  for (let byte = 0; byte < 256; byte++) {
    const stage = stages[byte & 15]
    const chosen = filter.stages.length === 0 || (stage && filter.stages.includes(stage))
    const open = !filter.openOnly || (stage && isOpenStage(stage))
    const held = !filter.onHoldOnly || (byte >> 4) & incidentFlags.onHold
    rules[byte] = (chosen && open ? 0 : fails.stage) | (held ? 0 : fails.other)
  }
  return rules
}

/** `from` inclusive, `to` exclusive; none when from ≥ to. */
export function minutesInPeriod(
  month: MonthColumns,
  rules: FilterRules,
): { from: number; to: number } {
  const first = firstDayNumber(month.monthNumber)
  return {
    from: Math.max(0, (rules.fromDay - first) * 1440),
    to: Math.min(65_536, (rules.toDay - first + 1) * 1440),
  }
}

export function periodCover(month: MonthColumns, rules: FilterRules): 'whole' | 'part' | 'none' {
  const { from, to } = minutesInPeriod(month, rules)
  const length = minutesOf(month)
  if (from >= to || from >= length) return 'none'
  return from === 0 && to >= length ? 'whole' : 'part'
}

/** On the wall clock, where a repeated hour counts once. */
const minutesOf = ({ monthNumber }: MonthColumns): number =>
  (firstDayNumber(monthNumber + 1) - firstDayNumber(monthNumber)) * 1440
