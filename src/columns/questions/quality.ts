import { quantum } from '../../domain/answers/columns.ts'
import {
  burstMinutes,
  maxBursts,
  minBurst,
  minPile,
  minWithoutPlace,
  pileRatio,
  type Burst,
  type Pile,
  type Quality,
  type RoundTime,
} from '../../domain/answers/quality.ts'
import { maxExceptPoints } from '../../domain/filter/filter.ts'
import { dayFromNumber, firstDayNumber } from '../../domain/time/calendar.ts'
import { finish, within, type InParts } from '../../stats/in-parts.ts'
import { poissonTails } from '../../stats/poisson.ts'
import { eachPassingInParts, FilteredRows } from '../count/filtered-rows.ts'
import { pointCounts, pointKey, type PointCounts } from '../count/point-counts.ts'
import { cellMetres, lngLatOf } from '../count/places.ts'
import type { Question, QuestionInParts, QuestionWorld } from './question.ts'

/**
 * Piles, bursts, round times, and incidents without a place of their own: an import puts those at a
 * point of their area.
 *
 * Raw coordinates are not in the columns: incidents in one cell of the city's box, quantised in
 * 65,536 steps, count as one point. In the demo city a cell is 0.2 m wide, and the 42 incidents of
 * its pile have the same raw coordinates.
 */
export const quality: Question<Record<never, never>, Quality> = (rows, world, options) =>
  finish(qualityInParts(rows, world, options))

/** Finds the rows before the first pause. */
export const qualityInParts: QuestionInParts<Record<never, never>, Quality> = function* (
  rows,
  world,
) {
  const passing = rows.count
  const isWhole = rows.filter.exceptPoints.length === 0
  const all = isWhole
    ? rows
    : new FilteredRows(rows.set, { ...rows.filter, exceptPoints: [] }, world)
  all.hold()
  const counts = yield* within(pointCounts(all, Math.ceil(minPile / pileRatio)), 0, 0.5)
  const points = largePoints(counts, all.count)
  const times = yield* within(reportTimes(all), 0.5, 0.7)
  const roundTimes = findRoundTimes(times)
  const bursts = findBursts(times, roundTimes)
  const shown = points.slice(0, maxExceptPoints)
  const told = describe(all, shown, bursts.slice(0, maxBursts), times)
  const { piles, bursts: shownBursts } = yield* within(told, 0.7, 0.9)
  const withoutPlace = yield* within(countWithoutPlace(all, world), 0.9, 1)
  return {
    total: all.count,
    leftOut: all.count - passing,
    piles: piles.map((pile) => ({ ...pile, lngLat: lngLatOf(pile.x, pile.y, world.cityBbox) })),
    allPiles: points.length,
    onPiles: shown.reduce((sum, { count }) => sum + count, 0),
    pointMetres: cellMetres(world.cityBbox),
    bursts: shownBursts,
    allBursts: bursts.length,
    roundTimes,
    withoutPlace,
  }
}

function* countWithoutPlace(rows: FilteredRows, world: QuestionWorld): InParts<number> {
  const [west, south, east, north] = world.cityBbox
  const points = new Set<number>()
  const isAtX = new Uint8Array(quantum + 1)
  for (const { point } of world.areas) {
    if (!point) continue
    const x = Math.round(((point[0] - west) / (east - west)) * quantum)
    const y = Math.round(((point[1] - south) / (north - south)) * quantum)
    if (!(x >= 0 && x <= quantum && y >= 0 && y <= quantum)) continue
    points.add(pointKey(x, y))
    isAtX[x] = 1
  }
  let found = 0
  // Of any area: a place of a district lies in one of its grids.
  if (points.size > 0)
    yield* eachPassingInParts(rows, ({ x, y }) => (row) => {
      if (isAtX[x[row]!] && points.has(pointKey(x[row]!, y[row]!))) found++
    })
  return found < minWithoutPlace ? 0 : found
}

/** So many of the busiest points may be piles, or this share of the number of incidents. */
const maxOddPoints = 20
const maxOddShare = 0.001

/** Points with at least `minPile` incidents and `pileRatio` times the busiest ordinary point. */
function largePoints(
  { points, counts }: PointCounts,
  incidents: number,
): { point: number; count: number }[] {
  const odd = Math.max(maxOddPoints, Math.ceil(incidents * maxOddShare))
  const least = Math.max(minPile, pileRatio * countAtRank(counts, odd))
  const found: { point: number; count: number }[] = []
  for (let at = 0; at < counts.length; at++)
    if (counts[at]! >= least) found.push({ point: points[at]!, count: counts[at]! })
  return found.sort((a, b) => b.count - a.count || a.point - b.point)
}

/** The count of the point after so many larger ones; 0 where no more are listed. */
function countAtRank(counts: Uint32Array, rank: number): number {
  let most = 0
  for (const count of counts) if (count > most) most = count
  const having = new Uint32Array(most + 1)
  for (const count of counts) having[count]!++
  let larger = 0
  for (let count = most; count > 0; count--) {
    larger += having[count]!
    if (larger > rank) return count
  }
  return 0
}

const minutesOfDay = 1440
const binsOfDay = minutesOfDay / burstMinutes

interface ReportTimes {
  total: number
  byMinute: Uint32Array
  firstDay: number
  /** Reports by day × bins of a day + bin, and those of the full minute that begins each hour. */
  bins: Uint32Array
  onHour: Uint32Array
}

function* reportTimes(rows: FilteredRows): InParts<ReportTimes> {
  const { passing } = rows
  const firstDay = passing[0] ? firstDayNumber(passing[0].month.monthNumber) : 0
  const last = passing.at(-1)
  const days = last ? firstDayNumber(last.month.monthNumber + 1) - firstDay : 0
  const byMinute = new Uint32Array(minutesOfDay)
  const bins = new Uint32Array(days * binsOfDay)
  const onHour = new Uint32Array(days * 24)
  yield* eachPassingInParts(rows, ({ monthNumber, minute }) => {
    const start = (firstDayNumber(monthNumber) - firstDay) * minutesOfDay
    return (row) => {
      const at = start + minute[row]!
      byMinute[at % minutesOfDay]!++
      bins[Math.floor(at / burstMinutes)]!++
      if (at % 60 === 0) onHour[at / 60]!++
    }
  })
  return { total: rows.count, byMinute, firstDay, bins, onHour }
}

const minRound = 20
/** Times the expected. */
const roundRatio = { midnight: 5, hour: 3, month_start: 3 } as const
/** Minutes on each side of midnight that tell what to expect there. */
const besideMidnight = 30

function findRoundTimes(times: ReportTimes): RoundTime[] {
  const { total, byMinute, firstDay, bins } = times
  const midnight = byMinute[0]!
  const beside =
    sum(byMinute.subarray(1, 1 + besideMidnight)) + sum(byMinute.slice(-besideMidnight))
  const onHours = sum(byMinute.filter((_, minute) => minute % 60 === 0)) - midnight
  const others = total - midnight - onHours
  const byDay = Array.from({ length: bins.length / binsOfDay }, (_, day) =>
    sum(bins.subarray(day * binsOfDay, (day + 1) * binsOfDay)),
  )
  // of the days from the first to the last report
  const from = byDay.findIndex((count) => count > 0)
  const days = byDay.slice(Math.max(0, from), byDay.findLastIndex((count) => count > 0) + 1)
  const isFirst = (_: number, n: number): boolean =>
    dayFromNumber(firstDay + Math.max(0, from) + n).endsWith('-01')
  const firsts = days.filter(isFirst)
  const found: RoundTime[] = [
    { kind: 'midnight', count: midnight, expected: beside / (2 * besideMidnight) },
    { kind: 'hour', count: onHours, expected: (others / (24 * 59)) * 23 },
    {
      kind: 'month_start',
      count: firsts.reduce((all, count) => all + count, 0),
      expected: days.length > 0 ? (total * firsts.length) / days.length : 0,
    },
  ]
  return found.filter(
    ({ kind, count, expected }) => count >= minRound && count >= roundRatio[kind] * expected,
  )
}

/** After Bonferroni over all ten-minute steps. */
const maxBurstP = 0.01
const burstRatio = 5

type FoundBurst = Omit<Burst, 'category' | 'inCategory' | 'day' | 'minuteOfDay'> & { bin: number }

/**
 * Steps with far more reports than the days around and the hour of the day let expect. Full
 * hours that are suspicious themselves do not count.
 */
function findBursts(times: ReportTimes, roundTimes: readonly RoundTime[]): FoundBurst[] {
  const { bins, onHour } = times
  const isOdd = (kind: RoundTime['kind']) => roundTimes.some((one) => one.kind === kind)
  const [leavesMidnight, leavesHours] = [isOdd('midnight'), isOdd('hour')]
  const counted = (bin: number): number => {
    const minute = (bin % binsOfDay) * burstMinutes
    const leaves = minute === 0 ? leavesMidnight : minute % 60 === 0 && leavesHours
    return bins[bin]! - (leaves ? onHour[(bin * burstMinutes) / 60]! : 0)
  }
  const candidates: number[] = []
  for (let bin = 0; bin < bins.length; bin++) if (bins[bin]! >= minBurst) candidates.push(bin)
  return candidates
    .map((bin) => ({ bin, count: counted(bin), expected: expectedIn(times, bin) }))
    .filter(
      ({ count, expected }) =>
        count >= minBurst &&
        count >= burstRatio * expected &&
        poissonTails(count, expected).atLeast * bins.length <= maxBurstP,
    )
    .sort((a, b) => b.count - a.count || a.bin - b.bin)
}

/** Days around a step that tell how many reports come in a day. */
const nearDays = 14

function expectedIn({ bins, total, byMinute }: ReportTimes, bin: number): number {
  const day = Math.floor(bin / binsOfDay)
  const own = bins.subarray(day * binsOfDay, (day + 1) * binsOfDay)
  const from = Math.max(0, day - nearDays)
  const to = Math.min(bins.length / binsOfDay, day + nearDays + 1)
  const near = bins.subarray(from * binsOfDay, to * binsOfDay)
  const aDay = (sum(near) - sum(own)) / Math.max(1, to - from - 1)
  const hour = Math.floor(((bin % binsOfDay) * burstMinutes) / 60)
  const shareOfHour = sum(byMinute.subarray(hour * 60, (hour + 1) * 60)) / total
  return (aDay * shareOfHour * burstMinutes) / 60
}

/** One more pass: categories of piles and bursts. */
function* describe(
  rows: FilteredRows,
  points: readonly { point: number; count: number }[],
  bursts: readonly FoundBurst[],
  { firstDay }: ReportTimes,
): InParts<{ piles: Omit<Pile, 'lngLat'>[]; bursts: Burst[] }> {
  const pileOf = new Map(points.map(({ point }, n) => [point, n]))
  const isAtX = new Uint8Array(quantum + 1)
  for (const { point } of points) isAtX[point >>> 16] = 1
  const burstOf = new Map(bursts.map(({ bin }, n) => [bin, n]))
  const pileCategories = points.map(() => new Uint32Array(256))
  const burstCategories = bursts.map(() => new Uint32Array(256))
  const areas = new Uint16Array(points.length)
  if (points.length + bursts.length > 0)
    yield* eachPassingInParts(rows, ({ monthNumber, minute, category, area, x, y }) => {
      const start = (firstDayNumber(monthNumber) - firstDay) * minutesOfDay
      return (row) => {
        if (isAtX[x[row]!]) {
          const pile = pileOf.get(pointKey(x[row]!, y[row]!))
          if (pile !== undefined) {
            pileCategories[pile]![category[row]!]!++
            areas[pile] = area[row]!
          }
        }
        if (burstOf.size === 0) return
        const burst = burstOf.get(Math.floor((start + minute[row]!) / burstMinutes))
        if (burst !== undefined) burstCategories[burst]![category[row]!]!++
      }
    })
  return {
    piles: points.map(({ point, count }, n) => ({
      x: point >>> 16,
      y: point & 65_535,
      count,
      area: areas[n]!,
      ...mostOf(pileCategories[n]!),
    })),
    bursts: bursts.map(({ bin, count, expected }, n) => ({
      day: dayFromNumber(firstDay + Math.floor(bin / binsOfDay)),
      minuteOfDay: (bin % binsOfDay) * burstMinutes,
      count,
      expected,
      ...mostOf(burstCategories[n]!),
    })),
  }
}

function mostOf(categories: Uint32Array): { category: number; inCategory: number } {
  const inCategory = categories.reduce((most, count) => Math.max(most, count), 0)
  return { category: categories.indexOf(inCategory), inCategory }
}

function sum(values: Uint32Array): number {
  let all = 0
  for (const value of values) all += value
  return all
}
