import type { CaptureForm, CommandPayloads, Draft, NewCommand } from '@/domain/command/command.ts'
import { newUuid } from '@/domain/command/uuid.ts'
import type { ItemRow, OutboxDatabase } from './database.ts'
import { OutboxError } from './errors.ts'

/** The command as it was queued. */
export const commandOf = (row: Pick<ItemRow, 'type'>, payload: string): NewCommand =>
  ({ type: row.type, payload: JSON.parse(payload) as unknown }) as NewCommand

/** A refused or conflicting item in the form in which a person can change it. */
export async function edit(
  db: OutboxDatabase,
  id: string,
  now: number,
): Promise<Draft | NewCommand> {
  const { row, payload } = await db.read(async () => {
    const item = await db.items.get({ id })
    return { row: item, payload: (await db.payloads.get(id))?.payload }
  }, [db.items, db.payloads])
  const isStuck = row?.state === 'rejected' || row?.state === 'conflict'
  // What the server has already may not be said again in other words.
  if (!row || payload === undefined || !isStuck || row.applied)
    throw new OutboxError('not_editable', row?.state)
  const command = commandOf(row, payload)
  const draft = draftOf(row, command, now)
  return draft ? { ...draft, replaces: id } : command
}

/** The form a report or confirmation was made of; null for other commands. */
export function draftOf(
  row: Pick<ItemRow, 'incidentId' | 'draftId' | 'photoHashes' | 'answers'>,
  command: NewCommand,
  now: number,
): Draft | null {
  const about = { photoHashes: row.photoHashes, updatedAt: new Date(now).toISOString() }
  if (command.type === 'report_incident')
    return { ...about, id: row.incidentId, kind: 'report', form: formOf(command.payload, row) }
  if (command.type === 'confirm_duplicate')
    return {
      ...about,
      id: row.draftId ?? newUuid(),
      kind: 'confirm',
      form: {
        ...formOf(command.payload, row),
        description: command.payload.note ?? '',
        confirmsIncidentId: row.incidentId,
      },
    }
  return null
}

type Captured = Partial<CommandPayloads['report_incident']>
const formOf = (said: Captured, { answers }: Pick<ItemRow, 'answers'>): CaptureForm => ({
  categoryCode: said.categoryCode ?? null,
  lon: said.lon ?? null,
  lat: said.lat ?? null,
  accuracyMeters: said.accuracyMeters ?? null,
  placedBy: said.placedBy ?? null,
  description: said.description ?? '',
  severity: said.severity ?? null,
  addressLabel: said.addressLabel ?? '',
  areaCode: null,
  confirmsIncidentId: null,
  ...answers,
})
