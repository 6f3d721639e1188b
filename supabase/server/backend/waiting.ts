import postgres from 'postgres'
import { adminSocketPath } from '../owner/admin-socket.ts'
import { callsUnderWay } from '../owner/admin-client.ts'
import type { Database } from '../base/database-types.ts'
import { messageOf } from '../base/errors.ts'
import { describeHolder, lockHolder } from '../owner/lock.ts'
import { settingsFrom } from '../base/settings.ts'

/** Silence after which people are told the reason. */
export const patienceMs = 5_000

const goesOn = 'It goes on by itself when that ends; Ctrl+C stops it.'

interface Blocker {
  pid: number
  program: string
  state: string
  seconds: number
  query: string
}

const blockersSql = `
  select distinct b.pid, b.application_name as program, coalesce(b.state, '') as state,
    coalesce(extract(epoch from now() - b.xact_start), 0)::integer as seconds,
    left(regexp_replace(b.query, '[[:space:]]+', ' ', 'g'), 80) as query
  from pg_stat_activity w
  cross join unnest(pg_blocking_pids(w.pid)) p (pid)
  join pg_stat_activity b on b.pid = p.pid
  where w.datname = current_database()
  order by b.pid`

/** The transactions of a Postgres that hold up others, in words; none are there on PGlite. */
export async function blockersOf(db: Pick<Database, 'query'>): Promise<string[]> {
  const rows = await db.query<Blocker>(blockersSql)
  return rows.map(({ pid, program, state, seconds, query }) => {
    const who = program ? `${program}, ` : ''
    const idle = state.startsWith('idle') ? 'idle, last ' : ''
    return (
      `a transaction of ${who}backend ${pid}, open for ${seconds} s, holds a lock (${idle}"${query}"); ` +
      `"select pg_terminate_backend(${pid})" ends it`
    )
  })
}

async function reasonsInPostgres(databaseUrl: string): Promise<string[]> {
  const sql = postgres(databaseUrl, {
    max: 1,
    connect_timeout: 4,
    onnotice: () => undefined,
    connection: { application_name: 'wangge, looking for locks' },
  })
  try {
    return await blockersOf({
      query: async <T>(text: string) => [...(await sql.unsafe(text))] as T[],
    })
  } catch (error) {
    return [`DATABASE_URL does not answer: ${messageOf(error)}`]
  } finally {
    await sql.end({ timeout: 1 })
  }
}

async function reasonsOfServer(dataDir: string): Promise<string[]> {
  const holder = lockHolder(dataDir)
  if (!holder || holder.pid === process.pid) return []
  const others = await callsUnderWay(adminSocketPath(dataDir)).catch(() => [])
  const server = describeHolder(holder)
  return others.length === 0
    ? [`${server} is busy with calls of the app, or does not answer; its output says more`]
    : others.map(
        ({ who, seconds }) =>
          `${who} has used the database of ${server} for ${Math.round(seconds)} s`,
      )
}

/**
 * Names the holder for whom a command waits that had no answer from its database.
 * @returns text for people, with how to go on.
 */
export async function describeWait(env: Record<string, string | undefined>): Promise<string> {
  const { dataDir, databaseUrl } = settingsFrom(env)
  const reasons = databaseUrl ? await reasonsInPostgres(databaseUrl) : []
  if (reasons.length === 0) reasons.push(...(await reasonsOfServer(dataDir)))
  if (reasons.length === 0) reasons.push('it is still at work, and nobody holds it up')
  return `Waiting for the database: ${reasons.join('; ')}. ${goesOn}`
}

/**
 * Runs `work`; tells every `everyMs` what it waits for.
 * @param describe asked after each silence.
 */
export async function sayingWaits<T>(
  work: () => Promise<T>,
  describe: () => Promise<string>,
  say: (text: string) => void,
  everyMs = patienceMs,
): Promise<T> {
  let isOver = false
  const look = async (): Promise<void> => {
    // to say nothing is better than to end the work
    const text = await describe().catch(() => null)
    if (isOver) return
    if (text !== null) say(text)
    timer = setTimeout(() => void look(), 6 * everyMs)
  }
  let timer = setTimeout(() => void look(), everyMs)
  try {
    return await work()
  } finally {
    isOver = true
    clearTimeout(timer)
  }
}

/** A database whose calls tell what they wait for. */
export function withWaits(
  db: Database,
  describe: () => Promise<string>,
  say: (text: string) => void,
  everyMs = patienceMs,
): Database {
  const told = <T>(work: () => Promise<T>): Promise<T> => sayingWaits(work, describe, say, everyMs)
  return {
    ...db,
    query: (sql, params) => told(() => db.query(sql, params)),
    exec: (sql) => told(() => db.exec(sql)),
    // its calls are told; the whole may take its time
    transaction: (fn) => db.transaction((tx) => fn(withWaits(tx, describe, say, everyMs))),
  }
}
