import type { GenericSchema, InferOutput } from 'valibot'
import type { FindingChange } from '../answers/finding-marks.ts'
import type { LocalDay } from '../vocabulary.ts'
import type { CaptureForm, Draft, DraftKind, PhotoRef } from './command.ts'

/** Pages show `domain.field.<name>` and format the value by `as`. */
export type Fact = { name: string } & (
  | { as: 'category'; code: string }
  | { as: 'severity'; level: number }
  | { as: 'place'; lon: number; lat: number }
  | { as: 'distance'; meters: number }
  | { as: 'area' | 'department'; code: string }
  | { as: 'day'; day: LocalDay }
  | { as: 'decimal'; value: number }
  /** Shown as `domain.said.<word>`. */
  | { as: 'word'; word: string }
  /** Empty when the command empties the field. */
  | { as: 'text'; text: string }
  | { as: 'instant'; at: string }
  /** Named by the workflow's rows, and so is the field of one. */
  | { as: 'step'; transition: string }
  | { as: 'step-field'; transition: string; value: unknown }
)

export interface CommandTitle {
  categoryCode: string | null
  lon: number | null
  lat: number | null
  /** Description or note. */
  text: string
  addressLabel: string
  /** The step's name, of a transition. */
  transition?: string
}

export interface ItemAbout {
  incidentId: string
  draftId: string | null
  answers?: Pick<CaptureForm, 'isPinChecked' | 'notTheseIds'>
}

/** The form that changes a refused command. */
type Editing<Payload> =
  | {
      form: 'capture'
      draft(payload: Payload, about: ItemAbout): Pick<Draft, 'id' | 'kind' | 'form'>
    }
  | {
      form: 'note'
      note(payload: Payload): string
      withNote(payload: Payload, note: string): Payload
    }
  | { form: 'correction' }
  | { form: 'step' }
  /** Nothing in it can be changed. */
  | { form: 'none' }

export type ConflictForm = 'merge' | 'step'

/** Its name: `domain.command.<type>`. */
export interface CommandTypeDefinition<Schema extends GenericSchema> {
  /** Shape only: the server checks contents and limits. */
  payload: Schema
  /** The database's limits, in characters. */
  maxTexts: Readonly<Record<string, number>>
  maxPhotos: number
  /** False when the server must have the incident already. */
  makesIncident: boolean
  /** Counts as an answer to a manager's question. */
  answersQuestion: boolean
  /** Says how a call-back ended. */
  answersCall?: true
  draftKind: DraftKind | null
  edit: Editing<InferOutput<Schema>>
  /** Null for types without a version: they cannot conflict. */
  conflictForm: ConflictForm | null
  title(payload: InferOutput<Schema>): CommandTitle
  /** In reading order. */
  facts(payload: InferOutput<Schema>): Fact[]
  photos(payload: InferOutput<Schema>): readonly PhotoRef[]
  /** Only of types that concern a finding and no incident. */
  finding?(payload: InferOutput<Schema>): FindingChange
}

export type EditForm = Editing<unknown>['form']

export const defineCommandType = <Schema extends GenericSchema>(
  definition: CommandTypeDefinition<Schema>,
): CommandTypeDefinition<Schema> => definition
