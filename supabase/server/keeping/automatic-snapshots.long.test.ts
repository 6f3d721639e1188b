import { linkSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { patient, slow, slower } from '../../../tests/kit/patience.ts'
import { openDatabase } from '../backend/open-database.ts'
import { requestSnapshot } from '../owner/admin-client.ts'
import { adminSocketPath } from '../owner/admin-socket.ts'
import { startServer } from '../start/server.ts'
import type { RunningServer } from '../start/server.ts'
import { listSnapshots } from '../journal/snapshot-files.ts'
import {
  adminEmail,
  adminPassword,
  loadSmallCity,
  reportCommand,
  secretsOf,
  send,
  settingsIn,
  temporaryFolder,
} from '../testing/kit.ts'
import { folderWithSmallCity } from '../testing/small-city.ts'

const everyMs = 150
const folder = await folderWithSmallCity('snapshots')
const settings = { ...settingsIn(folder.path), snapshotMs: everyMs }
const { dataDir } = settings
const journalSegments = () =>
  readdirSync(join(dataDir, 'journal')).map((file) => Number(file.slice(0, 8)))
const snapshots = () => listSnapshots(dataDir).map(({ path }) => path)
/**
 * Enough for a snapshot under way and several more looks. That none is taken in this time is what is
 * tested, with real snapshots; snapshot-timer.test.ts tests the timer by a false clock.
 */
const severalIntervals = () => pause(2 * lastTook + 5 * everyMs)

/** The snapshots once no further one comes. */
async function settledSnapshots(): Promise<string[]> {
  for (;;) {
    const before = snapshots()
    await severalIntervals()
    await severalIntervals()
    if (snapshots().length === before.length) return before
  }
}

let server: RunningServer
let userId: string
let headers: Record<string, string>
const failures: string[] = []
/** Milliseconds of the last snapshot, from the change to its file. */
let lastTook = 0

const rpc = (name: string, body: object) =>
  send(server.port, 'POST', `/rest/v1/rpc/${name}`, { headers, body: JSON.stringify(body) })

async function report(): Promise<void> {
  const command = reportCommand(userId)
  const { text } = await rpc('apply_commands', { p_commands: [command] })
  expect(JSON.parse(text)).toMatchObject([{ id: command.id, outcome: 'applied' }])
}

/** Waits for a snapshot that is not in `before`. */
async function nextSnapshot(before: string[]): Promise<string[]> {
  const isNew = (path: string) => !before.includes(path)
  const asked = performance.now()
  await expect.poll(() => snapshots().some(isNew), { ...slow, interval: 20 }).toBe(true)
  lastTook = performance.now() - asked
  return snapshots()
}

beforeAll(async () => {
  server = await startServer(settings, {
    onStep: (step, detail) => {
      if (step === 'snapshot failed') failures.push(detail ?? '')
    },
  })
  const apikey = secretsOf(folder.path).publishableKey
  const signedIn = await send(server.port, 'POST', '/auth/v1/token?grant_type=password', {
    headers: { apikey, 'content-type': 'application/json' },
    body: JSON.stringify({ email: adminEmail, password: adminPassword }),
  })
  userId = (signedIn.json.user as { id: string }).id
  const authorization = `Bearer ${String(signedIn.json.access_token)}`
  headers = { apikey, authorization, 'content-type': 'application/json' }
})
afterAll(async () => {
  await server?.close()
  folder.remove()
})

test('a city is in a snapshot by itself; a change brings another, reading and polling none', async () => {
  await nextSnapshot([])
  const quiet = await settledSnapshots()
  await report()
  await nextSnapshot(quiet)
  const settled = await settledSnapshots()
  // A snapshot begun before the receipt may miss the change: one more follows.
  expect(settled.length - quiet.length).toBeLessThanOrEqual(2)

  const { cursor } = (await rpc('incident_months', {})).json
  const listed = { p_filter: {}, p_sort: 'reported_desc', p_after: null, p_limit: 50 }
  for (let round = 0; round < 5; round++) {
    expect((await rpc('changes_since', { p_cursor: cursor })).status).toBe(200)
    expect((await rpc('incident_list', listed)).status).toBe(200)
    expect((await send(server.port, 'GET', '/config.json')).status).toBe(200)
    expect((await send(server.port, 'GET', '/auth/v1/user', { headers })).status).toBe(200)
    await pause(2 * everyMs)
  }
  await server.checkHealth()
  await severalIntervals()
  expect(snapshots()).toEqual(settled)

  await report()
  await nextSnapshot(settled)
  expect(failures).toEqual([])
})

test('the last eight are kept, and the journal back to the oldest of them', async () => {
  const earlier = snapshots()
  const last = listSnapshots(dataDir).at(-1)!
  expect(earlier.length).toBeGreaterThan(1)
  expect(Math.min(...journalSegments())).toBeLessThan(last.segment)
  // as if six more had been taken: with the last one and a new one they are eight
  for (let n = 1; n <= 6; n++)
    linkSync(last.path, last.path.replace(/(-\d{8}\.tar\.zst)$/, `-${n}$1`))
  const before = snapshots()
  await report()
  const isNew = (path: string) => !before.includes(path)
  const taken = (await nextSnapshot(before)).filter(isNew)
  await severalIntervals()
  const kept = snapshots()
  expect(kept).toHaveLength(8)
  expect(kept).toEqual(expect.arrayContaining(taken))
  for (const path of earlier.slice(0, -1)) expect(kept).not.toContain(path)

  expect(listSnapshots(dataDir)[0]!.segment).toBe(last.segment)
  expect(Math.min(...journalSegments())).toBe(last.segment)
  expect(failures).toEqual([])
})

test('a look at the health that waits beside a snapshot takes its write for no loss', async () => {
  await settledSnapshots()
  const [before, segments] = [snapshots(), journalSegments()]
  let looked: Promise<void> | undefined
  // both wait behind this transaction: the look first, then the snapshot
  await server.database().transaction(async (tx) => {
    await tx.query('select 1')
    looked = server.checkHealth()
    void requestSnapshot(adminSocketPath(dataDir)).catch((error: Error) =>
      failures.push(error.message),
    )
    await expect.poll(() => journalSegments().length, slow).toBeGreaterThan(segments.length)
    await pause(everyMs)
  })
  await looked
  expect((await rpc('session_context', {})).status).toBe(200)
  await nextSnapshot(before)
  expect(failures).toEqual([])
})

test(
  'a new city, and what no journal holds, is in a snapshot long before its turn',
  { timeout: patient(300_000) },
  async () => {
    const other = temporaryFolder('soon')
    const { dataDir: otherDir, ...rest } = settingsIn(other.path)
    const taken = () => listSnapshots(otherDir).length
    const soon = { ...slower, interval: 200 }
    const second = await startServer(
      { ...rest, dataDir: otherDir, snapshotMs: 3_600_000 },
      { loadCity: loadSmallCity },
    )
    try {
      await expect.poll(taken, soon).toBe(1)
      // As commands do beside a running server.
      const db = await openDatabase({ DATA_DIR: otherDir })
      await db.query(`update public.areas set households = 7`)
      await db.close()
      await expect.poll(taken, soon).toBe(2)
      const apikey = secretsOf(other.path).publishableKey
      const sent = { apikey, 'content-type': 'application/json' }
      const { json } = await send(second.port, 'POST', '/auth/v1/token?grant_type=password', {
        headers: sent,
        body: JSON.stringify({ email: adminEmail, password: adminPassword }),
      })
      const { status } = await send(second.port, 'PUT', '/auth/v1/user', {
        headers: { ...sent, authorization: `Bearer ${String(json.access_token)}` },
        body: JSON.stringify({
          current_password: adminPassword,
          password: 'umbrella tractor violin',
        }),
      })
      expect(status).toBe(200)
      await expect.poll(taken, soon).toBe(3)
    } finally {
      await second.close()
      other.remove()
    }
  },
)
