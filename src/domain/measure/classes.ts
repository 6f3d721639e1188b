import { classBreaks, classOf } from '../answers/class-breaks.ts'
import type { Measure, Reading } from './measure.ts'
import { rounded } from './round.ts'

/** Classes of a change, lowest first. `same`: it may be chance. */
export const changeKinds = ['halved', 'down', 'same', 'up', 'doubled'] as const
export type ChangeKind = (typeof changeKinds)[number]

export interface AreaClass {
  kind: 'zero' | 'range' | 'not_reached' | ChangeKind
  /** Lowest and highest value in a `range`, as printed; else null. */
  low: number | null
  high: number | null
  areas: number
}

export const noClass = -1
/** Too few to judge. */
export const fewClass = -2

export interface AreaClasses {
  /** By `Area.idx`: an index in `list`, `noClass` or `fewClass`. */
  byArea: Int8Array
  list: AreaClass[]
  few: number
  unknown: number
}

/** @param readings by `Area.idx`, with gaps for areas that are not shown */
export function areaClasses(
  readings: readonly (Reading | undefined)[],
  measure: Measure,
  maxRanges: number,
): AreaClasses {
  const list = measure.ramp === 'diverging' ? changes() : ranges(readings, measure, maxRanges)
  const byArea = new Int8Array(readings.length).fill(noClass)
  let few = 0
  let missing = 0
  readings.forEach((reading, idx) => {
    if (reading?.verdict === 'few') few++
    if (reading?.verdict === 'unknown') missing++
    const at = reading ? placeOf(reading, list, measure) : noClass
    byArea[idx] = at
    if (at >= 0) list[at]!.areas++
  })
  const isShown = ({ kind, areas }: AreaClass): boolean => kind !== 'zero' || areas > 0
  if (!isShown(list[0]!)) {
    list.shift()
    for (let idx = 0; idx < byArea.length; idx++) if (byArea[idx]! > 0) byArea[idx]!--
  }
  return { byArea, list, few, unknown: missing }
}

const empty = (kind: AreaClass['kind']): AreaClass => ({ kind, low: null, high: null, areas: 0 })

/** Fixed, so that two maps compare. */
const changes = (): AreaClass[] => [empty('zero'), ...changeKinds.map(empty)]

function ranges(
  readings: readonly (Reading | undefined)[],
  { unit }: Measure,
  maxRanges: number,
): AreaClass[] {
  const values = readings
    .filter((reading) => reading?.verdict === 'value')
    .map((reading) => rounded(reading!.value!, unit))
  const breaks = classBreaks(values, maxRanges)
  const list: AreaClass[] = values.length > 0 ? [...breaks, null].map(() => empty('range')) : []
  for (const value of values) {
    const at = list[classOf(value, breaks)]!
    at.low = Math.min(at.low ?? value, value)
    at.high = Math.max(at.high ?? value, value)
  }
  const isLong = readings.some((reading) => reading?.verdict === 'not_reached')
  return [empty('zero'), ...list, ...(isLong ? [empty('not_reached')] : [])]
}

function placeOf(
  { verdict, value }: Reading,
  list: readonly AreaClass[],
  { unit, ramp }: Measure,
): number {
  if (verdict === 'few') return fewClass
  if (verdict === 'unknown') return noClass
  if (verdict === 'zero') return 0
  if (verdict === 'not_reached') return list.length - 1
  if (ramp === 'diverging')
    return list.findIndex(({ kind }) => kind === changeKind(verdict, value!))
  const printed = rounded(value!, unit)
  return list.findIndex(({ kind, high }) => kind === 'range' && printed <= high!)
}

function changeKind(verdict: Reading['verdict'], ratio: number): ChangeKind {
  if (verdict === 'chance') return 'same'
  if (ratio < 1) return ratio <= 0.5 ? 'halved' : 'down'
  return ratio >= 2 ? 'doubled' : 'up'
}
