import { payloadText } from '@/domain/command/command.ts'
import { photosOf, subjectOf, titleOf, type NewCommand } from '@/domain/command/types/index.ts'
import { titledFields, type ItemRow, type New, type ReceiptRow } from './database.ts'
import { OutboxError } from './errors.ts'
import { fields } from './fields.ts'
import { sha256Hex } from './hash.ts'

/** Above the largest form, below a call's limit. */
const maxPayloadBytes = 256 * 1024
const shownCharacters = 200

export const untried = { attempts: 0, error: null, isRecorded: false, applied: false }

/** No call has carried it, so the server cannot have it. */
export const neverLeft = ({ state, attempts }: Pick<ItemRow, 'state' | 'attempts'>): boolean =>
  attempts === 0 && ['queued', 'photos', 'held'].includes(state)

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
    incidentId: subjectOf(command),
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

export function receiptRow(
  item: ItemRow,
  done: Pick<ReceiptRow, 'state' | 'receivedAt' | 'version' | 'caseNumber'>,
): New<ReceiptRow> {
  return { ...fields(item, titledFields), ...done }
}
