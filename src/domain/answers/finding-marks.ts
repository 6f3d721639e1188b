import type { LocalDay } from '../vocabulary.ts'
import type { HotspotValue } from './hotspots.ts'

/** A finding: an area and a category in it. */
export interface FindingKey {
  areaCode: string
  categoryCode: string
}

/** Figures of a finding when its follow-up was made. */
export interface FindingFacts {
  /** The measure that gives the expected count. */
  method: HotspotValue
  observed: number
  expected: number
  ratio: number
  /** Null: all days of the data. */
  from: LocalDay | null
  to: LocalDay | null
}

interface Mark extends FindingKey {
  id: string
  /** Null: the person themself, not sent yet. */
  madeByName: string | null
  madeAt: string
}

export interface FollowUp extends Mark {
  /** Null: for the area's field staff. */
  departmentCode: string | null
  note: string
  dueDay: LocalDay | null
  facts: FindingFacts
}

/** The finding is not of interest. */
export interface Dismissal extends Mark {
  reason: string
  /** Included; null is for good. */
  untilDay: LocalDay | null
}

export interface FindingMarks {
  asOf: string
  /** Codes of the areas within which the person makes and takes back marks. */
  makesIn: readonly string[]
  followUps: readonly FollowUp[]
  dismissals: readonly Dismissal[]
}

/** A command's effect. `id` is that of the mark, which also orders its commands. */
export type FindingChange =
  | { kind: 'follow-up'; id: string; mark: Omit<FollowUp, 'madeByName' | 'madeAt'> }
  | { kind: 'finished' | 'restored'; id: string }
  | { kind: 'dismissal'; id: string; mark: Omit<Dismissal, 'madeByName' | 'madeAt'> }

export const noMarks: FindingMarks = { asOf: '', makesIn: [], followUps: [], dismissals: [] }

export const isOfFinding =
  ({ areaCode, categoryCode }: FindingKey) =>
  (mark: FindingKey): boolean =>
    mark.areaCode === areaCode && mark.categoryCode === categoryCode

/**
 * The server's marks with changes that it may not have yet, in their order.
 * @param changes `at`: device instant
 */
export function withChanges(
  marks: FindingMarks,
  changes: readonly { change: FindingChange; at: string }[],
): FindingMarks {
  let { followUps, dismissals } = marks
  for (const { change, at } of changes) {
    const isOther = ({ id }: { id: string }): boolean => id !== change.id
    // The answer may hold the change already, with its maker.
    const isNew = [...marks.followUps, ...marks.dismissals].every(isOther)
    if (change.kind === 'follow-up') {
      if (isNew) followUps = [...followUps, { ...change.mark, madeByName: null, madeAt: at }]
    } else if (change.kind === 'dismissal') {
      const before = dismissals.filter((mark) => isNew && isOfFinding(change.mark)(mark))
      if (isNew)
        dismissals = [
          { ...change.mark, madeByName: null, madeAt: at },
          ...dismissals.filter((mark) => !before.includes(mark)),
        ]
    } else if (change.kind === 'finished') followUps = followUps.filter(isOther)
    else dismissals = dismissals.filter(isOther)
  }
  return { ...marks, followUps, dismissals }
}
