import { Dexie, type Table } from 'dexie'
import type { PhotoMediaType } from '@/domain/photo/photo-bytes.ts'
import type { CaptureForm, CommandError, Draft } from '@/domain/command/command.ts'
import type { CommandType } from '@/domain/command/types/index.ts'
import { toOutboxError } from './errors.ts'

/**
 * `queued`: may be sent. `photos`: uploads photos first. `held`: waits behind an earlier item of
 * its incident.
 */
export const shownStates = ['queued', 'photos', 'held', 'sending', 'conflict', 'rejected'] as const
export type ShownState = (typeof shownStates)[number]
/** `recalled`: a draft again, which stands for it; keeps the place for what waits behind it. */
export type RowState = ShownState | 'recalled'

export const titledFields = [
  'id',
  'type',
  'incidentId',
  'at',
  'hash',
  'categoryCode',
  'lon',
  'lat',
  'text',
  'addressLabel',
  'transition',
  'photoHashes',
  'bytes',
  'replaces',
  'draftId',
  'recalls',
] as const satisfies (keyof Titled)[]
interface Titled {
  id: string
  type: CommandType
  /** Or of the mark on a finding: its subject. */
  incidentId: string
  at: string
  hash: string
  categoryCode: string | null
  lon: number | null
  lat: number | null
  text: string
  addressLabel: string
  /** Name of the step, of a transition. */
  transition?: string
  photoHashes: string[]
  bytes: number
  replaces: string | null
  /** A draft becomes one item at most. */
  draftId: string | null
  /** The item that it was before it was taken back as a draft. */
  recalls?: string
}
export interface ItemRow extends Titled {
  /** Queue order. */
  seq: number
  state: RowState
  attempts: number
  error: CommandError | null
  /** The server recorded the refusal: retry with a new id. */
  isRecorded: boolean
  /** The server lacks only photos. */
  applied: boolean
  /** Not sent before it; device milliseconds. */
  notBefore?: number
  /** Form answers that no command carries. */
  answers?: Pick<CaptureForm, 'isPinChecked' | 'notTheseIds'>
}
export interface ReceiptRow extends Titled {
  seq: number
  state: 'received' | 'replaced'
  receivedAt: string
  version: number | null
  /** Missing in what older versions kept. */
  caseNumber?: string | null
}
export interface PhotoRow {
  hash: string
  mediaType: PhotoMediaType
  width: number
  height: number
  takenAt?: string
  lon?: number
  lat?: number
  /** Device milliseconds. */
  savedAt: number
  /** 1 once a draft or item names it. Receipts delete claimed photos only. */
  isClaimed: 0 | 1
  isUploaded: 0 | 1
  /** An upload was begun. */
  isTried: 0 | 1
}

export const photoFacts = [
  'mediaType',
  'width',
  'height',
  'takenAt',
  'lon',
  'lat',
] as const satisfies (keyof PhotoRow)[]

export type New<T extends { seq: number }> = Omit<T, 'seq'> & { seq?: number }

/** Payloads and pictures have own tables: lists and counts never load them. */
export class OutboxDatabase extends Dexie {
  drafts!: Table<Draft, string>
  items!: Table<ItemRow, number, New<ItemRow>>
  payloads!: Table<{ id: string; payload: string }, string>
  photos!: Table<PhotoRow, string>
  photoBytes!: Table<{ hash: string; bytes: ArrayBuffer }, string>
  thumbnails!: Table<{ hash: string; bytes: ArrayBuffer }, string>
  receipts!: Table<ReceiptRow, number, New<ReceiptRow>>
  kv!: Table<{ key: string; value: unknown }, string>

  constructor(name: string, indexedDB?: IDBFactory, keyRange?: typeof IDBKeyRange) {
    super(name, {
      // Commits resolve once on disk.
      chromeTransactionDurability: 'strict',
      ...(indexedDB && { indexedDB }),
      ...(keyRange && { IDBKeyRange: keyRange }),
    })
    this.version(1).stores({
      drafts: 'id, *photoHashes',
      items: '++seq, &id, [state+seq], [incidentId+seq], draftId, *photoHashes',
      payloads: 'id',
      photos: 'hash, savedAt',
      photoBytes: 'hash',
      thumbnails: 'hash',
      receipts: '++seq, &id, [state+seq], draftId',
      kv: 'key',
    })
  }

  /** @throws OutboxError */
  async write<T>(body: () => Promise<T>, tables: Table[] = this.tables): Promise<T> {
    try {
      return await this.transaction('rw', tables, body)
    } catch (error) {
      throw toOutboxError(error)
    }
  }

  /** @throws OutboxError */
  async read<T>(body: () => Promise<T>, tables: Table[]): Promise<T> {
    try {
      return await this.transaction('r', tables, body)
    } catch (error) {
      throw toOutboxError(error)
    }
  }

  inState(state: RowState, aboveSeq = 0) {
    return this.items.where('[state+seq]').between([state, aboveSeq], [state, Dexie.maxKey], false)
  }

  /** In queue order. */
  ofIncident(incidentId: string) {
    return this.items
      .where('[incidentId+seq]')
      .between([incidentId, Dexie.minKey], [incidentId, Dexie.maxKey])
  }

  doneIn(state: ReceiptRow['state'], belowSeq: number = Infinity) {
    return this.receipts.where('[state+seq]').between([state, Dexie.minKey], [state, belowSeq])
  }
}
