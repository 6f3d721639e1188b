import { randomInt, randomUUID } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { requestSnapshot } from '../../supabase/server/owner/admin-client.ts'
import { adminSocketPath } from '../../supabase/server/owner/admin-socket.ts'
import { openDatabase } from '../../supabase/server/backend/open-database.ts'
import { damageOf } from '../../supabase/server/journal/snapshot-check.ts'
import { jpegFile } from '../fixtures/photo-files.ts'
import { realNow } from './device-clock.ts'
import { Phone } from './phone.ts'
import { checkRecord, receiptsOf } from './fault-run.ts'
import { People } from './intents.ts'
import { Ledger, sha256Hex } from './ledger.ts'
import { describeReconciliation, isClean, reconcile } from './reconcile.ts'
import { passwordOfAll } from './people.ts'
import { seededRandom, seedOfRun } from './seeded-random.ts'
import { ServerProcess } from './server-process.ts'
import { readStoredIntents } from './stored-intents.ts'
import { cutPower } from './synced-disk.ts'

const rounds = process.env.FAULTS === 'long' ? 10 : 1

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wangge-power-'))
  mkdirSync(join(folder, 'dist'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/**
 * A power cut may take every byte and every name that was not synced, and the test takes them all: of
 * the database, the journal, photos, secrets and snapshots. The server syncs the database with a
 * snapshot and with a stop, so that the reports after it are in the journal alone.
 */
test(`${rounds} power cuts: every receipt given before is still true after`, async () => {
  const seed = seedOfRun()
  console.log(`seed ${seed} (FAULT_SEED=${seed} repeats this run)`)
  const random = seededRandom(seed)
  const disk = join(folder, 'disk')
  const dataDir = join(folder, 'data')
  const server = new ServerProcess(folder, disk)
  await server.start()
  const instance = await instanceOf(dataDir)
  await server.stop()
  const secrets = readFileSync(join(dataDir, 'secrets.json'), 'utf8')
  // the city is less than a minute old
  cutPower(dataDir, disk)
  expect(readFileSync(join(dataDir, 'secrets.json'), 'utf8')).toBe(secrets)

  const ledger = new Ledger(join(folder, 'intents.ndjson'))
  const people = new People(ledger, random)
  let receipts = 0
  for (let round = 0; round < rounds; round += 1) {
    const origin = await server.start()
    expect(await instanceOf(dataDir)).toBe(instance)
    const devices = ['bo', 'manager'].map(
      (name) => new Phone({ emails: [`${name}@city.example`], origin, random }),
    )
    const [worker, manager] = devices as [Phone, Phone]
    const work = async (count: number): Promise<void> => {
      for (let n = 0; n < count; n += 1) await people.act(random.pick(devices))
    }
    for (const one of devices) await one.open()
    await work(40)
    await Promise.all(devices.map(({ outbox }) => outbox.sendNow()))
    const snapshot = await requestSnapshot(adminSocketPath(dataDir))
    for (const one of devices) await people.mend(one)
    const corrected = await correctAtOnce(worker, manager)
    await work(20)
    // the power goes while the rest is on its way
    const sending = Promise.all(devices.map(({ outbox }) => outbox.sendNow()))
    if (round % 2 === 0) await sending
    const photo = await uploadPhoto(dataDir, origin, worker)
    await server.kill()
    const held = await receiptsOf(devices)
    receipts += held.length
    expect(held.length).toBeGreaterThan(40)
    expect(new Set(held.map(({ userId }) => userId)).size).toBe(2)
    cutPower(dataDir, disk)
    expect(await damageOf(snapshot)).toBeNull()
    const again = await server.start()
    expect(server.output).toContain('replayed')
    const db = await openDatabase({ DATA_DIR: dataDir })
    expect((await checkRecord(db, held, [0, realNow()])).untrueReceipts).toEqual([])
    await db.close()
    expect(await recordOf(dataDir, corrected)).toEqual(corrected)
    // its note in the journal brings the record of its check back
    expect(await photoOf(dataDir, worker.userId, photo)).toEqual({ verdict: 'ok', hash: photo })

    for (const one of devices) {
      one.moveTo(again)
      await one.outbox.discard(corrected.conflict).catch(() => {})
      while ((await one.outbox.unsent()) > 0) {
        await one.outbox.sendNow()
        await people.mend(one)
      }
      await one.close()
    }
    await server.stop()
  }
  const result = reconcile(ledger.read(), await readStoredIntents(folder))
  console.log(
    `${rounds} power cuts, ${receipts} receipts held true; ${describeReconciliation(result)}`,
  )
  expect(isClean(result)).toBe(true)
  ledger.close()
})

/** Outcome of an incident that two people corrected from the same version. */
interface Corrected {
  incidentId: string
  applied: string
  conflict: string
  severity: number
}

/** The worker's correction comes first and is applied, the manager's is shown as a conflict. */
async function correctAtOnce(worker: Phone, manager: Phone): Promise<Corrected> {
  const incidentId = randomUUID()
  await worker.outbox.enqueue({
    type: 'report_incident',
    payload: { incidentId, categoryCode: 'street_cleaning', lon: 113, lat: 28, severity: 1 },
  })
  const change = async (device: Phone, severity: number): Promise<void> => {
    await device.outbox.enqueue({
      type: 'correct_incident',
      payload: { incidentId, baseVersion: 1, changes: { severity } },
    })
    await device.outbox.sendNow()
  }
  await worker.outbox.sendNow()
  await change(worker, 3)
  await change(manager, 4)
  const idOf = async (device: Phone, state: 'received' | 'conflict'): Promise<string> => {
    const page = await device.outbox.page({ states: [state], limit: 500 })
    const found = page.filter(
      (item) => item.type === 'correct_incident' && item.incidentId === incidentId,
    )
    expect(found).toHaveLength(1)
    return found[0]!.id
  }
  const [applied, conflict] = [await idOf(worker, 'received'), await idOf(manager, 'conflict')]
  return { incidentId, applied, conflict, severity: 3 }
}

async function instanceOf(dataDir: string): Promise<string | undefined> {
  const db = await openDatabase({ DATA_DIR: dataDir })
  const [row] = await db.query<{ id: string }>(
    'select instance_id::text as id from public.city_settings',
  )
  await db.close()
  return row?.id
}

/** Uploads a photo with no command after it; returns its hash once the server has answered for it. */
async function uploadPhoto(dataDir: string, origin: string, { email, userId }: Phone) {
  const { publishableKey: apikey } = JSON.parse(
    readFileSync(join(dataDir, 'secrets.json'), 'utf8'),
  ) as { publishableKey: string }
  const post = (path: string, type: string, body: BodyInit, token: string) =>
    fetch(new URL(path, origin), {
      method: 'POST',
      headers: { apikey, authorization: `Bearer ${token}`, 'content-type': type },
      body,
    })
  const signIn = JSON.stringify({ email, password: passwordOfAll })
  const session = await post(
    '/auth/v1/token?grant_type=password',
    'application/json',
    signIn,
    apikey,
  )
  const { access_token: token } = (await session.json()) as { access_token: string }
  const bytes = jpegFile({ seed: randomInt(1_000_000_000) })
  const hash = sha256Hex(bytes)
  const path = `/storage/v1/object/photos/${userId}/${hash}.jpg`
  expect((await post(path, 'image/jpeg', bytes, token)).status).toBe(200)
  return hash
}

/** The server's verdict on a photo, and the hash of its file. */
async function photoOf(dataDir: string, owner: string, hash: string) {
  const db = await openDatabase({ DATA_DIR: dataDir })
  const [row] = await db.query<{ verdict: string }>(
    'select verdict from public.photo_checks where owner = $1::uuid and hash = $2',
    [owner, hash],
  )
  await db.close()
  return { ...row, hash: sha256Hex(readFileSync(join(dataDir, 'photos', owner, `${hash}.jpg`))) }
}

/** The same as the server's database has it. */
async function recordOf(dataDir: string, asked: Corrected): Promise<Partial<Corrected>> {
  const db = await openDatabase({ DATA_DIR: dataDir })
  try {
    const outcomes = await db.query<{ id: string; outcome: 'applied' | 'conflict' }>(
      'select id::text, outcome from public.commands where id = any ($1::text[]::uuid[])',
      [[asked.applied, asked.conflict]],
    )
    const [row] = await db.query<{ severity: number }>(
      'select severity from public.incidents where id = $1::uuid',
      [asked.incidentId],
    )
    const byOutcome = Object.fromEntries(outcomes.map(({ id, outcome }) => [outcome, id]))
    return { incidentId: asked.incidentId, ...byOutcome, ...row }
  } finally {
    await db.close()
  }
}
