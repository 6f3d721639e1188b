import type { InferOutput } from 'valibot'
import type { FindingChange } from '../../answers/finding-marks.ts'
import type { CommandTitle, CommandTypeDefinition, Fact, ItemAbout } from '../command-type.ts'
import type { Draft, DraftKind, PhotoRef } from '../command.ts'
import { addNote } from './add-note.ts'
import { addPhoto } from './add-photo.ts'
import { appeal } from './appeal.ts'
import { callbackOutcome } from './callback-outcome.ts'
import { confirmDuplicate } from './confirm-duplicate.ts'
import { correctIncident } from './correct-incident.ts'
import { dismissFinding } from './dismiss-finding.ts'
import { finishFollowUp } from './finish-follow-up.ts'
import { keepClosed } from './keep-closed.ts'
import { makeFollowUp } from './make-follow-up.ts'
import { rate } from './rate.ts'
import { reportIncident } from './report-incident.ts'
import { restoreFinding } from './restore-finding.ts'
import { reviewAppeal } from './review-appeal.ts'
import { transition } from './transition.ts'

/** The only list of command types. */
export const commandTypes = {
  report_incident: reportIncident,
  add_note: addNote,
  add_photo: addPhoto,
  confirm_duplicate: confirmDuplicate,
  correct_incident: correctIncident,
  transition,
  make_follow_up: makeFollowUp,
  finish_follow_up: finishFollowUp,
  dismiss_finding: dismissFinding,
  restore_finding: restoreFinding,
  rate,
  callback_outcome: callbackOutcome,
  keep_closed: keepClosed,
  appeal,
  review_appeal: reviewAppeal,
}

export type CommandType = keyof typeof commandTypes
export type CommandPayloads = {
  [T in CommandType]: InferOutput<(typeof commandTypes)[T]['payload']>
}
export type NewCommand<T extends CommandType = CommandType> = {
  [K in T]: { type: K; payload: CommandPayloads[K] }
}[T]

export const commandTypeNames = Object.keys(commandTypes) as CommandType[]

/** Lets TypeScript match payload and definition. */
const definitions: {
  [T in CommandType]: CommandTypeDefinition<(typeof commandTypes)[T]['payload']>
} = commandTypes

export const titleOf = <T extends CommandType>({ type, payload }: NewCommand<T>): CommandTitle =>
  definitions[type].title(payload)

/** In reading order. */
export const factsOf = <T extends CommandType>({ type, payload }: NewCommand<T>): Fact[] =>
  definitions[type].facts(payload)

export const photosOf = <T extends CommandType>({
  type,
  payload,
}: NewCommand<T>): readonly PhotoRef[] => definitions[type].photos(payload)

export function draftOf<T extends CommandType>(
  { type, payload }: NewCommand<T>,
  about: ItemAbout,
): Pick<Draft, 'id' | 'kind' | 'form'> | null {
  const { edit } = definitions[type]
  return edit.form === 'capture' ? edit.draft(payload, about) : null
}

export function noteOf<T extends CommandType>({ type, payload }: NewCommand<T>): string | null {
  const { edit } = definitions[type]
  return edit.form === 'note' ? edit.note(payload) : null
}

/** @throws RangeError for types without a note */
export function withNote<T extends CommandType>(
  { type, payload }: NewCommand<T>,
  note: string,
): NewCommand {
  const { edit } = definitions[type]
  if (edit.form !== 'note') throw new RangeError(`${type} has no note to edit`)
  return { type, payload: edit.withNote(payload, note) } as NewCommand
}

export const commandTypeOfDraft = (kind: DraftKind): CommandType =>
  commandTypeNames.find((type) => commandTypes[type].draftKind === kind)!

/** A step of a workflow. */
export const isStep = (command: NewCommand): command is NewCommand<'transition'> =>
  command.type === 'transition'

/** Null for a command about an incident. */
export const findingChangeOf = <T extends CommandType>({
  type,
  payload,
}: NewCommand<T>): FindingChange | null => definitions[type].finding?.(payload) ?? null

/** Commands about the same incident, or the same mark on a finding, are sent in their order. */
export const subjectOf = (command: NewCommand): string =>
  'incidentId' in command.payload
    ? (command.payload.incidentId as string)
    : findingChangeOf(command)!.id

export const isOfIncident = (type: CommandType): boolean => definitions[type].finding === undefined

/** With the random number of the device, where the type of the command carries one. */
export const withDevice = (command: NewCommand, deviceId: string): NewCommand =>
  'deviceId' in commandTypes[command.type].payload.entries
    ? ({ ...command, payload: { ...command.payload, deviceId } } as NewCommand)
    : command
