import {
  dayFromNumber,
  firstDayNumber,
  monthFromNumber,
  monthNumber,
} from '../../domain/time/calendar.ts'
import type { ColumnSet, MonthColumns } from './column-set.ts'
import { notClosedMonth } from '../../domain/answers/columns.ts'
import { dueChoices, dueRange, type DueChoice } from '../../domain/filter/due.ts'
import { dueRows } from './due-rows.ts'
import { keptMonths } from './kept-months.ts'
import {
  compileFilter,
  minutesInPeriod,
  periodCover,
  type FilterRules,
  type FilterWorld,
} from './filter-rules.ts'
import type { IncidentFilter } from '../../domain/filter/filter.ts'
import type { Minutes } from './pick-rows.ts'
import type { MonthFlow, Projection } from '../../domain/answers/projection.ts'
import { countMatches } from './count-rows.ts'
import { countMonth } from './count-month.ts'
import { areasIn } from './month-totals.ts'
import { add, livedIn, Tally } from './tally.ts'
import { incidentFlags, isOpenStage, stages } from '../../domain/vocabulary.ts'

const closedStage = stages.indexOf('closed')
const isOpenAt = stages.map(isOpenStage)

/**
 * Counts all facets. A row that fails one part of the filter counts only in the facet
 * that ignores that part.
 * @param lastMonth flows continue to this month even without reports
 */
export function project(
  set: ColumnSet,
  filter: IncidentFilter,
  world: FilterWorld,
  lastMonth?: number,
): Projection {
  const rules = compileFilter(filter, world)
  const months = keptMonths(set, filter, world)
  const first = months[0]?.monthNumber ?? monthNumber('1970-01')
  const lastData = months.at(-1)?.monthNumber ?? first - 1
  const last = months.length ? Math.max(lastData, lastMonth ?? 0) : lastData
  const firstDay = firstDayNumber(first)
  const dayCount = firstDayNumber(lastData + 1) - firstDay

  const areas = months.reduce((most, month) => Math.max(most, areasIn(month)), 0)
  const tally = new Tally(dayCount, areas)
  const span = Math.max(0, last - first + 1)
  const received = new Uint32Array(span)
  const entered = new Uint32Array(span)
  const left = new Uint32Array(span)

  const due = dueCounts(filter, areas)
  const overdue = new Uint32Array(span)

  for (const whole of months) {
    const at = whole.monthNumber - first
    tally.dayOffset = firstDayNumber(whole.monthNumber) - firstDay
    const cover = periodCover(whole, rules)
    const minutes = cover === 'part' ? minutesInPeriod(whole, rules) : null
    const isIn = cover !== 'none'
    if (isIn) overdue[at] = countDue(whole, rules, minutes, world.nowMinute, due)
    const month = rules.due ? dueRows(whole, rules.due) : whole
    received[at] = countMonth(month, rules, tally, isIn, minutes)
    entered[at] = livedIn(tally.living)
    // a closing month may lie past the last one when clocks disagree
    add(left, tally.left.subarray(0, Math.min(notClosedMonth, span - at)), at)
  }

  const passed = stageCounts(tally.passed)
  const areaLength = lengthFor(areas, world.areas, (idx) => tally.hasArea(idx))
  return {
    total: sum(passed),
    open: sum(passed.filter((_, stage) => isOpenAt[stage])),
    closed: passed[closedStage]!,
    onHold: sum(tally.passed.filter((_, byte) => (byte >> 4) & incidentFlags.onHold)),
    ...tally.areas(areaLength),
    due: due.counts,
    dueByArea: {
      overdue: resized(due.byArea.overdue, areaLength),
      within_day: resized(due.byArea.within_day, areaLength),
      none: resized(due.byArea.none, areaLength),
    },
    byCategory: tally.category.slice(
      0,
      lengthFor(256, world.categories, (idx) => tally.category[idx]! > 0),
    ),
    byStage: passed.map((count, stage) => count + tally.otherStage[stage]!),
    histogram: { firstDay: dayFromNumber(firstDay), counts: tally.days },
    months: flows(rules, first, received, entered, left, overdue),
  }
}

interface DueCounts {
  counts: Record<DueChoice, number>
  byArea: Record<DueChoice, Uint32Array>
  /** Choices that the filter lets pass. */
  passing: readonly DueChoice[]
}

const dueCounts = ({ due }: IncidentFilter, areas: number): DueCounts => ({
  counts: { overdue: 0, within_day: 0, none: 0 },
  byArea: {
    overdue: new Uint32Array(areas),
    within_day: new Uint32Array(areas),
    none: new Uint32Array(areas),
  },
  passing: due.length > 0 ? due : dueChoices,
})

/** Returns how many passing rows of the month are overdue. */
function countDue(
  month: MonthColumns,
  rules: FilterRules,
  minutes: Minutes | null,
  nowMinute: number,
  { counts, byArea, passing }: DueCounts,
): number {
  let overdue = 0
  for (const choice of dueChoices) {
    const isPassing = passing.includes(choice)
    const rows = dueRows(month, dueRange([choice], nowMinute))
    const matches = countMatches(rows, rules, minutes, isPassing ? byArea[choice] : null)
    counts[choice] += matches
    if (choice === 'overdue' && isPassing) overdue = matches
  }
  return overdue
}

function resized(counts: Uint32Array, length: number): Uint32Array {
  const all = new Uint32Array(length)
  all.set(counts.subarray(0, length))
  return all
}

function flows(
  rules: FilterRules,
  first: number,
  received: Uint32Array,
  entered: Uint32Array,
  left: Uint32Array,
  overdue: Uint32Array,
): MonthFlow[] {
  const answer: MonthFlow[] = []
  let backlog = 0
  for (let at = 0; at < received.length; at++) {
    backlog += entered[at]! - left[at]!
    const number = first + at
    const inPeriod =
      firstDayNumber(number + 1) > rules.fromDay && firstDayNumber(number) <= rules.toDay
    const month = monthFromNumber(number)
    if (inPeriod)
      answer.push({
        month,
        received: received[at]!,
        closed: left[at]!,
        backlog,
        overdue: overdue[at]!,
      })
  }
  return answer
}

function lengthFor(
  most: number,
  nodes: readonly { idx: number }[],
  isCounted: (idx: number) => boolean,
): number {
  const length = nodes.reduce((longest, node) => Math.max(longest, node.idx + 1), 0)
  for (let idx = most - 1; idx >= length; idx--) if (isCounted(idx)) return idx + 1
  return length
}

function stageCounts(bytes: Uint32Array): Uint32Array {
  const counts = new Uint32Array(16)
  for (let byte = 0; byte < 256; byte++) counts[byte & 15]! += bytes[byte]!
  return counts.slice(0, stages.length)
}

const sum = (values: Uint32Array): number => values.reduce((total, value) => total + value, 0)
