import { chmodSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseError } from '../base/database-types.ts'
import type { Database, SqlValue } from '../base/database-types.ts'
import { messageOf } from '../base/errors.ts'
import type { FairQueue } from '../wire/fair-queue.ts'
import { givingWay } from './give-way.ts'

export interface AdminCall {
  sql: string
  params?: SqlValue[]
  /** `exec` takes several statements and returns no rows. */
  kind: 'query' | 'exec' | 'commit'
}
export type AdminReply = { rows: unknown[] } | { error: string; code: string; detail?: string }

/** A call of a command that has no answer yet. */
export interface CallUnderWay {
  /** Command and process. */
  who: string
  seconds: number
}

/** Command and process of a call. */
export const callerHeader = 'x-wangge-command'

/** An import batch is far smaller. */
const callBytes = 64 * 1024 * 1024

/** In the temporary folder when the path is too long (108 bytes). */
export function adminSocketPath(dataDir: string): string {
  const path = join(dataDir, 'admin.sock')
  if (Buffer.byteLength(path) < 100) return path
  const name = createHash('sha256').update(dataDir).digest('hex').slice(0, 24)
  return join(tmpdir(), `wangge-${name}.sock`)
}

/**
 * Runs the owner's SQL for commands, while `queue` serves nobody; only the server's user may open the socket (mode
 * 0600). `POST /waiting` says at once who waits for an answer. `POST /transaction` takes and answers one call per line.
 * It commits on `{"kind":"commit"}` and rolls back when the connection ends first.
 */
export async function serveAdminSocket(
  dataDir: string,
  database: Database,
  queue: Pick<FairQueue, 'whenIdle'>,
  snapshot?: () => Promise<string>,
): Promise<{ close(): Promise<void> }> {
  const path = adminSocketPath(dataDir)
  rmSync(path, { force: true })
  const underWay = new Map<ServerResponse, { who: string; since: number }>()
  const inTurn = givingWay(database, queue)
  // a transaction is one long request: Node would cut it off after 300 seconds
  const server = createServer({ requestTimeout: 0 }, (request, response) => {
    if (request.url === '/waiting') {
      const rows = [...underWay.values()].map(({ who, since }): CallUnderWay => ({
        who,
        seconds: (performance.now() - since) / 1000,
      }))
      return reply(response, 200, { rows })
    }
    const who = String(request.headers[callerHeader] ?? 'a command')
    underWay.set(response, { who, since: performance.now() })
    response.once('close', () => underWay.delete(response))
    void answer(inTurn, snapshot, request, response)
  })
  const previous = process.umask(0o177)
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(path, resolve)
    })
  } finally {
    process.umask(previous)
  }
  chmodSync(path, 0o600)
  return {
    async close() {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
      rmSync(path, { force: true })
    },
  }
}

async function answer(
  database: Database,
  snapshot: (() => Promise<string>) | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    if (request.method !== 'POST')
      return reply(response, 405, { error: 'POST only', code: '0A000' })
    if (request.url === '/transaction') return await answerTransaction(database, request, response)
    if (request.url === '/snapshot' && snapshot) {
      return reply(response, 200, { rows: [{ path: await snapshot() }] })
    }
    const kind = request.url === '/query' ? 'query' : request.url === '/exec' ? 'exec' : null
    if (!kind) return reply(response, 404, { error: 'No such call', code: '0A000' })
    const call = { ...(JSON.parse(await readBody(request)) as AdminCall), kind } as AdminCall
    reply(response, 200, await run(database, call))
  } catch (error) {
    if (!response.headersSent) reply(response, 400, { error: messageOf(error), code: '22023' })
  }
}

async function run(database: Database, call: AdminCall): Promise<AdminReply> {
  try {
    if (call.kind === 'query') return { rows: await database.query(call.sql, call.params ?? []) }
    await database.exec(call.sql)
    return { rows: [] }
  } catch (error) {
    if (!(error instanceof DatabaseError)) return { error: messageOf(error), code: 'XX000' }
    const detail = error.detail === undefined ? {} : { detail: error.detail }
    return { error: error.message, code: error.code, ...detail }
  }
}

async function answerTransaction(
  database: Database,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/x-ndjson' })
  response.flushHeaders()
  const write = (value: AdminReply) => response.write(`${JSON.stringify(value)}\n`)
  let committed = false
  try {
    await database.transaction(async (tx) => {
      for await (const line of createInterface({ input: request })) {
        const call = JSON.parse(line) as AdminCall
        if (call.kind === 'commit') {
          committed = true
          return
        }
        write(await run(tx, call))
      }
      throw new Error('The client went away.')
    })
    write({ rows: [] })
  } catch (error) {
    if (committed) write({ error: messageOf(error), code: 'XX000' })
  }
  response.end()
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > callBytes) throw new Error(`A call takes at most ${callBytes} bytes.`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function reply(response: ServerResponse, status: number, value: AdminReply): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(value))
}
