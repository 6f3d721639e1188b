import { payloadText, photosOf, type NewCommand } from '@/domain/command/command.ts'
import { titledFields, type ItemRow, type New, type ReceiptRow } from './database.ts'
import { OutboxError } from './errors.ts'
import { fields } from './fields.ts'
import { sha256Hex } from './hash.ts'

/** Far above any form (10,000 characters, ten photos), far below what a call holds. */
const maxPayloadBytes = 256 * 1024
const shownCharacters = 200

/** How an item stands before the server has said anything about it. */
export const untried = { attempts: 0, error: null, isRecorded: false, applied: false }

/** A command made ready for the queue: its row, still without place and state, and its payload. */
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
  const row = {
    ...about,
    type: command.type,
    incidentId: command.payload.incidentId,
    hash: await sha256Hex(payload),
    ...titleOf(command),
    photoHashes: [...new Set(photosOf(command).map(({ hash }) => hash))],
    bytes: photosOf(command).reduce((sum, photo) => sum + photo.bytes, payloadBytes),
    replaces: null,
    draftId: null,
    ...untried,
  }
  return { row, payload }
}

type Title = Pick<ItemRow, 'categoryCode' | 'lon' | 'lat' | 'text' | 'addressLabel'>

/** What a list shows of a command, of any type. */
function titleOf({ type, payload }: NewCommand): Title {
  const said: {
    categoryCode?: string
    lon?: number
    lat?: number
    description?: string
    note?: string
    addressLabel?: string
  } = type === 'correct_incident' ? payload.changes : payload
  return {
    categoryCode: said.categoryCode ?? null,
    lon: said.lon ?? null,
    lat: said.lat ?? null,
    text: (said.description ?? said.note ?? '').slice(0, shownCharacters).toWellFormed(),
    addressLabel: said.addressLabel ?? '',
  }
}

/** The small row that is left of an item once it is done with. */
export function receiptRow(
  item: ItemRow,
  done: Pick<ReceiptRow, 'state' | 'receivedAt' | 'version'>,
): New<ReceiptRow> {
  return { ...fields(item, titledFields), ...done }
}
