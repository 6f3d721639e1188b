export { OutboxError, type OutboxErrorCode } from './errors.ts'
export { openOutbox } from './open-outbox.ts'
export type {
  ImportReport,
  ItemState,
  ItemSummary,
  NewPhoto,
  OpenOptions,
  Outbox,
  PageRequest,
  QueuedItem,
  QueueState,
  Readable,
  SendStatus,
  StoredPhoto,
  Transport,
  UploadPhoto,
} from './types.ts'
