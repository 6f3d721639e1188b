import { request as httpRequest } from 'node:http'
import type { ClientRequest, IncomingMessage } from 'node:http'
import { createInterface } from 'node:readline'
import { callerHeader } from './admin-socket.ts'
import type { AdminCall, AdminReply, CallUnderWay } from './admin-socket.ts'
import { DatabaseError } from '../base/database-types.ts'
import type { Database, SqlValue } from '../base/database-types.ts'
import { ServerError } from '../base/errors.ts'

/** The owner's SQL through a running server's socket. */
export function connectAdminSocket(socketPath: string): Database {
  return {
    isShared: true,
    query: async <T>(sql: string, params: readonly SqlValue[] = []) =>
      rowsOf<T>(await callOnce(socketPath, { kind: 'query', sql, params: [...params] })),
    exec: async (sql) => void rowsOf(await callOnce(socketPath, { kind: 'exec', sql })),
    transaction: (fn) => runTransaction(socketPath, fn),
    close: async () => undefined,
  }
}

/** Calls of commands but `own` that the running server has not answered yet. */
export async function callsUnderWay(socketPath: string, own = self): Promise<CallUnderWay[]> {
  const { request, response } = open(socketPath, '/waiting')
  request.end()
  return rowsOf<CallUnderWay>(await readReply(await response)).filter(({ who }) => who !== own)
}

/** Returns the snapshot's path. */
export async function requestSnapshot(socketPath: string): Promise<string> {
  const { request, response } = open(socketPath, '/snapshot')
  request.end()
  const [row] = rowsOf<{ path: string }>(await readReply(await response))
  if (!row) throw new ServerError('The running server took no snapshot.')
  return row.path
}

async function runTransaction<T>(socketPath: string, fn: (tx: Database) => Promise<T>): Promise<T> {
  const { request, response } = open(socketPath, '/transaction')
  request.flushHeaders()
  const lines = createInterface({ input: await response })[Symbol.asyncIterator]()
  const call = async <R>(value: AdminCall): Promise<R[]> => {
    request.write(`${JSON.stringify(value)}\n`)
    const line = await lines.next()
    if (line.done) throw new ServerError('The server went away in the middle of a transaction.')
    return rowsOf<R>(JSON.parse(line.value) as AdminReply)
  }
  try {
    const result = await fn({
      query: (sql, params = []) => call({ kind: 'query', sql, params: [...params] }),
      exec: async (sql) => void (await call({ kind: 'exec', sql })),
      transaction: () => Promise.reject(new Error('Transactions do not nest.')),
      close: async () => undefined,
    })
    await call({ kind: 'commit', sql: '' })
    return result
  } finally {
    // without a commit the server rolls back
    request.end()
  }
}

async function callOnce(socketPath: string, call: AdminCall): Promise<AdminReply> {
  const { request, response } = open(socketPath, `/${call.kind}`)
  request.end(JSON.stringify(call))
  return readReply(await response)
}

async function readReply(response: IncomingMessage): Promise<AdminReply> {
  const chunks: Buffer[] = []
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk)
  return JSON.parse(Buffer.concat(chunks).toString('utf8')) as AdminReply
}

/** Tells others who holds the database. */
const self = `${process.env.npm_lifecycle_event ? `npm run ${process.env.npm_lifecycle_event}` : 'a command'} (process ${process.pid})`

function open(
  socketPath: string,
  path: string,
): { request: ClientRequest; response: Promise<IncomingMessage> } {
  const request = httpRequest({
    ...{ socketPath, path, method: 'POST', agent: false },
    headers: { [callerHeader]: self },
  })
  const response = new Promise<IncomingMessage>((resolve, reject) => {
    request.on('response', resolve)
    request.on('error', (error) =>
      reject(new ServerError(`The running server does not answer: ${error.message}.`)),
    )
  })
  return { request, response }
}

function rowsOf<T>(reply: AdminReply): T[] {
  if ('error' in reply) throw new DatabaseError(reply.error, reply.code, reply.detail)
  return reply.rows as T[]
}
