import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { jpegFile } from '../../../tests/fixtures/photo-files.ts'
import { patient } from '../../../tests/kit/patience.ts'
import { openDatabase } from '../backend/open-database.ts'
import { startServer } from '../start/server.ts'
import type { RunningServer } from '../start/server.ts'
import { listSnapshots } from '../journal/snapshot-files.ts'
import {
  adminEmail,
  adminPassword,
  reportCommand,
  secretsOf,
  send,
  settingsIn,
  temporaryFolder,
} from '../testing/kit.ts'
import { shortLifeFlags } from '../testing/short-life.ts'
import { folderWithSmallCity } from '../testing/small-city.ts'

const hashOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

/** Three reports with photos, and a backup after the first that the folder's snapshots hold, too. */
interface City {
  folder: ReturnType<typeof temporaryFolder>
  backup: { path: string; said: string }
  early: Reported
  late: Reported
  last: Reported
  before: Awaited<ReturnType<typeof known>>
}
interface Reported {
  hash: string
  /** Below the folder of photos. */
  path: string
}

let city: City
let folder: ReturnType<typeof temporaryFolder>
let dataDir: string
let seed = 0

// every step opens a database, which takes seconds
vi.setConfig({ testTimeout: patient(300_000) })
beforeAll(async () => {
  folder = await folderWithSmallCity('photos-city')
  dataDir = join(folder.path, 'data')
  const path = join(folder.path, 'city.tar.zst')
  const server = await start()
  const reportWithPhoto = await worker(server)
  const early = await reportWithPhoto()
  const backup = await command('backup', [path])
  expect(backup.code).toBe(0)
  const [late, last] = [await reportWithPhoto(), await reportWithPhoto()]
  city = { folder, backup: { path, said: backup.text }, early, late, last, before: await known() }
  await server.close()
})
afterAll(() => city?.folder.remove())
// each test has a copy
beforeEach(() => {
  folder = temporaryFolder('photos-kept')
  cpSync(city.folder.path, folder.path, { recursive: true, preserveTimestamps: true })
  dataDir = join(folder.path, 'data')
})
afterEach(() => folder.remove())

const start = () => startServer(settingsIn(folder.path))

async function command(name: string, args: string[], place = dataDir) {
  const file = fileURLToPath(new URL(`../commands/${name}.ts`, import.meta.url))
  const child = spawn(process.execPath, [...shortLifeFlags, file, ...args], {
    env: { ...process.env, DATA_DIR: place },
  })
  let text = ''
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')))
  child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')))
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  return { code, text }
}

/** Each call of the result uploads a photo and reports an incident with it. */
async function worker({ port }: RunningServer): Promise<() => Promise<Reported>> {
  const headers = {
    apikey: secretsOf(folder.path).publishableKey,
    'content-type': 'application/json',
  }
  const { json } = await send(port, 'POST', '/auth/v1/token?grant_type=password', {
    headers,
    body: JSON.stringify({ email: adminEmail, password: adminPassword }),
  })
  const user = (json.user as { id: string }).id
  const authorization = `Bearer ${String(json.access_token)}`
  return async () => {
    const bytes = jpegFile({ seed: ++seed })
    const hash = hashOf(bytes)
    const uploaded = await send(port, 'POST', `/storage/v1/object/photos/${user}/${hash}.jpg`, {
      headers: { ...headers, authorization, 'content-type': 'image/jpeg' },
      body: bytes,
    })
    expect(uploaded.status).toBe(200)
    const photo = { hash, mediaType: 'image/jpeg', bytes: bytes.length, width: 16, height: 16 }
    const report = reportCommand(user)
    const payload = JSON.stringify({ ...(JSON.parse(report.payload) as object), photos: [photo] })
    const { text } = await send(port, 'POST', '/rest/v1/rpc/apply_commands', {
      headers: { ...headers, authorization },
      body: JSON.stringify({ p_commands: [{ ...report, payload }] }),
    })
    expect(JSON.parse(text)).toMatchObject([{ outcome: 'applied', missing_photos: [] }])
    return { hash, path: `${user}/${hash}.jpg` }
  }
}

/** Of the folder, or of the server that runs on it. */
async function known(place = dataDir) {
  const db = await openDatabase({ DATA_DIR: place })
  const checks = await db.query<{ hash: string; verdict: string; reason: string | null }>(
    'select hash, verdict, reason from public.photo_checks',
  )
  const reported = await db.query<{ hash: string; at: string }>(
    `select p.hash, i.reported_at::text as at from public.incident_photos p
       join public.incidents i on i.id = p.incident_id`,
  )
  await db.close()
  return {
    verdict: (hash: string) => checks.find((check) => check.hash === hash)?.verdict,
    reason: (hash: string) => checks.find((check) => check.hash === hash)?.reason,
    reportedAt: (hash: string) => reported.find((row) => row.hash === hash)?.at,
  }
}

test('a database gone back to its last snapshot gets the photos’ checks and the reports’ own times back', async () => {
  const { early, late, before } = city
  expect(before.verdict(late.hash)).toBe('ok')
  const snapshot = listSnapshots(dataDir).at(-1)!
  const restored = await command('restore', [snapshot.path, '--with-journal'])
  expect(restored).toMatchObject({ code: 0, text: expect.stringContaining('from the journal: 2') })
  const after = await known()
  for (const { hash, path } of [early, late]) {
    expect(after.verdict(hash)).toBe('ok')
    expect(existsSync(join(dataDir, 'photos', path))).toBe(true)
  }
  expect(after.reportedAt(early.hash)).toBe(before.reportedAt(early.hash))
  // just before the database's own time, never the replay's
  const times = [before, after].map(({ reportedAt }) => Date.parse(reportedAt(late.hash)!))
  expect(times[0]! - times[1]!).toBeGreaterThanOrEqual(0)
  expect(times[0]! - times[1]!).toBeLessThan(2_000)
})

test('a backup takes the photos along; each place it is restored to has what it can have', async () => {
  const { early, late, backup } = city
  expect(backup.said).toContain('city.photos, added now: 1')
  const file = join(folder.path, 'city.tar.zst')
  const beside = join(folder.path, 'city.photos', early.path)
  const original = readFileSync(join(dataDir, 'photos', early.path))
  expect(readFileSync(beside).equals(original)).toBe(true)

  // another machine, with the photos
  const second = join(folder.path, 'second')
  const moved = await command('restore', [file], second)
  expect(moved).toMatchObject({ code: 0, text: expect.stringContaining('Photos brought back: 1') })
  expect(readFileSync(join(second, 'photos', early.path)).equals(original)).toBe(true)
  expect((await known(second)).verdict(early.hash)).toBe('ok')

  // the same machine: photos received since then stay
  expect(await command('restore', [file])).toMatchObject({ code: 0 })
  expect(existsSync(join(dataDir, 'photos', late.path))).toBe(true)
  expect((await known()).verdict(late.hash)).toBe('ok')

  // a damaged copy is left out, and the city asks for it again
  rmSync(beside)
  writeFileSync(beside, original.subarray(0, 100))
  const third = join(folder.path, 'third')
  const damaged = await command('restore', [file], third)
  expect(damaged).toMatchObject({ code: 0, text: expect.stringContaining('damaged: 1') })
  const there = await known(third)
  expect([there.verdict(early.hash), there.reason(early.hash)]).toEqual(['refused', 'file_lost'])
})

test('a start records the photos the database has lost since its snapshot, and no damaged one', async () => {
  const { late: whole, last: damaged } = city
  const db = await openDatabase({ DATA_DIR: dataDir })
  await db.query('delete from public.photo_checks')
  await db.close()
  writeFileSync(join(dataDir, 'photos', damaged.path), 'x')
  const server = await start()
  const after = await known()
  await server.close()
  expect([after.verdict(whole.hash), after.verdict(damaged.hash)]).toEqual(['ok', undefined])
})

test('a new database beside old photos knows them; what an upload left half done is removed', async () => {
  for (const name of ['pg', 'journal', 'snapshots'])
    rmSync(join(dataDir, name), { recursive: true })
  const incoming = join(dataDir, 'photos/.incoming')
  mkdirSync(incoming, { recursive: true })
  writeFileSync(join(incoming, 'half'), 'x')
  const server = await start()
  expect(readdirSync(incoming)).toEqual([])
  expect((await known()).verdict(city.early.hash)).toBe('ok')
  await server.close()
})
