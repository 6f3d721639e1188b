import type { Draft } from '@/domain/command/command.ts'
import { draftOf, type NewCommand } from '@/domain/command/types/index.ts'
import type { ItemRow, OutboxDatabase } from './database.ts'
import { neverLeft } from './item-row.ts'
import { OutboxError } from './errors.ts'

export const commandOf = (row: Pick<ItemRow, 'type'>, payload: string): NewCommand =>
  ({ type: row.type, payload: JSON.parse(payload) as unknown }) as NewCommand

/** @throws OutboxError `not_editable` */
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
  // The server has an applied command: a copy would repeat it.
  if (!row || payload === undefined || (!isStuck && !neverLeft(row)) || row.applied)
    throw new OutboxError('not_editable', row?.state)
  const command = commandOf(row, payload)
  return draftOfItem(row, command, now) ?? command
}

/** Null for commands that the report page does not edit. */
export function draftOfItem(row: ItemRow, command: NewCommand, now: number): Draft | null {
  const draft = draftOf(command, row)
  if (!draft) return null
  const { id: replaces, photoHashes } = row
  return { ...draft, photoHashes, replaces, updatedAt: new Date(now).toISOString() }
}
