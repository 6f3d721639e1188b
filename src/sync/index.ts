export { OutboxError, type OutboxErrorCode } from './errors.ts'
export { openOutbox } from './open-outbox.ts'
export type {
  ImportReport,
  ItemState,
  ItemSummary,
  OpenOptions,
  Outbox,
  PageRequest,
  QueuedItem,
  QueueState,
  QueueOwner,
  Readable,
  SendStatus,
  StoredPhoto,
  Transport,
  UploadPhoto,
  WaitingQueue,
} from './types.ts'
