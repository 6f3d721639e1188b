import type { GenericSchema, InferOutput } from 'valibot'
import type { CaptureForm, Draft, DraftKind, PhotoRef } from './command.ts'

/** One thing a command says. Pages show `domain.field.<name>` and format the value by `as`. */
export type Fact = { name: string } & (
  | { as: 'category'; code: string }
  | { as: 'severity'; level: number }
  | { as: 'place'; lon: number; lat: number }
  | { as: 'distance'; meters: number }
  /** Empty: the command empties the field. */
  | { as: 'text'; text: string }
  | { as: 'instant'; at: string }
)

/** A command on a line of the outbox. */
export interface CommandTitle {
  categoryCode: string | null
  lon: number | null
  lat: number | null
  /** Description or note. */
  text: string
  addressLabel: string
}

/** Fields of an item beside its payload. */
export interface ItemAbout {
  incidentId: string
  draftId: string | null
  answers?: Pick<CaptureForm, 'isPinChecked' | 'notTheseIds'>
}

/** The form that changes a refused command. */
type Editing<Payload> =
  /** The report page with a draft. */
  | {
      form: 'capture'
      draft(payload: Payload, about: ItemAbout): Pick<Draft, 'id' | 'kind' | 'form'>
    }
  /** One text field. */
  | {
      form: 'note'
      note(payload: Payload): string
      withNote(payload: Payload, note: string): Payload
    }
  /** The fields of the present incident. */
  | { form: 'correction' }

export type ConflictForm = 'merge'

/** The client's knowledge of one command type. Its name: `domain.command.<type>`. */
export interface CommandTypeDefinition<Schema extends GenericSchema> {
  /** Shape only: the server checks contents and limits. */
  payload: Schema
  /** The database's limits by text field, in characters. */
  maxTexts: Readonly<Record<string, number>>
  /** The database's limit. */
  maxPhotos: number
  /** False: the server must have the incident already. */
  makesIncident: boolean
  /** Counts as an answer to a manager's question. */
  answersQuestion: boolean
  /** The draft that becomes this command. */
  draftKind: DraftKind | null
  edit: Editing<InferOutput<Schema>>
  /** Null for types without a version in the payload: they cannot conflict. */
  conflictForm: ConflictForm | null
  title(payload: InferOutput<Schema>): CommandTitle
  /** In reading order. */
  facts(payload: InferOutput<Schema>): Fact[]
  photos(payload: InferOutput<Schema>): readonly PhotoRef[]
}

export type EditForm = Editing<unknown>['form']

export const defineCommandType = <Schema extends GenericSchema>(
  definition: CommandTypeDefinition<Schema>,
): CommandTypeDefinition<Schema> => definition
