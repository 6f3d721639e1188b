import type { NewPhoto } from '@/domain/photo/new-photo.ts'
import type { PhotoMediaType } from '@/domain/photo/photo-bytes.ts'
import type { CommandError, Draft, WireCommand } from '@/domain/command/command.ts'
import type { CommandType, NewCommand } from '@/domain/command/types/index.ts'

/**
 * `draft` items are not in the queue; `received` and `replaced` ones keep a small row without
 * payload and photos.
 */
export type ItemState =
  | 'draft'
  | 'queued'
  | 'sending'
  | 'received'
  | 'conflict'
  | 'rejected'
  | 'replaced'
export type QueueState = Exclude<ItemState, 'draft'>

/** One line of the outbox, without the payload. */
export interface ItemSummary {
  /** The command's id. */
  id: string
  /** Opaque: pass the last one of a page to `page({ after })`. */
  cursor: string
  state: QueueState
  type: CommandType
  incidentId: string
  /** Device instant of queueing. */
  at: string
  categoryCode: string | null
  lon: number | null
  lat: number | null
  /** First 200 characters of description or note. */
  text: string
  addressLabel: string
  photoHashes: string[]
  /** Payload and photos. */
  bytes: number
  /** How often it was sent. */
  attempts: number
  /** Why it was refused or conflicts; of a queued item the failure of its last try. */
  error: CommandError | null
  /** An earlier item of the same incident that must go first. */
  waitingFor: { id: string; state: QueueState } | null
  /** The refused command that this one corrects. */
  replaces: string | null
  /** Device instant of the receipt. */
  receivedAt: string | null
  /** The incident's version, from the receipt. */
  version: number | null
  /** The server has it and lacks a photo. */
  applied: boolean
}

export interface QueuedItem extends ItemSummary {
  /** Null once received or replaced. */
  command: NewCommand | null
  /** SHA-256 of the payload's text. */
  hash: string
}

export interface StoredPhoto extends NewPhoto {
  /** SHA-256 of `bytes`, 64 lower-case hex digits. */
  hash: string
  /** The server has confirmed that it holds the file. */
  isUploaded: boolean
}

export interface UploadPhoto {
  hash: string
  mediaType: PhotoMediaType
  bytes: ArrayBuffer
  /** An earlier try may have arrived: ask before sending again. */
  mayBeThere: boolean
}

/**
 * The way to the server. Both throw `AppError`. Kind `invalid` with a code `photo_…` from
 * `uploadPhoto` is final; all else is tried again. `uploadPhoto` resolves after the server holds
 * the whole file.
 */
export interface Transport {
  /** The raw answer: receipts, or a portal's page. */
  applyCommands(commands: WireCommand[], signal: AbortSignal): Promise<unknown>
  uploadPhoto(photo: UploadPhoto, signal: AbortSignal): Promise<void>
}

export type SendStatus =
  | { kind: 'idle' }
  | { kind: 'sending'; done: number; total: number }
  /** `until`: device milliseconds; `reason`: an `AppErrorKind`, `missing_receipt` or
   * `server_disk_full`. */
  | { kind: 'waiting'; until: number; reason: string }
  | { kind: 'no-network'; until: number }
  | { kind: 'needs-sign-in' }
  /** Another tab of this device sends. */
  | { kind: 'stopped-elsewhere' }

export interface Readable<T> {
  readonly value: T
  /** Returns how to stop. */
  subscribe(listener: (value: T) => void): () => void
}

export interface PageRequest {
  /** All when left out. */
  states?: readonly QueueState[]
  /** `cursor` of the last item of the page before. */
  after?: string
  limit: number
}

/** A person on one instance. */
export interface QueueOwner {
  instanceId: string
  userId: string
}
export interface WaitingQueue extends QueueOwner {
  /** Drafts and queue. */
  unsent: number
}

export interface ImportReport {
  imported: number
  /** Already here or received. */
  skipped: number
  /** `id`: of the command or draft; of a photo its hash. */
  rejected: { id: string; reason: 'wrong_hash' | 'wrong_shape' | 'photo_missing' }[]
}

/**
 * Keeps work on this device until the server has proved that it holds it. Promises resolve after
 * the transaction is on the disk. Fails with `OutboxError`.
 */
export interface Outbox extends Readonly<QueueOwner> {
  /**
   * @param seen `updatedAt` of the stored version it was made of, null for none
   * @throws OutboxError `already_sent`, `changed_elsewhere`: another tab was faster
   */
  saveDraft(draft: Draft, seen?: string | null): Promise<void>
  /** Newest first. */
  loadDrafts(): Promise<Draft[]>
  loadDraft(id: string): Promise<Draft | undefined>
  /**
   * Releases its photos too.
   * @throws OutboxError `changed_elsewhere` as `saveDraft`
   */
  deleteDraft(id: string, seen?: string | null): Promise<void>
  /** The photo stays unclaimed until a saved draft or command names it. */
  savePhoto(photo: NewPhoto): Promise<StoredPhoto>
  loadPhoto(hash: string): Promise<StoredPhoto | undefined>
  loadThumbnail(hash: string): Promise<ArrayBuffer | undefined>

  /**
   * Queues a command and removes its draft, in one step. A second call for the same draft returns
   * the same item.
   * @throws OutboxError `photo_missing`, `already_replaced`, `too_large`, `storage_full`;
   * `changed_elsewhere` when the draft is newer than `draftSeen`
   */
  enqueue(
    command: NewCommand,
    options?: { fromDraft?: string; draftSeen?: string; replaces?: string },
  ): Promise<QueuedItem>
  /**
   * Sends again: a queued item now, a refused one unchanged. A recorded refusal gets a new id.
   * Returns the queued item. @throws OutboxError `not_editable`
   */
  retry(id: string): Promise<QueuedItem>
  /** Deletes a refused or conflicting item. @throws OutboxError `not_editable` */
  discard(id: string): Promise<void>
  /**
   * A refused or conflicting item for editing: an unsaved draft for reports and confirmations, else
   * the command. The item stays until `enqueue` with `replaces`.
   * @throws OutboxError `not_editable`
   */
  edit(id: string): Promise<Draft | NewCommand>
  /**
   * Turns a report or confirmation that was never sent back into a draft. Null when it is too late.
   */
  recall(id: string): Promise<Draft | null>

  /** Unsent items in queue order, then finished ones, newest first. */
  page(request: PageRequest): Promise<ItemSummary[]>
  item(id: string): Promise<QueuedItem | undefined>
  /** Unsent items of one incident, in queue order. */
  ofIncident(incidentId: string): Promise<QueuedItem[]>
  counts(): Promise<Record<ItemState, number>>
  /** Number of drafts and unsent items. */
  unsent(): Promise<number>

  /** All that is unsent, with photos, as a JSON file for `importFile`. */
  exportFile(): Promise<Blob>
  /**
   * @param options `fromElsewhere`: the person has confirmed that items of another instance are
   * sent to this one under their name
   * @throws OutboxError `not_an_export`, `wrong_instance`, `wrong_user`
   */
  importFile(file: Blob, options?: { fromElsewhere?: boolean }): Promise<ImportReport>

  /** Unsent work on this device for other instances, of all people. */
  waitingElsewhere(known: readonly QueueOwner[]): Promise<WaitingQueue[]>
  exportWaiting(queue: QueueOwner): Promise<Blob>
  /** Moves such a queue into this one; ask the person first. */
  takeOver(queue: QueueOwner): Promise<ImportReport>

  /** Starts sending, unless another tab does. */
  start(): void
  stop(): Promise<void>
  /** Tries all waiting items now. Resolves when nothing more can be sent. */
  sendNow(): Promise<void>
  /** Continues after `needs-sign-in`, for the same person only. */
  resume(userId: string): void
  readonly status: Readable<SendStatus>
  /** Called on changes of drafts, photos or queue, in any tab. */
  subscribe(listener: () => void): () => void

  /** Small values beside the queue, erased with the account's data. */
  readonly kv: {
    get<T>(key: string): Promise<T | undefined>
    set(key: string, value: unknown): Promise<void>
  }
  /** For sign-out: erases keys that begin with `seen:` and all receipts; keeps what is unsent. */
  eraseSeen(): Promise<void>
  close(): Promise<void>
}

export interface OpenOptions {
  instanceId: string
  userId: string
  transport: Transport
  /** Milliseconds since the epoch. */
  now?: () => number
  /** From 0 up to 1. */
  random?: () => number
  /** Resolves early, without throwing, when the signal aborts. */
  sleep?: (millis: number, signal: AbortSignal) => Promise<void>
  /** Aborts with a TimeoutError after this time. */
  timeout?: (millis: number) => AbortSignal
  locks?: Pick<LockManager, 'request'>
  indexedDB?: IDBFactory
  keyRange?: typeof IDBKeyRange
}
