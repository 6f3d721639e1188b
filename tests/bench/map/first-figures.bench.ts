import { rmSync } from 'node:fs'
import { loadavg } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser, Page } from 'playwright'
import postgres from 'postgres'
import { openDatabase } from '../../../supabase/server/backend/open-database.ts'
import type { Database } from '../../../supabase/server/base/database-types.ts'
import { findPostgres, startCluster } from '../../../supabase/tests/harness/cluster.ts'
import { call, newDemoClient } from '../../kit/api.ts'
import { newDataDir, startAppServer } from '../../kit/app-server.ts'
import type { AppServer } from '../../kit/app-server.ts'
import { launchChromium } from '../../kit/browser.ts'
import { openPage } from '../../kit/session.ts'
import { generateIncidents } from '../generate/incidents.ts'
import type { BenchResult } from '../run.ts'
import { processorTimeOf } from '../server/processor-time.ts'
import { withoutIndexes } from '../sql/database.ts'
import { cpuSeconds, cpuSince } from './cpu-seconds.ts'

const most = { first: 3, all: 8 }
/** The demo city on PGlite: nothing is promised, it must not get slower. */
const rounds = { first: 2, again: 3 }

interface Options {
  rows: number
  log: (line: string) => void
}

/** Seconds from the beginning of the navigation, by the page's own clock. */
interface Opening {
  first: number
  all: number
  /** Of the processor. */
  cpu: string
  requests: number
}

/**
 * Opens the map as a leader in a fresh profile, with a session and nothing else: a server that has just
 * started, one that has started and come to rest, and one that was asked before.
 */
export async function run({ rows, log }: Options): Promise<BenchResult[]> {
  const browser = await launchChromium()
  try {
    const embedded = await tier('embedded', browser, log)
    const found = findPostgres()
    if ('reason' in found) {
      log(`own Postgres left out: ${found.reason}`)
      return embedded
    }
    const cluster = await startCluster(found.bin)
    const env = { DATABASE_URL: cluster.url }
    try {
      await fill(env, rows, log)
      return [...embedded, ...(await tier('own Postgres', browser, log, env))]
    } finally {
      await cluster.stop()
    }
  } finally {
    await browser.close()
  }
}

/** The demo city with its people, and as many more incidents as are missing. */
async function fill(
  env: { DATABASE_URL: string },
  rows: number,
  log: Options['log'],
): Promise<void> {
  const dataDir = newDataDir()
  await (await startAppServer({ env, dataDir, keepData: true })).stop()
  const db = await openDatabase({ ...env, DATA_DIR: dataDir })
  const [stored] = await db.query<{ n: number }>('select count(*)::int as n from public.incidents')
  const missing = rows - (stored?.n ?? 0)
  if (missing > 0)
    await withoutIndexes(db, 'public.incidents', () =>
      generateIncidents(db, { rows: missing, log }),
    )
  await db.exec('vacuum analyze public.incidents, public.incident_work')
  await db.close()
  rmSync(dataDir, { recursive: true, force: true })
}

/** @param env without a database: embedded */
async function tier(
  name: string,
  browser: Browser,
  log: Options['log'],
  env?: { DATABASE_URL: string },
): Promise<BenchResult[]> {
  const start = env ? { env, dataDir: newDataDir(), keepData: true } : {}
  const first: Opening[] = []
  /** Months were packed ahead. */
  const rested: Opening[] = []
  const again: Opening[] = []
  let floor = Number.POSITIVE_INFINITY
  let count = 0
  for (let round = 0; round < rounds.first; round++) {
    const server = await startAppServer(start)
    try {
      // compressed files of the app are made at the first ask and kept: they are no part of the city
      await openApp(browser, server)
      const isRested = env !== undefined && round === rounds.first - 1
      if (isRested) log(`${name}: at rest after ${(await rest(env)).toFixed(1)} s`)
      const opening = await openMap(browser, server)
      ;(isRested ? rested : first).push(opening)
      log(`${name}, first opening${isRested ? ' once at rest' : ''}: ${inWords(opening)}`)
      if (round < rounds.first - 1) continue
      for (let more = 0; more < rounds.again; more++) {
        again.push(await openMap(browser, server))
        log(`${name}, later opening: ${inWords(again.at(-1)!)}`)
      }
      const fetched = await plainFetch(server)
      const app = await openApp(browser, server)
      count = fetched.incidents
      floor = fetched.seconds + app
      log(
        `${name}: months by plain fetch ${fetched.seconds.toFixed(2)} s, ${(fetched.bytes / count).toFixed(2)} bytes an incident; the app without them ${app.toFixed(2)} s`,
      )
    } finally {
      await server.stop()
    }
  }
  if (start.dataDir) rmSync(start.dataDir, { recursive: true, force: true })
  return [
    ...results(name, 'the first since the start', first),
    ...(rested.length > 0 ? results(name, 'the first, once at rest after the start', rested) : []),
    ...results(name, 'later', again),
  ]

  function results(of: string, which: string, openings: Opening[]): BenchResult[] {
    const isPromised = env !== undefined
    return (['first', 'all'] as const).map((what) => {
      const seconds = openings.map((one) => one[what])
      const best = Math.min(...seconds)
      const ends = what === 'first' ? 'first figures' : 'all months'
      return {
        name: `map opened, ${of}, ${which}: seconds to ${ends}`,
        ratio: best,
        target: isPromised ? `≤ ${most[what]}` : 'none, for comparison',
        pass: !isPromised || best <= most[what],
        detail: `${count} incidents; ${seconds.map((one) => one.toFixed(2)).join(', ')} s; ${(best / floor).toFixed(2)} times the app's start and a plain fetch of all months (${floor.toFixed(2)} s); load ${loadavg()[0]!.toFixed(0)}; processor seconds of the best: ${openings.find((one) => one[what] === best)!.cpu}`,
      }
    })
  }
}

/** Waits until the database has done nothing for a while. @returns seconds */
async function rest(env: { DATABASE_URL: string }): Promise<number> {
  const sql = postgres(env.DATABASE_URL, { max: 1 })
  const query = (text: string): Promise<never[]> => sql.unsafe(text) as never
  const processor = await processorTimeOf({ query } as unknown as Database)
  const began = performance.now()
  for (let before = -1; processor() - before > 0.05; await sleep(2_000)) before = processor()
  await sql.end()
  return (performance.now() - began) / 1000
}

const inWords = ({ first, all, cpu, requests }: Opening): string =>
  `${first.toFixed(2)} s to first figures, ${all.toFixed(2)} s to all months, ${requests} requests; processor: ${cpu}`

/** A page whose months are not asked for, to its first words. */
async function openApp(browser: Browser, { url }: AppServer): Promise<number> {
  const began = performance.now()
  const { context } = await openPage(browser, { url, role: 'field', path: '/help' })
  const seconds = (performance.now() - began) / 1000
  await context.close()
  return seconds
}

async function openMap(browser: Browser, { url }: AppServer): Promise<Opening> {
  const before = cpuSeconds()
  const { page, context } = await openPage(browser, {
    url,
    role: 'leader',
    path: '/map?from=all',
    before: (opening) => opening.addInitScript(noteFigures),
  })
  await page.waitForFunction(() => figures().all !== null, null, { timeout: 300_000 })
  const { first, all } = await page.evaluate(() => figures())
  const cpu = cpuSince(before)
  const requests = await countRequests(page)
  await context.close()
  return { first: first! / 1000, all: all! / 1000, cpu, requests }
}

const countRequests = (page: Page): Promise<number> =>
  page.evaluate(() => performance.getEntriesByType('resource').length)

interface Figures {
  first: number | null
  all: number | null
}
declare function figures(): Figures

/**
 * In the page: the instants at which total and areas stand first, and at which the last month is counted: none
 * is missing, and the total has changed for the last time.
 */
function noteFigures(): void {
  const quietMs = 700
  const noted: Figures = { first: null, all: null }
  let before = ''
  let changedAt = 0
  Object.assign(globalThis, { figures: () => noted })
  const textOf = (id: string): string =>
    document.querySelector(`[data-testid=${id}]`)?.textContent ?? ''
  const look = (): void => {
    const isLoading = document.querySelector('main [role=progressbar]') !== null
    const now = `${textOf('total-count')} ${textOf('area-count')} ${isLoading}`
    if (now !== before) changedAt = performance.now()
    before = now
    const stands = /[1-9]/.test(textOf('total-count')) && /[1-9]/.test(textOf('area-count'))
    if (!stands) return
    noted.first ??= performance.now()
    if (isLoading || performance.now() - changedAt < quietMs) return
    noted.all = changedAt
    clearInterval(timer)
  }
  const timer = setInterval(look, 20)
}

/** All months as the page asks for them, by nothing but fetch. */
async function plainFetch({
  url,
}: AppServer): Promise<{ seconds: number; bytes: number; incidents: number }> {
  const client = await newDemoClient(url, 'leader')
  const { data } = await client.auth.getSession()
  const config = (await (await fetch(`${url}/config.json`)).json()) as { publishableKey: string }
  const began = performance.now()
  const { months } = await call<{ months: { month: string; count: number }[] }>(
    client,
    'incident_months',
  )
  let bytes = 0
  const waiting = months.toReversed()
  const takeInTurn = async (): Promise<void> => {
    for (let asked = waiting.splice(0, 12); asked.length > 0; asked = waiting.splice(0, 12)) {
      const answer = await fetch(`${url}/rest/v1/rpc/incident_columns`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          apikey: config.publishableKey,
          authorization: `Bearer ${data.session?.access_token ?? ''}`,
        },
        body: JSON.stringify({ p_months: asked.map(({ month }) => month) }),
      })
      if (!answer.ok) throw new Error(`HTTP ${answer.status}`)
      bytes += Number(answer.headers.get('content-length'))
      await answer.arrayBuffer()
    }
  }
  await Promise.all([takeInTurn(), takeInTurn()])
  const incidents = months.reduce((sum, { count }) => sum + count, 0)
  return { seconds: (performance.now() - began) / 1000, bytes, incidents }
}
