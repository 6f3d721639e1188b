import {
  dayFromNumber,
  dayNumber,
  firstDayOf,
  lastDayOf,
  monthFromNumber,
  monthNumber,
} from './calendar.ts'
import type { ColumnSet, MonthColumns } from './column-set.ts'
import { notClosedMonth, quantum } from './columns.ts'
import {
  compileFilter,
  fails,
  minutesInPeriod,
  type FilterRules,
  type FilterWorld,
} from './filter-rules.ts'
import type { IncidentFilter } from './filter.ts'
import type { MonthFlow, Projection } from './projection.ts'
import { incidentFlags, isOpenStage, stages } from './vocabulary.ts'

const onHoldBit = incidentFlags.onHold << 4
const closedStage = stages.indexOf('closed')
/** 1 for stages that still want work, by the whole stage byte. */
const openByte = Uint8Array.from({ length: 256 }, (_, byte) => {
  const stage = stages[byte & 15]
  return stage && isOpenStage(stage) ? 1 : 0
})
/** 1 for stages that enter the backlog: open ones, and closed ones until they close. */
const livedByte = Uint8Array.from({ length: 256 }, (_, byte) =>
  openByte[byte] || (byte & 15) === closedStage ? 1 : 0,
)

/** The running counts of one pass. */
interface Tally {
  area: Uint32Array
  openArea: Uint32Array
  category: Uint32Array
  stage: Uint32Array
  /** Stage counts of what passes the whole filter. */
  passed: Uint32Array
  onHold: number
  days: Uint32Array
}

/**
 * Everything the page counts, in one pass over the columns. A row's failing parts are or-ed into a
 * mask: 0 counts everywhere, exactly one bit counts only in the facet that ignores that part, and
 * anything else nowhere.
 * @param lastMonth how far the months go when nothing is reported any more, usually that of `asOf`
 */
export function project(
  set: ColumnSet,
  filter: IncidentFilter,
  world: FilterWorld,
  lastMonth?: number,
): Projection {
  const rules = compileFilter(filter, world)
  const { months } = set
  const first = months[0]?.monthNumber ?? monthNumber('1970-01')
  const lastData = months.at(-1)?.monthNumber ?? first - 1
  const last = months.length ? Math.max(lastData, lastMonth ?? 0) : lastData
  const firstDay = dayNumber(firstDayOf(monthFromNumber(first)))
  const dayCount = dayNumber(firstDayOf(monthFromNumber(lastData + 1))) - firstDay

  const tally: Tally = {
    area: new Uint32Array(65_536),
    openArea: new Uint32Array(65_536),
    category: new Uint32Array(256),
    stage: new Uint32Array(16),
    passed: new Uint32Array(16),
    onHold: 0,
    days: new Uint32Array(dayCount),
  }
  const span = Math.max(0, last - first + 1)
  const received = new Uint32Array(span)
  const entered = new Uint32Array(span)
  // A closing month may lie past the last one when clocks disagree; it must not overrun.
  const left = new Uint32Array(span + 256)

  for (const month of months) {
    const at = month.monthNumber - first
    const dayOffset = dayNumber(firstDayOf(month.month)) - firstDay
    received[at] = countMonth(month, rules, tally, dayOffset, entered, left, at)
  }

  const byStage = tally.stage.slice(0, stages.length)
  const total = sum(tally.passed)
  const open = stages.reduce(
    (count, stage, index) => count + (isOpenStage(stage) ? (tally.passed[index] ?? 0) : 0),
    0,
  )
  return {
    total,
    open,
    closed: tally.passed[closedStage] ?? 0,
    onHold: tally.onHold,
    byArea: tally.area.slice(0, lengthFor(tally.area, world.areas)),
    openByArea: tally.openArea.slice(0, lengthFor(tally.area, world.areas)),
    byCategory: tally.category.slice(0, lengthFor(tally.category, world.categories)),
    byStage,
    histogram: { firstDay: dayFromNumber(firstDay), counts: tally.days },
    months: flows(rules, first, received, entered, left),
  }
}

/** Counts one month into the tally. Returns how many of it pass the whole filter. */
function countMonth(
  month: MonthColumns,
  rules: FilterRules,
  tally: Tally,
  dayOffset: number,
  entered: Uint32Array,
  left: Uint32Array,
  at: number,
): number {
  const { count, minute, area, category, stage, closedMonth, x, y } = month
  const { area: byArea, openArea, category: byCategory, stage: byStage, passed, days } = tally
  const { from, to } = minutesInPeriod(month, rules)
  const [minX, minY, maxX, maxY] = rules.box ?? [0, 0, quantum, quantum]
  const boxed = rules.box !== null
  const { area: areaRules, category: categoryRules, stage: stageRules } = rules
  let all = 0
  let onHold = 0
  let lived = 0
  for (let i = 0; i < count; i++) {
    if (boxed && (x[i]! < minX || x[i]! > maxX || y[i]! < minY || y[i]! > maxY)) continue
    const a = area[i]!
    const c = category[i]!
    const s = stage[i]!
    const m = minute[i]!
    const mask =
      areaRules[a]! | categoryRules[c]! | stageRules[s]! | (m < from || m >= to ? fails.period : 0)
    if (mask === 0) {
      all++
      byArea[a]!++
      openArea[a]! += openByte[s]!
      byCategory[c]!++
      byStage[s & 15]!++
      passed[s & 15]!++
      onHold += s & onHoldBit
      days[dayOffset + ((m / 1440) | 0)]!++
    } else if (mask === fails.area) {
      byArea[a]!++
      openArea[a]! += openByte[s]!
    } else if (mask === fails.category) byCategory[c]!++
    else if (mask === fails.stage) byStage[s & 15]!++
    else if (mask === fails.period) days[dayOffset + ((m / 1440) | 0)]!++
    if ((mask & ~fails.period) === 0) {
      lived += livedByte[s]!
      // 255 lands past every real month and is never read.
      if (closedMonth[i] !== notClosedMonth && livedByte[s]) left[at + closedMonth[i]!]!++
    }
  }
  tally.onHold += onHold / onHoldBit
  entered[at] = lived
  return all
}

/** The months of the period, cut to those between the first incident and the last known month. */
function flows(
  rules: FilterRules,
  first: number,
  received: Uint32Array,
  entered: Uint32Array,
  left: Uint32Array,
): MonthFlow[] {
  const answer: MonthFlow[] = []
  let backlog = 0
  for (let at = 0; at < received.length; at++) {
    backlog += entered[at]! - left[at]!
    const month = monthFromNumber(first + at)
    const inPeriod =
      dayNumber(lastDayOf(month)) >= rules.fromDay && dayNumber(firstDayOf(month)) <= rules.toDay
    if (inPeriod) answer.push({ month, received: received[at]!, closed: left[at]!, backlog })
  }
  return answer
}

/** Long enough for every node and for every row counted, known node or not. */
function lengthFor(counts: Uint32Array, nodes: readonly { idx: number }[]): number {
  let length = nodes.reduce((most, node) => Math.max(most, node.idx + 1), 0)
  for (let idx = counts.length - 1; idx >= length; idx--) if (counts[idx]) length = idx + 1
  return length
}

const sum = (values: Uint32Array): number => values.reduce((total, value) => total + value, 0)
