import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Device } from './device.ts'
import { checkRecord, receiptsOf } from './fault-run.ts'
import { People } from './intents.ts'
import { Ledger } from './ledger.ts'
import { describeReconciliation, isClean, reconcile } from './reconcile.ts'
import { seededRandom, seedOfRun } from './seeded-random.ts'
import { ServerProcess } from './server-process.ts'
import { readStoredIntents } from './stored-intents.ts'

const rounds = process.env.FAULTS === 'long' ? 10 : 1

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wangge-power-'))
  mkdirSync(join(folder, 'dist'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/**
 * PGlite writes without syncing, so after a power cut its files may be those of any earlier moment.
 * The worst one is played: the database goes back to before the first report; what was synced (the
 * journal, the photos) stays.
 */
test(`${rounds} power cuts: every receipt given before is still true after`, async () => {
  const seed = seedOfRun()
  console.log(`seed ${seed} (FAULT_SEED=${seed} repeats this run)`)
  const random = seededRandom(seed)
  const server = new ServerProcess(folder)
  await server.start()
  await server.stop()
  const pg = join(folder, 'data/pg')
  const synced = join(folder, 'pg.synced')
  cpSync(pg, synced, { recursive: true })

  const ledger = new Ledger(join(folder, 'intents.ndjson'))
  const people = new People(ledger, random)
  let receipts = 0
  for (let round = 0; round < rounds; round += 1) {
    const device = new Device({ email: 'bo@city.example', origin: await server.start(), random })
    await device.open()
    for (let n = 0; n < 60; n += 1) await people.act(device)
    await device.outbox.sendNow()
    await people.mend(device)
    // the power goes while the rest is on its way
    const sending = device.outbox.sendNow()
    if (round % 2 === 0) await sending
    await server.kill()
    const held = await receiptsOf([device])
    receipts += held.length
    expect(held.length).toBeGreaterThan(40)
    rmSync(pg, { recursive: true })
    cpSync(synced, pg, { recursive: true })
    await server.start()
    expect(server.output).toContain('replayed')
    await server.stop()
    expect((await checkRecord(folder, held)).untrueReceipts).toEqual([])

    device.moveTo(await server.start())
    while ((await device.outbox.unsent()) > 0) {
      await device.outbox.sendNow()
      await people.mend(device)
    }
    await device.close()
    await server.stop()
  }
  const result = reconcile(ledger.read(), await readStoredIntents(folder))
  console.log(`${rounds} power cuts, ${receipts} receipts held true; ${describeReconciliation(result)}`)
  expect(isClean(result)).toBe(true)
  ledger.close()
})
