import { payloadText } from '@/domain/command/command.ts'
import { photosOf, titleOf, type NewCommand } from '@/domain/command/types/index.ts'
import { titledFields, type ItemRow, type New, type ReceiptRow } from './database.ts'
import { OutboxError } from './errors.ts'
import { fields } from './fields.ts'
import { sha256Hex } from './hash.ts'

/** Far above the largest form (10,000 characters, ten photos), far below the limit of a call. */
const maxPayloadBytes = 256 * 1024
const shownCharacters = 200

/** Before the server's first answer. */
export const untried = { attempts: 0, error: null, isRecorded: false, applied: false }

/** A row without place and state, and its payload. */
export interface PreparedItem {
  row: Omit<New<ItemRow>, 'state'>
  payload: string
}

/** @throws OutboxError `too_large` */
export async function prepareItem(
  command: NewCommand,
  about: Pick<ItemRow, 'id' | 'at'>,
): Promise<PreparedItem> {
  const payload = payloadText(command.payload)
  const payloadBytes = new TextEncoder().encode(payload).length
  if (payloadBytes > maxPayloadBytes)
    throw new OutboxError('too_large', `${payload.length} characters of payload`)
  const { text, ...title } = titleOf(command)
  const row = {
    ...about,
    type: command.type,
    incidentId: command.payload.incidentId,
    hash: await sha256Hex(payload),
    ...title,
    text: text.slice(0, shownCharacters).toWellFormed(),
    photoHashes: [...new Set(photosOf(command).map(({ hash }) => hash))],
    bytes: photosOf(command).reduce((sum, photo) => sum + photo.bytes, payloadBytes),
    replaces: null,
    draftId: null,
    ...untried,
  }
  return { row, payload }
}

/** Reduces a finished item to its small row. */
export function receiptRow(
  item: ItemRow,
  done: Pick<ReceiptRow, 'state' | 'receivedAt' | 'version'>,
): New<ReceiptRow> {
  return { ...fields(item, titledFields), ...done }
}
