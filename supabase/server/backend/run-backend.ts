import type { MessagePort } from 'node:worker_threads'
import { DatabaseError } from '../base/database-types.ts'
import { ServerError, messageOf } from '../base/errors.ts'
import { migrate, readMigrations } from '../owner/migrate.ts'
import { wakeIndexes } from '../owner/resting-indexes.ts'
import { archivePath, findArchive, packageVersion, saveArchive } from './archive.ts'
import type { Engine, OwnerTransaction } from './engine.ts'
import { endWhenIdle } from './idle-transaction.ts'
import { KeptColumns } from './kept-columns.ts'
import type {
  BackendCall,
  BackendEvent,
  BackendOptions,
  BackendStep,
  PackedAnswer,
  PlainRequest,
  PlainResponse,
} from './messages.ts'
import { provisionGrants, provisionRoles, readState, writeState } from './provision.ts'

export async function runBackend(port: MessagePort, options: BackendOptions): Promise<void> {
  const send = (event: BackendEvent, transfer: ArrayBuffer[] = []) =>
    port.postMessage(event, transfer)
  try {
    const backend = await openBackend(options, (step) => send({ event: 'progress', step }))
    port.on('message', ({ id, call }: { id: number; call: BackendCall }) => {
      answer(backend, call).then(
        (value) => send({ event: 'reply', id, value }, transferable(value)),
        (error: unknown) => send({ event: 'refusal', id, ...refusalOf(error) }),
      )
    })
    const { tier, fresh } = backend.engine
    send({ event: 'ready', tier, fresh })
  } catch (error) {
    send({
      event: 'failed',
      message: messageOf(error),
      expected: error instanceof ServerError || error instanceof DatabaseError,
    })
  }
}

interface OpenBackend {
  engine: Engine
  app: ReturnType<typeof import('./lite.ts').createLite>
  columns: KeptColumns
  transactions: Map<number, OwnerTransaction>
}

async function openBackend(
  options: BackendOptions,
  progress: (step: BackendStep) => void,
): Promise<OpenBackend> {
  const migrations = readMigrations()
  const archive = archivePath(migrations)
  const engine = await openEngine(options, findArchive(archive), progress)
  const { owner, connection } = engine
  // By now the engine's connection has loaded it.
  const { createLite, keepIntrospection, warmUp } = await import('./lite.ts')

  await provisionRoles(owner)
  const systemVersion = `lite ${packageVersion('@supabase/lite')}`
  if ((await readState(owner, 'system_schema')) !== systemVersion) {
    await engine.asOwnerConnection((ownerConnection) =>
      createLite(ownerConnection, options.secrets, options.siteUrl).ensureSystemSchema(),
    )
    await writeState(owner, 'system_schema', systemVersion)
  }
  // before migrations, which may name an index; those of an import that was killed
  await wakeIndexes(owner, () => progress('indexing'))
  const applied = await migrate(owner, migrations)
  if (applied.length > 0) progress('migrating')
  engine.schemaIsCurrent()
  await provisionGrants(owner)
  if (engine.fresh && applied.length === migrations.length) {
    const tar = await engine.dump()
    if (tar) saveArchive(archive, tar)
  }
  await engine.useApiLogin()
  if (engine.tier === 'embedded') await keepIntrospection(connection, owner)
  const app = createLite(connection, options.secrets, options.siteUrl)
  await engine.exclusively(() => warmUp(app, options.secrets))
  connection.shortenCalls()
  await engine.canary()
  const columns = new KeptColumns(async (user, sql, params) => {
    const path = '/rest/v1/rpc/incident_columns'
    const { rows } = await engine.exclusively(() => connection.runAs(user, path, sql, params))
    return rows as Record<string, unknown>[]
  })
  return { engine, app, columns, transactions: new Map() }
}

async function openEngine(
  options: BackendOptions,
  prepared: string | null,
  progress: (step: BackendStep) => void,
): Promise<Engine> {
  if (options.databaseUrl) {
    progress('connecting')
    const { openPostgres } = await import('./postgres-engine.ts')
    return openPostgres(options.databaseUrl)
  }
  const { openPglite } = await import('./pglite-engine.ts')
  const { dataDir, archive, engine } = options
  return openPglite(dataDir, archive ?? prepared, archive !== undefined, progress, engine)
}

async function answer(backend: OpenBackend, call: BackendCall): Promise<unknown> {
  const { engine, transactions } = backend
  switch (call.op) {
    case 'fetch':
      return engine.exclusively(() => fetchFrom(backend, call.request))
    case 'query':
      return call.tx === null
        ? engine.owner.query(call.sql, call.params)
        : transactionOf(backend, call.tx).query(call.sql, call.params)
    case 'exec':
      if (call.tx !== null) return transactionOf(backend, call.tx).exec(call.sql)
      return engine.owner.exec(call.sql)
    case 'begin': {
      const transaction = endWhenIdle(await engine.begin())
      const number = ++lastTransaction
      transactions.set(number, transaction)
      return number
    }
    case 'end': {
      const transaction = transactionOf(backend, call.tx)
      transactions.delete(call.tx)
      return transaction.end(call.commit)
    }
    case 'receive':
      return engine.exclusively(() => receive(engine, call))
    case 'months':
      return backend.columns.months(call.user).catch(() => null)
    case 'columns':
      return packedFor(backend, call).catch(() => null)
    case 'ahead':
      return backend.columns.ahead(call.user, call.least)
    case 'apply':
      return applyAs(engine, call)
    case 'canary':
      return engine.canary()
    case 'dump':
      return engine.dump()
    case 'close':
      return engine.close()
  }
}

let lastTransaction = 0

function transactionOf({ transactions }: OpenBackend, number: number): OwnerTransaction {
  const transaction = transactions.get(number)
  if (!transaction) throw new DatabaseError('This transaction has ended.', '25P01')
  return transaction
}

async function fetchFrom({ app }: OpenBackend, request: PlainRequest): Promise<PlainResponse> {
  const response = await app.fetch(
    new Request(request.url, {
      method: request.method,
      headers: request.headers,
      body: request.body,
    }),
  )
  return {
    status: response.status,
    headers: [...response.headers],
    body: await response.arrayBuffer(),
  }
}

/** Null for a refused call: lite words its answer. */
async function receive(
  { connection }: Engine,
  { user, body }: Extract<BackendCall, { op: 'receive' }>,
): Promise<string | null> {
  try {
    const { rows } = await connection.runAs(user, '/rest/v1/rpc/apply_commands', receiptsSql, [
      body,
    ])
    return (rows[0] as { receipts: string }).receipts
  } catch {
    return null
  }
}

const receiptsSql = `select public.apply_commands($1::text::json -> 'p_commands')::text as receipts`

/** A copy, which goes to the other thread: the kept one stays. */
async function packedFor(
  { columns }: OpenBackend,
  { user, months, encoding }: Extract<BackendCall, { op: 'columns' }>,
): Promise<PackedAnswer> {
  const kept = await columns.columns(user, months, encoding)
  return { body: new Uint8Array(kept.body).buffer, encoding: kept.encoding }
}

/** As the sender, at the time of receipt. */
async function applyAs(
  engine: Engine,
  { user, commands, received }: Extract<BackendCall, { op: 'apply' }>,
): Promise<void> {
  await engine.owner.transaction(async (tx) => {
    const claims = JSON.stringify({ sub: user, role: 'authenticated' })
    await tx.query(
      `select set_config('request.jwt.claim.sub', $1, true),
              set_config('request.jwt.claim.role', 'authenticated', true),
              set_config('request.jwt.claims', $2, true)`,
      [user, claims],
    )
    await tx.query('select private.apply_commands_at($1::text::json, $2::text::timestamptz)', [
      commands,
      received,
    ])
  })
}

function transferable(value: unknown): ArrayBuffer[] {
  if (value instanceof Uint8Array && value.buffer instanceof ArrayBuffer) return [value.buffer]
  const body = (value as Partial<PlainResponse> | null)?.body
  return body instanceof ArrayBuffer ? [body] : []
}

function refusalOf(error: unknown): { message: string; code: string; detail?: string } {
  const message = messageOf(error)
  if (!(error instanceof DatabaseError)) return { message, code: 'XX000' }
  return { message, code: error.code, ...(error.detail ? { detail: error.detail } : {}) }
}
