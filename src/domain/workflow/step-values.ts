import * as v from 'valibot'
import type { PhotoRef } from '../command/command.ts'
import { photoRef } from '../command/shapes.ts'
import { characterCount, textLimits } from '../command/text-limits.ts'
import type { OfferedField } from './workflow.ts'

/** A form's values by field; photos are hashes, an instant is ISO 8601. Missing: not filled in. */
export type StepValue = string | number | boolean | readonly string[]
export type StepValues = Record<string, StepValue | undefined>

/** Locale keys are `incident.step.issue.<issue>`. */
export type StepIssue = 'missing' | 'too-long' | 'not-whole' | 'too-small' | 'too-large' | 'past'

/** Faults the server would refuse too. It checks all fields again. */
export function stepIssues(
  fields: readonly OfferedField[],
  values: StepValues,
  now: Date,
): Partial<Record<string, StepIssue>> {
  const issues: Partial<Record<string, StepIssue>> = {}
  for (const field of fields) {
    const issue = issueOf(field, values[field.name], now)
    if (issue) issues[field.name] = issue
  }
  return issues
}

function issueOf(field: OfferedField, value: StepValue | undefined, now: Date): StepIssue | null {
  if (isEmpty(value)) return field.isRequired ? 'missing' : null
  if (typeof value === 'string') {
    if (field.kind === 'text')
      return characterCount(value.trim()) > (field.most ?? textLimits.note) ? 'too-long' : null
    if (field.kind === 'instant') return Date.parse(value) > now.getTime() ? null : 'past'
  }
  if (field.kind !== 'whole') return null
  if (!Number.isSafeInteger(value)) return 'not-whole'
  if (field.least !== null && Number(value) < field.least) return 'too-small'
  return field.most !== null && Number(value) > field.most ? 'too-large' : null
}

const isEmpty = (value: StepValue | undefined): boolean =>
  value === undefined || (typeof value === 'string' && value.trim() === '') || isNoPhoto(value)
const isNoPhoto = (value: StepValue): boolean => Array.isArray(value) && value.length === 0

export const hashesOf = (value: StepValue | undefined): readonly string[] =>
  Array.isArray(value) ? (value as readonly string[]) : []

/** The payload's own fields; empty ones are left out. */
export function stepPayload(
  fields: readonly OfferedField[],
  values: StepValues,
  refs: ReadonlyMap<string, PhotoRef>,
): Record<string, unknown> {
  const payload: Record<string, unknown> = {}
  for (const { name, kind } of fields) {
    const value = values[name]
    if (isEmpty(value)) continue
    if (kind === 'photos') payload[name] = hashesOf(value).flatMap((hash) => refs.get(hash) ?? [])
    else payload[name] = typeof value === 'string' ? value.trim() : value
  }
  return payload
}

const frame = new Set(['incidentId', 'baseVersion', 'name', 'deviceAt'])
const photoList = v.pipe(v.array(photoRef), v.minLength(1))

/** The fields that a step fills in, without the command's frame. */
export const stepFieldsOf = (payload: Record<string, unknown>): [string, unknown][] =>
  Object.entries(payload).filter(([name]) => !frame.has(name))

/** Photos stand under the name of any field. */
export const stepPhotos = (payload: Record<string, unknown>): PhotoRef[] =>
  stepFieldsOf(payload).flatMap(([, value]) => (v.is(photoList, value) ? value : []))

/** The form again of what a payload says. */
export function stepValuesOf(payload: Record<string, unknown>): StepValues {
  const values: StepValues = {}
  for (const [name, value] of stepFieldsOf(payload)) {
    if (v.is(photoList, value)) values[name] = value.map(({ hash }) => hash)
    else if (['string', 'number', 'boolean'].includes(typeof value))
      values[name] = value as string | number | boolean
  }
  return values
}
