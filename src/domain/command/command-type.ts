import type { GenericSchema, InferOutput } from 'valibot'
import type { CaptureForm, Draft, DraftKind, PhotoRef } from './command.ts'

/** One thing a command says. Pages translate `domain.field.<name>` and word the value by `as`. */
export type Fact = { name: string } & (
  | { as: 'category'; code: string }
  | { as: 'severity'; level: number }
  | { as: 'place'; lon: number; lat: number }
  | { as: 'distance'; meters: number }
  /** An empty text says that the command empties the field. */
  | { as: 'text'; text: string }
  | { as: 'instant'; at: string }
)

/** What a line of the outbox shows of a command. */
export interface CommandTitle {
  categoryCode: string | null
  lon: number | null
  lat: number | null
  /** Description or note, whole. */
  text: string
  addressLabel: string
}

/** What the outbox keeps of an item beside its payload. */
export interface ItemAbout {
  incidentId: string
  draftId: string | null
  answers?: Pick<CaptureForm, 'isPinChecked' | 'notTheseIds'>
}

/** The form that changes a refused command. */
type Editing<Payload> =
  /** The report page, on a draft made of the command. */
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
  /** The fields of the incident as it is now. */
  | { form: 'correction' }

export type ConflictForm = 'merge'

/** All that the client knows about one type of command. Its texts: `domain.command.<type>`. */
export interface CommandTypeDefinition<Schema extends GenericSchema> {
  /** Shape alone: contents and limits are the server's decision. */
  payload: Schema
  /** Characters the database takes, by text field. */
  maxTexts: Readonly<Record<string, number>>
  /** Photos the database takes. */
  maxPhotos: number
  /** Makes a new incident; every other type needs one that the server has. */
  makesIncident: boolean
  /** Answers what a manager asked the reporter. */
  answersQuestion: boolean
  /** The kind of draft that becomes this command. */
  draftKind: DraftKind | null
  edit: Editing<InferOutput<Schema>>
  /** The form for a conflict. Null for types whose payload names no version: they never conflict. */
  conflictForm: ConflictForm | null
  title(payload: InferOutput<Schema>): CommandTitle
  /** In reading order. */
  facts(payload: InferOutput<Schema>): Fact[]
  photos(payload: InferOutput<Schema>): readonly PhotoRef[]
}

export type EditForm = Editing<unknown>['form']

/** Infers the payload's type from its schema. */
export const defineCommandType = <Schema extends GenericSchema>(
  definition: CommandTypeDefinition<Schema>,
): CommandTypeDefinition<Schema> => definition
