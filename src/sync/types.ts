import type { NewPhoto } from '@/domain/photo/new-photo.ts'
import type { PhotoMediaType } from '@/domain/photo/photo-bytes.ts'
import type { CommandError, Draft, WireCommand } from '@/domain/command/command.ts'
import type { CommandType, NewCommand } from '@/domain/command/types/index.ts'

/**
 * Where an item is. `draft` items are not in the queue; `received` and `replaced` ones are kept as
 * small rows without payload and photos.
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

/** One line of the outbox: everything a list shows, without the payload. */
export interface ItemSummary {
  /** The command's id. */
  id: string
  /** Opaque: hand the last one of a page to `page({ after })`. */
  cursor: string
  state: QueueState
  type: CommandType
  incidentId: string
  /** Device instant at which it was queued. */
  at: string
  categoryCode: string | null
  lon: number | null
  lat: number | null
  /** Description or note, its first 200 characters. */
  text: string
  addressLabel: string
  photoHashes: string[]
  /** What it weighs: payload and photos. */
  bytes: number
  /** How often it was sent. */
  attempts: number
  /** Why it was refused or conflicts; for a queued item what its last try met, else null. */
  error: CommandError | null
  /** The earlier item of the same incident that has to be dealt with first. */
  waitingFor: { id: string; state: QueueState } | null
  /** The refused command this one is the corrected copy of. */
  replaces: string | null
  /** Device instant of the receipt. */
  receivedAt: string | null
  /** The incident's version after it, by the receipt. */
  version: number | null
  /** True when the server has it but lacks one of its photos. */
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
  /** True when the server confirmed that it holds the file. */
  isUploaded: boolean
}

export interface UploadPhoto {
  hash: string
  mediaType: PhotoMediaType
  bytes: ArrayBuffer
  /** An earlier try may have reached the server: ask before sending it all again. */
  mayBeThere: boolean
}

/**
 * The way to the server. Both throw `AppError`; kind `invalid` with a code `photo_…` from
 * `uploadPhoto` is a refusal for good, everything else is tried again. `uploadPhoto` resolves only
 * when the server holds the whole file.
 */
export interface Transport {
  /** The answer as it came: receipts, or whatever a portal made of it. */
  applyCommands(commands: WireCommand[], signal: AbortSignal): Promise<unknown>
  uploadPhoto(photo: UploadPhoto, signal: AbortSignal): Promise<void>
}

export type SendStatus =
  | { kind: 'idle' }
  | { kind: 'sending'; done: number; total: number }
  /** `until`: device milliseconds since the epoch; `reason`: an `AppErrorKind` or `missing_receipt`. */
  | { kind: 'waiting'; until: number; reason: string }
  | { kind: 'no-network'; until: number }
  | { kind: 'needs-sign-in' }
  /** Another tab of this device sends. */
  | { kind: 'stopped-elsewhere' }

export interface Readable<T> {
  readonly value: T
  /** Calls the listener at every change. Returns how to stop. */
  subscribe(listener: (value: T) => void): () => void
}

export interface PageRequest {
  /** Default: all of the queue's. */
  states?: readonly QueueState[]
  /** `cursor` of the last item of the page before. */
  after?: string
  limit: number
}

/** Whose queue, and of which server's database. */
export interface QueueOwner {
  instanceId: string
  userId: string
}
export interface WaitingQueue extends QueueOwner {
  /** Drafts, and the queue in all its states. */
  unsent: number
}

export interface ImportReport {
  imported: number
  /** Already here, or already received. */
  skipped: number
  /** `id`: of the command or draft, or the hash of the photo. */
  rejected: { id: string; reason: 'wrong_hash' | 'wrong_shape' | 'photo_missing' }[]
}

/**
 * What is kept on this device until the server has proven that it has it. Every promise resolves
 * after the transaction is on the disk. Fails with `OutboxError`.
 */
export interface Outbox extends Readonly<QueueOwner> {
  /**
   * `seen`: `updatedAt` of the stored version this one was made of, null when there was none.
   * @throws OutboxError `already_sent`, `changed_elsewhere`: another tab was faster
   */
  saveDraft(draft: Draft, seen?: string | null): Promise<void>
  /** Newest first. */
  loadDrafts(): Promise<Draft[]>
  loadDraft(id: string): Promise<Draft | undefined>
  /**
   * Also lets go of its photos, unless something else needs them.
   * @throws OutboxError `changed_elsewhere` as `saveDraft`
   */
  deleteDraft(id: string, seen?: string | null): Promise<void>
  /** The photo belongs to nobody until a draft or command that names it is saved. */
  savePhoto(photo: NewPhoto): Promise<StoredPhoto>
  loadPhoto(hash: string): Promise<StoredPhoto | undefined>
  /** The small picture alone, without loading the large one. */
  loadThumbnail(hash: string): Promise<ArrayBuffer | undefined>

  /**
   * Puts a command in the queue and takes its draft out, in one step. Doing it twice for one draft
   * gives the same item.
   * @throws OutboxError `photo_missing`, `already_replaced`, `too_large`, `storage_full`;
   *   `changed_elsewhere` when the draft is not the one of `draftSeen` any more
   */
  enqueue(
    command: NewCommand,
    options?: { fromDraft?: string; draftSeen?: string; replaces?: string },
  ): Promise<QueuedItem>
  /**
   * Sends again: a queued item now; a refused one unchanged, under a new id where the server has
   * recorded the refusal. Returns the item as it is queued now. @throws OutboxError `not_editable`
   */
  retry(id: string): Promise<QueuedItem>
  /** Throws a refused or conflicting item away. @throws OutboxError `not_editable` */
  discard(id: string): Promise<void>
  /**
   * A refused or conflicting item as it can be edited: a draft (not saved yet) for reports and
   * confirmations, the command for others. The item stays until `enqueue` with `replaces`.
   * @throws OutboxError `not_editable`
   */
  edit(id: string): Promise<Draft | NewCommand>
  /**
   * Takes a report or confirmation that was never sent out of the queue: it is a draft again. Null
   * when it is too late for that.
   */
  recall(id: string): Promise<Draft | null>

  /** Unsent ones in the order in which they go, then received and replaced ones, newest first. */
  page(request: PageRequest): Promise<ItemSummary[]>
  item(id: string): Promise<QueuedItem | undefined>
  /** What is unsent about one incident, in the order in which it goes. */
  ofIncident(incidentId: string): Promise<QueuedItem[]>
  counts(): Promise<Record<ItemState, number>>
  /** Everything that the server has not received: drafts, and the queue in all its states. */
  unsent(): Promise<number>

  /** Everything unsent, photos included, as one JSON file that `importFile` reads. */
  exportFile(): Promise<Blob>
  /**
   * @param options `fromElsewhere`: the person has confirmed that items made for another instance are
   * sent to this one, under their name
   * @throws OutboxError `not_an_export`, `wrong_instance`, `wrong_user`
   */
  importFile(file: Blob, options?: { fromElsewhere?: boolean }): Promise<ImportReport>

  /** What waits on this device for other instances, anybody's. */
  waitingElsewhere(known: readonly QueueOwner[]): Promise<WaitingQueue[]>
  exportWaiting(queue: QueueOwner): Promise<Blob>
  /** Moves such a queue into this one, once the person has confirmed it. */
  takeOver(queue: QueueOwner): Promise<ImportReport>

  /** Begins to send whenever there is something to send, unless another tab does. */
  start(): void
  stop(): Promise<void>
  /** Tries at once what waits. Resolves when nothing more can be sent now. */
  sendNow(): Promise<void>
  /** Goes on after `needs-sign-in`, for the same person only. */
  resume(userId: string): void
  readonly status: Readable<SendStatus>
  /** Any change of drafts, photos or queue, in this tab or another. */
  subscribe(listener: () => void): () => void

  /** Small things kept beside the queue, erased with the account's data. */
  readonly kv: {
    get<T>(key: string): Promise<T | undefined>
    set(key: string, value: unknown): Promise<void>
  }
  /**
   * Before somebody signs out: erases what they were shown (`kv` keys that begin with `seen:`) and
   * what the server has received; everything unsent stays.
   */
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
  /** Waits; ends early when the signal aborts, without throwing. */
  sleep?: (millis: number, signal: AbortSignal) => Promise<void>
  /** Aborts with a TimeoutError after so long. */
  timeout?: (millis: number) => AbortSignal
  locks?: Pick<LockManager, 'request'>
  indexedDB?: IDBFactory
  keyRange?: typeof IDBKeyRange
}
