import { Dexie, type Table } from 'dexie'
import type { PhotoMediaType } from '@/domain/photo/photo-bytes.ts'
import type { CaptureForm, CommandError, Draft } from '@/domain/command/command.ts'
import type { CommandType } from '@/domain/command/types/index.ts'
import { toOutboxError } from './errors.ts'

/**
 * How the queue holds an item. `queued` may be sent now; `photos` once its photos are at the server;
 * `held` waits behind an earlier item of its incident, of which only the first is ever anything else.
 * So finding what to send or to upload is a look into one index, however much waits.
 */
export const rowStates = ['queued', 'photos', 'held', 'sending', 'conflict', 'rejected'] as const
export type RowState = (typeof rowStates)[number]

/** What both an item and its receipt know. */
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
  'photoHashes',
  'bytes',
  'replaces',
  'draftId',
] as const satisfies (keyof Titled)[]
interface Titled {
  id: string
  type: CommandType
  incidentId: string
  at: string
  hash: string
  categoryCode: string | null
  lon: number | null
  lat: number | null
  text: string
  addressLabel: string
  photoHashes: string[]
  /** Of payload and photos. */
  bytes: number
  replaces: string | null
  /** The draft it was made of: the same draft makes no second item. */
  draftId: string | null
}
export interface ItemRow extends Titled {
  /** Given by the database, growing: the order of the queue. */
  seq: number
  state: RowState
  attempts: number
  error: CommandError | null
  /** The server has recorded the refusal under this id, so that sending again needs another. */
  isRecorded: boolean
  /** The server has the command but lacks one of its photos. */
  applied: boolean
  /** What the form knew and no command says: not to be asked again when it is in hand again. */
  answers?: Pick<CaptureForm, 'isPinChecked' | 'notTheseIds'>
}
/** What is left of an item that is done with. */
export interface ReceiptRow extends Titled {
  seq: number
  state: 'received' | 'replaced'
  receivedAt: string
  version: number | null
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
  /** 0 from saving until a draft or item that names it is saved: no receipt may delete it then. */
  isClaimed: 0 | 1
  isUploaded: 0 | 1
  /** An upload was begun; how it ended is not known unless `isUploaded`. */
  isTried: 0 | 1
}

/** What a photo is, whatever becomes of it. */
export const photoFacts = [
  'mediaType',
  'width',
  'height',
  'takenAt',
  'lon',
  'lat',
] as const satisfies (keyof PhotoRow)[]

export type New<T extends { seq: number }> = Omit<T, 'seq'> & { seq?: number }

/** Payloads and pictures lie apart from their rows, so that lists and counts never load them. */
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
      // A commit counts only once the disk has it.
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

  /** One transaction over all tables that the queue's consistency spans. @throws OutboxError */
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

  /** The items of an incident in their order. */
  ofIncident(incidentId: string) {
    return this.items
      .where('[incidentId+seq]')
      .between([incidentId, Dexie.minKey], [incidentId, Dexie.maxKey])
  }

  doneIn(state: ReceiptRow['state'], belowSeq: number = Infinity) {
    return this.receipts.where('[state+seq]').between([state, Dexie.minKey], [state, belowSeq])
  }
}
