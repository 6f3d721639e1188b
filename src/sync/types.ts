import type { NewPhoto } from '@/domain/photo/new-photo.ts'
import type { PhotoMediaType } from '@/domain/photo/photo-bytes.ts'
import type { CommandError, Draft, WireCommand } from '@/domain/command/command.ts'
import type { CommandType, NewCommand } from '@/domain/command/types/index.ts'

/** `received` and `replaced` items lose payload and photos. */
export type ItemState =
  | 'draft'
  | 'queued'
  | 'sending'
  | 'received'
  | 'conflict'
  | 'rejected'
  | 'replaced'
export type QueueState = Exclude<ItemState, 'draft'>

export interface ItemSummary {
  id: string
  /** Opaque; for `page({ after })`. */
  cursor: string
  state: QueueState
  type: CommandType
  /** Or of the mark on a finding: its subject. */
  incidentId: string
  /** Device instant. */
  at: string
  categoryCode: string | null
  lon: number | null
  lat: number | null
  /** First 200 characters. */
  text: string
  addressLabel: string
  /** Name of the step, of a transition. */
  transition?: string
  photoHashes: string[]
  /** Payload and photos. */
  bytes: number
  attempts: number
  /** For a queued item its last failure. */
  error: CommandError | null
  /** It can be taken back until then; device milliseconds. */
  notBefore: number | null
  /** Earlier item of the same incident, or the draft that it was taken back to. */
  waitingFor: { id: string; state: ItemState } | null
  /** Refused command that this one corrects. */
  replaces: string | null
  /** Device instant. */
  receivedAt: string | null
  /** Version of the incident. */
  version: number | null
  /** Of the incident, once the server has given it. */
  caseNumber: string | null
  /** The server has the command but lacks a photo. */
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
  isUploaded: boolean
}

export interface UploadPhoto {
  hash: string
  mediaType: PhotoMediaType
  bytes: ArrayBuffer
  /** An earlier try may have arrived. */
  mayBeThere: boolean
}

/**
 * All throw `AppError`. Only `invalid` with a code `photo_…` is final. `uploadPhoto` resolves once
 * the whole file has arrived.
 */
export interface Transport {
  /** Resolves once the server has answered anything. Carries nothing of the person's. */
  knock(signal: AbortSignal): Promise<void>
  /** Receipts, or a portal's page. */
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
  | { kind: 'stopped-elsewhere' }

export interface Readable<T> {
  readonly value: T
  subscribe(listener: (value: T) => void): () => void
}

export interface PageRequest {
  /** Defaults to all. */
  states?: readonly QueueState[]
  /** `cursor` of the previous page's last item. */
  after?: string
  limit: number
}

export interface QueueOwner {
  instanceId: string
  userId: string
}
export interface WaitingQueue extends QueueOwner {
  unsent: number
}

export interface ImportReport {
  imported: number
  /** Already here or received. */
  skipped: number
  /** `id` of a command or draft, or a photo hash. */
  rejected: { id: string; reason: 'wrong_hash' | 'wrong_shape' | 'photo_missing' }[]
}

/**
 * Keeps work until the server proves that it has it. Promises resolve once on disk; failures are
 * `OutboxError`.
 */
export interface Outbox extends Readonly<QueueOwner> {
  /**
   * @param seen `updatedAt` of the version edited, null for none
   * @throws OutboxError `already_sent`, `changed_elsewhere`: another tab was faster
   */
  saveDraft(draft: Draft, seen?: string | null): Promise<void>
  /** Newest first. */
  loadDrafts(): Promise<Draft[]>
  loadDraft(id: string): Promise<Draft | undefined>
  /** @throws OutboxError `changed_elsewhere` */
  deleteDraft(id: string, seen?: string | null): Promise<void>
  /** Unclaimed until a draft or command names the photo. */
  savePhoto(photo: NewPhoto): Promise<StoredPhoto>
  loadPhoto(hash: string): Promise<StoredPhoto | undefined>
  loadThumbnail(hash: string): Promise<ArrayBuffer | undefined>

  /**
   * Queues a command and removes its draft. A second call for the same draft returns the same item.
   * @throws OutboxError `photo_missing`, `already_replaced`, `too_large`, `storage_full`;
   * `changed_elsewhere` when the draft is newer than `draftSeen`
   * @param options `holdMs`: for so long it can be taken back, at most a minute
   */
  enqueue(
    command: NewCommand,
    options?: { fromDraft?: string; draftSeen?: string; replaces?: string; holdMs?: number },
  ): Promise<QueuedItem>
  /**
   * Queues commands in one transaction, all or none. Returns their ids in order.
   * @throws OutboxError as `enqueue`
   */
  enqueueAll(commands: readonly NewCommand[], options?: { holdMs?: number }): Promise<string[]>
  /** A recorded refusal gets a new id. @throws OutboxError `not_editable` */
  retry(id: string): Promise<QueuedItem>
  /**
   * With a report go the items that wait behind it. @throws OutboxError `not_editable` while it is
   * being sent
   */
  discard(id: string): Promise<void>
  /**
   * Draft of a refused or conflicting report or confirmation, else the command; also the command of
   * an item that never left the device. The item stays until `enqueue` with `replaces`.
   * @throws OutboxError `not_editable`
   */
  edit(id: string): Promise<Draft | NewCommand>
  /**
   * Turns a report or confirmation that never left the device back into a draft. It keeps its place:
   * what waits behind it waits on. Null when too late.
   */
  recall(id: string): Promise<Draft | null>
  /** Takes an unsent command out, its photos stay; null when too late. */
  takeBack(id: string): Promise<NewCommand | null>

  /** Takes all of them that are unsent out, in one transaction. Returns how many. */
  takeBackAll(ids: readonly string[]): Promise<number>

  /** Unsent items first, in queue order; then finished ones, newest first. */
  page(request: PageRequest): Promise<ItemSummary[]>
  item(id: string): Promise<QueuedItem | undefined>
  /** Those of the ids that are known, in no order. */
  items(ids: readonly string[]): Promise<ItemSummary[]>
  /** Unsent items, in queue order. */
  ofIncident(incidentId: string): Promise<QueuedItem[]>
  counts(): Promise<Record<ItemState, number>>
  /** Number of drafts and unsent items. */
  unsent(): Promise<number>

  /** Unsent work as JSON. */
  exportFile(): Promise<Blob>
  /**
   * @param options `fromElsewhere`: the person agreed to send another instance's items
   * @throws OutboxError `not_an_export`, `wrong_instance`, `wrong_user`
   */
  importFile(file: Blob, options?: { fromElsewhere?: boolean }): Promise<ImportReport>

  /** Unsent work for other instances, of all people. */
  waitingElsewhere(known: readonly QueueOwner[]): Promise<WaitingQueue[]>
  exportWaiting(queue: QueueOwner): Promise<Blob>
  /** Moves that queue here; ask first. */
  takeOver(queue: QueueOwner): Promise<ImportReport>

  /** Waits while another tab sends. */
  start(): void
  stop(): Promise<void>
  /** Ends waits. Resolves when nothing more can be sent. */
  sendNow(): Promise<void>
  /** After `needs-sign-in`, for the same person only. */
  resume(userId: string): void
  readonly status: Readable<SendStatus>
  /** Called on changes in any tab. */
  subscribe(listener: () => void): () => void

  /** Erased with the account's data. */
  readonly kv: {
    get<T>(key: string): Promise<T | undefined>
    set(key: string, value: unknown): Promise<void>
  }
  /** For sign-out: erases `seen:` keys and receipts, not unsent work. */
  eraseSeen(): Promise<void>
  close(): Promise<void>
}

export interface OpenOptions {
  instanceId: string
  userId: string
  transport: Transport
  /** Epoch milliseconds. */
  now?: () => number
  /** From 0 up to 1. */
  random?: () => number
  /** Resolves early on abort. */
  sleep?: (millis: number, signal: AbortSignal) => Promise<void>
  /** Aborts with a TimeoutError. */
  timeout?: (millis: number) => AbortSignal
  locks?: Pick<LockManager, 'request'>
  indexedDB?: IDBFactory
  keyRange?: typeof IDBKeyRange
}
