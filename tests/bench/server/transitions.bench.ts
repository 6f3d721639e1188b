import { randomUUID } from 'node:crypto'
import { rmSync } from 'node:fs'
import type { SupabaseClient } from '@supabase/supabase-js'
import { commandOf, photoRef } from '../../../supabase/tests/harness/commands.ts'
import type { Receipt } from '../../../supabase/tests/harness/commands.ts'
import { openDatabase } from '../../../supabase/server/backend/open-database.ts'
import { findPostgres, startCluster } from '../../../supabase/tests/harness/cluster.ts'
import { apiClient, call } from '../../kit/api.ts'
import type { NamedCommand } from '../../kit/api.ts'
import { newDataDir, startAppServer } from '../../kit/app-server.ts'
import type { AppServer } from '../../kit/app-server.ts'
import { launchChromium } from '../../kit/browser.ts'
import { openPage } from '../../kit/session.ts'
import { generateIncidents } from '../generate/incidents.ts'
import { seededRandom } from '../generate/random.ts'
import type { BenchResult } from '../run.ts'
import { quantile } from '../sql/database.ts'

const cases = 60
const dispatched = 1000
const perCall = 200
const condition = 'illegal_dumping'
/** Inside the Mission, which the demo's manager cares for. */
const box = { west: -122.421, south: 37.757, east: -122.417, north: 37.762 }
const random = seededRandom(11)

interface Step {
  client: SupabaseClient
  name: string
  fields: () => Record<string, unknown>
}

interface Options {
  rows: number
  log: (line: string) => void
}

export async function run({ rows, log }: Options): Promise<BenchResult[]> {
  const results = await embedded(log)
  const postgres = findPostgres()
  if ('reason' in postgres) log(`own Postgres left out: ${postgres.reason}`)
  else results.push(await ownPostgres(postgres.bin, { rows, log }))
  return results
}

/**
 * Steps through the real embedded server with the demo city: one call each over HTTP, journal synced; and
 * 1,000 dispatched in one go from the page's own outbox, until the last receipt is on the device.
 */
async function embedded(log: Options['log']): Promise<BenchResult[]> {
  const server = await startAppServer()
  const browser = await launchChromium()
  try {
    const result = await singleSteps(server, 'embedded server with the demo city', 40, log)
    const { field, manager, handler } = await clientsOf(server)
    const department = await departmentOf(handler)
    const { ids, millis } = await reported(field, dispatched)
    for (const part of parts(ids)) {
      await timedSend(
        manager,
        part.map((id) => stepOf(id, 1, 'file', { condition })),
      )
    }
    const { page } = await openPage(browser, { url: server.url, role: 'manager', path: '/work' })
    await page.getByTestId('work-row').first().waitFor({ timeout: 60_000 })
    const batch = await page.evaluate(
      dispatchInPage,
      ids.map((id) => stepOf(id, 2, 'dispatch', { department })),
    )
    log(
      `${dispatched} dispatched: stored ${batch.stored.toFixed(0)} ms, sent ${batch.sent.toFixed(0)} ms`,
    )
    const seconds = (batch.stored + batch.sent) / 1000
    return [
      result,
      {
        name: `${dispatched} incidents dispatched in one go from the page, embedded server, seconds`,
        ratio: seconds,
        target: '≤ 3',
        pass: seconds <= 3,
        detail: `stored on the device ${batch.stored.toFixed(0)} ms, then sent in calls of ${perCall}; without the time to undo; as many reports in the same run ${(millis / 1000).toFixed(1)} s, ${(seconds / (millis / 1000)).toFixed(1)} times`,
      },
    ]
  } finally {
    await browser.close()
    await server.stop()
  }
}

/**
 * The server on a Postgres with the demo city and `rows` more incidents. To fill it takes longer than to measure:
 * `BENCH_DATABASE_URL` and `BENCH_DATA_DIR` name one that was filled before.
 */
async function ownPostgres(bin: string, { rows, log }: Options): Promise<BenchResult> {
  const { BENCH_DATABASE_URL: url, BENCH_DATA_DIR: filled } = process.env
  if (url && filled) {
    const server = await startAppServer({
      env: { DATABASE_URL: url },
      dataDir: filled,
      keepData: true,
    })
    try {
      return await singleSteps(server, `server on own Postgres with ${rows} incidents`, 15, log)
    } finally {
      await server.stop()
    }
  }
  const cluster = await startCluster(bin)
  const dataDir = newDataDir()
  const env = { DATABASE_URL: cluster.url }
  const start = () => startAppServer({ env, dataDir, keepData: true })
  try {
    await (await start()).stop()
    const db = await openDatabase({ ...env, DATA_DIR: dataDir })
    await generateIncidents(db, { rows, log })
    await db.close()
    const server = await start()
    try {
      return await singleSteps(server, `server on own Postgres with ${rows} incidents`, 15, log)
    } finally {
      await server.stop()
    }
  } finally {
    await cluster.stop()
    rmSync(dataDir, { recursive: true, force: true })
  }
}

/** Cases through the circle, each step a call of its own. */
async function singleSteps(
  server: AppServer,
  where: string,
  target: number,
  log: Options['log'],
): Promise<BenchResult> {
  const { field, manager, handler } = await clientsOf(server)
  const department = await departmentOf(handler)
  const circle: Step[] = [
    { client: manager, name: 'file', fields: () => ({ condition }) },
    { client: manager, name: 'dispatch', fields: () => ({ department }) },
    { client: handler, name: 'handle', fields: () => ({ note: 'done', photos: [photoRef()] }) },
    { client: manager, name: 'check_pass', fields: () => ({}) },
  ]
  const taken = new Map<string, number[]>()
  for (const id of (await reported(field, cases)).ids) {
    for (const [index, { client, name, fields }] of circle.entries()) {
      const step = stepOf(id, index + 1, name, fields())
      taken.set(name, [...(taken.get(name) ?? []), await timedSend(client, [step])])
    }
  }
  const sorted = (times: number[]) => times.toSorted((a, b) => a - b)
  const all = sorted([...taken.values()].flat())
  const each = [...taken]
    .map(([name, times]) => `${name} ${quantile(sorted(times), 0.5).toFixed(0)}`)
    .join(', ')
  log(`${where}: medians in ms: ${each}`)
  const p95 = quantile(all, 0.95)
  return {
    name: `a transition by command, ${where}, p95 in milliseconds`,
    ratio: p95,
    target: `≤ ${target}`,
    pass: p95 <= target,
    detail: `${all.length} calls over HTTP, median ${quantile(all, 0.5).toFixed(1)}; medians ${each}`,
  }
}

const clientsOf = async ({ url }: AppServer) => ({
  field: await apiClient(url, 'field'),
  manager: await apiClient(url, 'manager'),
  handler: await apiClient(url, 'handler'),
})

const stepOf = (
  incidentId: string,
  baseVersion: number,
  name: string,
  fields: Record<string, unknown>,
): NamedCommand => ['transition', { incidentId, baseVersion, name, ...fields }]

const parts = <T>(all: readonly T[]): T[][] =>
  Array.from({ length: Math.ceil(all.length / perCall) }, (_, n) =>
    all.slice(n * perCall, (n + 1) * perCall),
  )

const actors = new Map<SupabaseClient, string>()

/** Milliseconds of one call. @throws when a command is not applied */
async function timedSend(client: SupabaseClient, commands: NamedCommand[]): Promise<number> {
  const actor = actors.get(client) ?? (await client.auth.getUser()).data.user!.id
  actors.set(client, actor)
  const at = new Date().toISOString()
  const sent = commands.map(([type, payload]) => ({ ...commandOf(actor, type, payload), at }))
  const began = performance.now()
  const receipts = await call<Receipt[]>(client, 'apply_commands', { p_commands: sent })
  const taken = performance.now() - began
  const wrong = receipts.find(({ outcome }) => outcome !== 'applied')
  if (wrong || receipts.length !== sent.length)
    throw new Error(`not applied: ${JSON.stringify(wrong)}`)
  return taken
}

async function reported(
  client: SupabaseClient,
  count: number,
): Promise<{ ids: string[]; millis: number }> {
  const ids = Array.from({ length: count }, () => randomUUID() as string)
  let millis = 0
  for (const part of parts(ids)) {
    millis += await timedSend(
      client,
      part.map((incidentId) => [
        'report_incident',
        {
          incidentId,
          categoryCode: condition,
          lon: box.west + random() * (box.east - box.west),
          lat: box.south + random() * (box.north - box.south),
          description: 'A mattress on the pavement',
        },
      ]),
    )
  }
  return { ids, millis }
}

async function departmentOf(handler: SupabaseClient): Promise<string> {
  const { memberships } = await call<{
    memberships: { role: string; departmentCode: string | null }[]
  }>(handler, 'session_context')
  const code = memberships.find(({ role }) => role === 'handler')?.departmentCode
  if (!code) throw new Error('the handler has no department')
  return code
}

/** Runs in the page: milliseconds until all are stored, and from then on until all are received. */
async function dispatchInPage(commands: NamedCommand[]): Promise<{ stored: number; sent: number }> {
  interface Outbox {
    enqueueAll(commands: { type: string; payload: unknown }[]): Promise<string[]>
    items(ids: string[]): Promise<{ state: string }[]>
  }
  interface Mounted extends Element {
    __vue_app__: {
      config: {
        globalProperties: { $pinia: { _s: Map<string, { whenOpen(): Promise<Outbox> }> } }
      }
    }
  }
  const mounted = document.querySelector('#app') as Mounted
  const store = mounted.__vue_app__.config.globalProperties.$pinia._s.get('outbox')!
  const outbox = await store.whenOpen()
  const began = performance.now()
  const ids = await outbox.enqueueAll(commands.map(([type, payload]) => ({ type, payload })))
  const stored = performance.now()
  for (;;) {
    const items = await outbox.items(ids)
    if (items.some(({ state }) => state === 'rejected' || state === 'conflict'))
      throw new Error('not dispatched')
    if (items.every(({ state }) => state === 'received')) break
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return { stored: stored - began, sent: performance.now() - stored }
}
