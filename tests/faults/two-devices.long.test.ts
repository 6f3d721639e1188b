import { randomUUID } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openDatabase } from '../../supabase/server/backend/open-database.ts'
import { lookUntil } from '../kit/look-until.ts'
import { copyFaultCity } from './fault-city.ts'
import { Phone } from './phone.ts'
import { seededRandom, seedOfRun, type SeededRandom } from './seeded-random.ts'
import { ServerProcess } from './server-process.ts'

const interleavings = process.env.FAULTS === 'long' ? 1000 : 50
const tenYears = 10 * 365 * 24 * 3600 * 1000

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wangge-devices-'))
  mkdirSync(join(folder, 'dist'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** The version of the incident that somebody last saw on one screen. */
interface View {
  device: Phone
  version: number
}

test(`${interleavings} interleavings of two devices, one with two tabs, on one incident: nothing is overwritten in silence`, async () => {
  const seed = seedOfRun()
  console.log(`seed ${seed} (FAULT_SEED=${seed} repeats this run)`)
  const random = seededRandom(seed)
  await copyFaultCity(folder)
  const server = new ServerProcess(folder)
  const origin = await server.start()
  const worker = new Phone({
    emails: ['anna@city.example'],
    origin,
    random,
    clockOffMs: tenYears,
  })
  const tab = new Phone({
    emails: ['anna@city.example'],
    origin,
    random,
    clockOffMs: tenYears,
    tabOf: worker,
  })
  const manager = new Phone({
    emails: ['manager@city.example'],
    origin,
    random,
    clockOffMs: -tenYears,
  })
  const screens = [worker, tab, manager]
  for (const one of screens) await one.open()
  const story = new Story(random)
  let chains: Chain[]
  try {
    for (let n = 0; n < interleavings; n += 1) {
      await story.play(screens)
      // the tab that sends is closed, and the other one takes over
      if (n % 10 === 9) {
        const [sending] = [worker, tab].filter(
          ({ outbox }) => outbox.status.value.kind !== 'stopped-elsewhere',
        )
        expect(sending).toBeDefined()
        await sending!.close()
        await sending!.open()
      }
    }
    chains = await correctionChains()
  } finally {
    for (const one of screens) await one.close()
    await server.stop()
  }
  console.log(
    `${interleavings} interleavings: ${story.written.size} corrections written, ${story.applied.size} applied, ` +
      `${story.shown.size} shown as conflicts, ${story.redone} of them written again`,
  )
  // each was applied or shown to its author, and never both
  expect(
    [...story.written.keys()].filter(
      (token) => !story.applied.has(token) && !story.shown.has(token),
    ),
  ).toEqual([])
  expect([...story.applied].filter((token) => story.shown.has(token))).toEqual([])
  expect(story.shown.size).toBeGreaterThan(interleavings / 10)

  expect(chains.length).toBe(interleavings)
  const seen = new Set<string>()
  for (const { reported, corrections, description } of chains) {
    let text = reported
    for (const [index, [before, after]] of corrections.entries()) {
      // the author of the n-th correction had seen version n, which all before made
      expect([after, story.written.get(after)]).toEqual([after, index + 1])
      // the log says what stood there
      expect(before).toBe(text)
      text = after
      seen.add(after)
    }
    expect(description).toBe(text)
  }
  expect(seen).toEqual(story.applied)
})

/** Corrections of one incident by people who look, write and send in any order. */
class Story {
  readonly #random: SeededRandom
  /** Each text with the version its author had seen. */
  readonly written = new Map<string, number>()
  readonly applied = new Set<string>()
  readonly shown = new Set<string>()
  redone = 0
  #count = 0

  constructor(random: SeededRandom) {
    this.#random = random
  }

  async play(devices: readonly Phone[]): Promise<void> {
    const incidentId = randomUUID()
    const views: View[] = devices.map((device) => ({ device, version: 1 }))
    const [reporter] = devices as [Phone]
    await reporter.outbox.enqueue({
      type: 'report_incident',
      payload: {
        incidentId,
        categoryCode: 'street_cleaning',
        lon: 113,
        lat: 28,
        description: `reported ${incidentId}`,
      },
    })
    await this.#sendAll([views[0]!])
    const steps = this.#random.whole(3, 8)
    for (let step = 0; step < steps; step += 1) {
      const view = this.#random.pick(views)
      const dice = this.#random()
      if (dice < 0.5) await this.#write(view, incidentId)
      else if (dice < 0.8) await view.device.outbox.sendNow()
      // all at once
      else await Promise.all(views.map(({ device }) => device.outbox.sendNow()))
      if (this.#random() < 0.3) await this.#settle(view, incidentId)
    }
    await this.#sendAll(views, incidentId)
    for (const view of views) await this.#settle(view, incidentId)
  }

  /** Until nothing is left; a tab that does not send itself only asks the other one to. */
  async #sendAll(views: readonly View[], incidentId?: string): Promise<void> {
    for (const view of views) {
      const isAllSent = async (): Promise<boolean> => {
        if ((await view.device.outbox.unsent()) === 0) return true
        if (incidentId) await this.#settle(view, incidentId)
        await view.device.outbox.sendNow()
        return (await view.device.outbox.unsent()) === 0
      }
      expect(await lookUntil(isAllSent, 30_000, 5)).toBe(true)
    }
  }

  async #write({ device, version }: View, incidentId: string): Promise<void> {
    const token = `text ${(this.#count += 1)}`
    this.written.set(token, version)
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
      const baseVersion = theirs?.version ?? 0
      this.written.set(token, baseVersion)
      this.redone += 1
      const payload = { incidentId, baseVersion, changes: { description: token } }
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
