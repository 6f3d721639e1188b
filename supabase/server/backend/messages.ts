import type { Secrets } from '../base/secrets.ts'
import type { SqlValue } from '../base/database-types.ts'
import type { Encoding } from '../wire/compress.ts'
import type { EnginePackages } from './engine-version.ts'

export interface BackendOptions {
  dataDir: string
  databaseUrl: string | null
  secrets: Secrets
  /** The issuer of sessions. */
  siteUrl: string
  /** A backup to make a new database from. */
  archive?: string
  /** For a folder of another engine. */
  engine?: EnginePackages
}

export interface PlainRequest {
  method: string
  url: string
  headers: [string, string][]
  body: ArrayBuffer | null
}
export interface PlainResponse {
  status: number
  headers: [string, string][]
  body: ArrayBuffer
}

export interface PackedAnswer {
  body: ArrayBuffer
  encoding: Encoding
}

/** Main thread → worker. `tx` names an open transaction; without it a statement stands alone. */
export type BackendCall =
  | { op: 'fetch'; request: PlainRequest }
  | { op: 'query'; sql: string; params: readonly SqlValue[]; tx: number | null }
  | { op: 'exec'; sql: string; tx: number | null }
  | { op: 'begin' }
  | { op: 'end'; tx: number; commit: boolean }
  /** Commands of a checked person; answered by the receipts' text, or null: ask by `fetch`. */
  | { op: 'receive'; user: string; body: string }
  /** From kept columns of a checked person; null where they cannot answer: ask by `fetch`. */
  | { op: 'months'; user: string }
  | { op: 'columns'; user: string; months: readonly string[]; encoding: Encoding }
  /** Packs one more month of a person's scope; answered by whether there may be another. */
  | { op: 'ahead'; user: string; least: number }
  | { op: 'apply'; user: string; commands: string; received: string }
  | { op: 'canary' }
  | { op: 'dump' }
  | { op: 'close' }

/** Worker → main thread. */
export type BackendEvent =
  | { event: 'progress'; step: BackendStep }
  | { event: 'ready'; tier: 'embedded' | 'postgres'; fresh: boolean }
  | { event: 'failed'; message: string; expected: boolean }
  | { event: 'reply'; id: number; value: unknown }
  | { event: 'refusal'; id: number; message: string; code: string; detail?: string }

export type BackendStep =
  | 'opening'
  | 'creating'
  | 'unpacking'
  | 'indexing'
  | 'migrating'
  | 'connecting'
