import type { LngLat } from '../vocabulary.ts'
import type { ServerIncident } from './command.ts'
import type { Correction, IncidentChanges } from './types/correct-incident.ts'

/** `place` is `lon` and `lat`. */
export const mergeFields = [
  'categoryCode',
  'severity',
  'place',
  'addressLabel',
  'description',
] as const
export type MergeFieldName = (typeof mergeFields)[number]

type FieldValue = string | number | LngLat
export interface MergeField {
  name: MergeFieldName
  mine: FieldValue
  theirs: FieldValue
}

export type MergeSide = 'mine' | 'theirs'
/** `text` is the person's own wording. */
export type MergeChoices = Partial<
  Record<MergeFieldName, { side: MergeSide } | { side: 'own'; text: string }>
>

const placeOf = ({ lon, lat }: { lon?: number; lat?: number }): LngLat | undefined =>
  lon === undefined || lat === undefined ? undefined : [lon, lat]

/** 1e-7 degrees is a centimetre. */
const isSame = (a: FieldValue, b: FieldValue): boolean =>
  typeof a === 'object' && typeof b === 'object'
    ? Math.abs(a[0] - b[0]) < 1e-7 && Math.abs(a[1] - b[1]) < 1e-7
    : a === b

export function mergeFieldsOf(changes: IncidentChanges, server: ServerIncident): MergeField[] {
  return mergeFields.flatMap((name) => {
    const mine = name === 'place' ? placeOf(changes) : changes[name]
    const theirs = name === 'place' ? placeOf(server) : server[name]
    return mine === undefined || theirs === undefined || isSame(mine, theirs)
      ? []
      : { name, mine, theirs }
  })
}

export const isDecided = (fields: readonly MergeField[], choices: MergeChoices): boolean =>
  fields.every(({ name }) => choices[name] !== undefined)

/** Null when nothing would change. */
export function mergedCorrection(
  correction: Correction,
  server: ServerIncident,
  choices: MergeChoices,
): Correction | null {
  const changes: IncidentChanges = {}
  for (const { name, mine, theirs } of mergeFieldsOf(correction.changes, server)) {
    const choice = choices[name]
    const value = choice?.side === 'mine' ? mine : choice?.side === 'own' ? choice.text : theirs
    if (isSame(value, theirs)) continue
    if (name === 'place') [changes.lon, changes.lat] = value as LngLat
    else Object.assign(changes, { [name]: value })
  }
  if (Object.keys(changes).length === 0) return null
  return { incidentId: correction.incidentId, baseVersion: server.version, changes }
}
