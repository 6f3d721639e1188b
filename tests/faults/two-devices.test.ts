import { randomUUID } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openDatabase } from '../../supabase/local/database.ts'
import { Device } from './device.ts'
import { seededRandom, seedOfRun, type SeededRandom } from './seeded-random.ts'
import { ServerProcess } from './server-process.ts'

const interleavings = process.env.FAULTS === 'long' ? 1000 : 100
const tenYears = 10 * 365 * 24 * 3600 * 1000

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wangge-devices-'))
  mkdirSync(join(folder, 'dist'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** What one device last saw of the incident, and what it wrote over it. */
interface View {
  device: Device
  version: number
}

test(`${interleavings} interleavings of two devices on one incident: nothing is overwritten in silence`, async () => {
  const seed = seedOfRun()
  console.log(`seed ${seed} (FAULT_SEED=${seed} repeats this run)`)
  const random = seededRandom(seed)
  const server = new ServerProcess(folder)
  const origin = await server.start()
  const worker = new Device({ email: 'anna@city.example', origin, random, clockOffMillis: tenYears })
  const manager = new Device({ email: 'manager@city.example', origin, random, clockOffMillis: -tenYears })
  await worker.open()
  await manager.open()
  const story = new Story(random)
  try {
    for (let n = 0; n < interleavings; n += 1) await story.play(worker, manager)
  } finally {
    await worker.close()
    await manager.close()
    await server.stop()
  }
  console.log(
    `${interleavings} interleavings: ${story.written.size} corrections written, ${story.applied.size} applied, ` +
      `${story.shown.size} shown as conflicts, ${story.redone} of them written again`,
  )
  // each was applied or shown to its author, and never both
  expect([...story.written].filter((token) => !story.applied.has(token) && !story.shown.has(token))).toEqual([])
  expect([...story.applied].filter((token) => story.shown.has(token))).toEqual([])
  expect(story.shown.size).toBeGreaterThan(interleavings / 10)

  const chains = await correctionChains()
  expect(chains.length).toBe(interleavings)
  const seen = new Set<string>()
  for (const { reported, corrections, description } of chains) {
    let text = reported
    for (const [before, after] of corrections) {
      // who writes over something has seen exactly that
      expect(before).toBe(text)
      text = after
      seen.add(after)
    }
    expect(description).toBe(text)
  }
  expect(seen).toEqual(story.applied)
})

/** Corrections of one incident by two people who look, write and send in any order. */
class Story {
  readonly #random: SeededRandom
  readonly written = new Set<string>()
  readonly applied = new Set<string>()
  readonly shown = new Set<string>()
  redone = 0
  #count = 0

  constructor(random: SeededRandom) {
    this.#random = random
  }

  async play(worker: Device, manager: Device): Promise<void> {
    const incidentId = randomUUID()
    await worker.outbox.enqueue({
      type: 'report_incident',
      payload: {
        incidentId,
        categoryCode: 'street_cleaning',
        lon: 113,
        lat: 28,
        description: `reported ${incidentId}`,
      },
    })
    await worker.outbox.sendNow()
    const views: View[] = [
      { device: worker, version: 1 },
      { device: manager, version: 1 },
    ]
    const steps = this.#random.whole(3, 8)
    for (let step = 0; step < steps; step += 1) {
      const view = this.#random.pick(views)
      const dice = this.#random()
      if (dice < 0.5) await this.#write(view, incidentId)
      else if (dice < 0.8) await view.device.outbox.sendNow()
      // both at once
      else await Promise.all(views.map(({ device }) => device.outbox.sendNow()))
      if (this.#random() < 0.3) await this.#settle(view, incidentId)
    }
    for (const view of views) {
      await view.device.outbox.sendNow()
      for (let turn = 0; turn < 20 && (await view.device.outbox.unsent()) > 0; turn += 1) {
        await this.#settle(view, incidentId)
        await view.device.outbox.sendNow()
      }
      expect(await view.device.outbox.unsent()).toBe(0)
    }
    for (const view of views) await this.#settle(view, incidentId)
  }

  async #write({ device, version }: View, incidentId: string): Promise<void> {
    const token = `text ${(this.#count += 1)}`
    this.written.add(token)
    await device.outbox.enqueue({
      type: 'correct_incident',
      payload: { incidentId, baseVersion: version, changes: { description: token } },
    })
  }

  /** Takes note of what came back: versions of what was applied, and conflicts, to be decided. */
  async #settle(view: View, incidentId: string): Promise<void> {
    const { outbox } = view.device
    const done = await outbox.page({ states: ['received'], limit: 50 })
    for (const item of done) {
      if (item.incidentId !== incidentId || item.type !== 'correct_incident') continue
      view.version = Math.max(view.version, item.version ?? 0)
      this.applied.add(item.text)
    }
    const refused = await outbox.page({ states: ['rejected'], limit: 5 })
    expect(refused).toEqual([])
    for (const item of await outbox.page({ states: ['conflict'], limit: 50 })) {
      const theirs = item.error?.server
      // the person sees what stands there now
      expect(theirs?.version).toBeGreaterThan(0)
      this.shown.add(item.text)
      view.version = Math.max(view.version, theirs?.version ?? 0)
      if (this.#random() < 0.5) {
        await outbox.discard(item.id)
        continue
      }
      const token = `text ${(this.#count += 1)}`
      this.written.add(token)
      this.redone += 1
      const payload = { incidentId, baseVersion: theirs?.version ?? 0, changes: { description: token } }
      await outbox.enqueue({ type: 'correct_incident', payload }, { replaces: item.id })
    }
  }
}

interface Chain {
  reported: string
  corrections: [before: string, after: string][]
  description: string
}

/** Every incident's corrections in the server's order. */
async function correctionChains(): Promise<Chain[]> {
  const db = await openDatabase({ DATA_DIR: join(folder, 'data') })
  try {
    return await db.query<Chain & Record<string, unknown>>(
      `select 'reported ' || i.id as reported, i.description, coalesce((
         select jsonb_agg(l.data -> 'changes' -> 'description' order by l.seq)
         from public.incident_log l
         where l.district_code = i.district_code and l.incident_id = i.id and l.kind = 'corrected'), '[]')
         as corrections
       from public.incidents i`,
    )
  } finally {
    await db.close()
  }
}
