import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { openDatabase } from '../../supabase/server/backend/open-database.ts'
import type { Database } from '../../supabase/server/base/database-types.ts'
import { realNow } from './device-clock.ts'
import { copyFaultCity } from './fault-city.ts'
import { Phone } from './phone.ts'
import { startFaultProxy, faultKinds, type FaultKind, type FaultProxy } from './fault-proxy.ts'
import { People } from './intents.ts'
import { Ledger } from './ledger.ts'
import { reconcile, type Reconciliation, type StoredIntent } from './reconcile.ts'
import { seededRandom, type SeededRandom } from './seeded-random.ts'
import { ServerProcess } from './server-process.ts'
import { storedIntentsIn } from './stored-intents.ts'

export interface FaultRunOptions {
  /** An empty folder. */
  folder: string
  seed: number
  submissions: number
  faults: number
  log?: (line: string) => void
}

export interface FaultRunResult {
  reconciliation: Reconciliation
  injected: FaultProxy['injected']
  /** By SIGKILL. */
  kills: number
  meant: People['meant']
  /** Tabs that died, people who signed out and others in, sessions followed by another's. */
  events: Events & { signIns: number[] }
  /** Receipts on the devices that the server's record does not bear out. */
  untrueReceipts: string[]
  /** Entries of one device at one incident that stand in another order than they were made. */
  outOfOrder: string[]
  /** Incidents whose version is not one more than the steps in their log. */
  outOfVersion: string[]
  /** Incidents whose time at the server is a device's, not the server's own. */
  outOfTime: string[]
  /** Items left on the devices. */
  unsent: number
}

const tenYears = 10 * 365 * 24 * 3600 * 1000

/**
 * People on four devices (one of them with two, two with clocks ten years off) report, note and
 * photograph while the network and the server fail by the seed. Halfway the server is replaced and
 * every app closed and opened again, as a deploy does. Ends when all queues are empty and compares.
 */
export async function runFaults(options: FaultRunOptions): Promise<FaultRunResult> {
  const { folder, submissions, log = () => {} } = options
  const random = seededRandom(options.seed)
  mkdirSync(join(folder, 'dist'), { recursive: true })
  await copyFaultCity(folder)
  const server = new ServerProcess(folder)
  const plan = new FaultPlan(options.faults, submissions, random)

  // one end and start of the server after the other; every planned kill happens
  let settled: Promise<void> = Promise.resolve()
  const restart = (end: () => Promise<void>): { ended: Promise<void> } => {
    const ended = settled.then(async () => {
      proxy.target = null
      await end()
    })
    settled = ended.then(async () => {
      proxy.target = await server.start()
    })
    return { ended }
  }
  const proxy = await startFaultProxy({
    plan: (method, path) => plan.next(method, path),
    killServer: () => restart(() => server.kill()).ended,
  })
  proxy.target = await server.start()
  const ledger = new Ledger(join(folder, 'intents.ndjson'))
  const people = new People(ledger, random)
  const device = (clockOffMs: number, ...names: [string, ...string[]]): Phone => {
    const emails = names.map((name) => `${name}@city.example`) as [string, ...string[]]
    return new Phone({ emails, origin: proxy.url, clockOffMs, random })
  }
  const devices = [
    device(0, 'anna'),
    device(tenYears, 'anna'),
    device(-tenYears, 'bo'),
    device(0, 'chen', 'bo', 'anna'),
  ]
  const began = realNow()
  // a short run has enough of them, too, for all that befalls the phones between two
  const longestBurst = Math.min(50, submissions / 10)
  let bursts = 0
  const events = { deaths: 0, leavings: 0, takeOvers: 0 }
  try {
    for (const one of devices) await one.open()
    let acted = 0
    while (acted < submissions) {
      const burst = Math.min(random.whole(1, longestBurst), submissions - acted)
      for (let n = 0; n < burst; n += 1) await people.act(random.pick(devices))
      acted += burst
      plan.acted = acted
      const sending = random.pick(devices)
      await sending.beHere()
      if (random() < 0.5) await sending.outbox.sendNow()
      await befall(devices, (bursts += 1), random, events)
      if (acted >= submissions / 2 && acted - burst < submissions / 2) {
        log(`${acted} of ${submissions} made; a deploy: the server is replaced, every app reloaded`)
        restart(() => server.stop())
        for (const one of devices) await one.close()
        await settled
        for (const one of devices) await one.open()
      }
    }
    log(`${submissions} made, ${plan.left} faults to come; the queues drain`)
    plan.isDraining = true
    const unsent = await drain(devices, people, plan)
    await settled
    const receipts = await receiptsOf(devices)
    for (const one of devices) await one.close()
    await server.stop()
    const { stored, ...record } = await recordIn(folder, receipts, [began, realNow()])
    return {
      reconciliation: reconcile(ledger.read(), stored),
      injected: proxy.injected,
      kills: server.kills,
      meant: people.meant,
      events: { ...events, signIns: devices.map(({ signIns }) => signIns) },
      ...record,
      unsent,
    }
  } finally {
    for (const one of devices) await one.close()
    await settled.catch(() => {})
    await server.stop()
    await proxy.close()
    ledger.close()
  }
}

interface Events {
  deaths: number
  leavings: number
  takeOvers: number
}

/** Other mishaps of phones: tabs die in mid-sending, and a shared phone goes from hand to hand. */
async function befall(
  devices: Phone[],
  burst: number,
  random: SeededRandom,
  events: Events,
): Promise<void> {
  for (const one of devices) await one.beHere()
  const beginSending = ({ outbox }: Phone): void =>
    void (random() < 0.5 && outbox.sendNow().catch(() => {}))
  if (burst % 4 === 2) {
    const one = random.pick(devices)
    beginSending(one)
    // the moment of its death is what is tested
    await new Promise((resolve) => setTimeout(resolve, random.whole(0, 40)))
    one.die()
    events.deaths += 1
    await one.open()
  }
  const shared = devices.find(({ emails }) => emails.length > 1)
  if (!shared || burst % 6 !== 3) return
  const leaving = burst % 12 === 3
  events[leaving ? 'leavings' : 'takeOvers'] += 1
  beginSending(shared)
  const others = shared.emails.filter((email) => email !== shared.email)
  await shared.changePerson(random.pick(others), { leaving })
}

/** Which request meets which fault: all kinds in turn, shuffled, spread over the run. */
class FaultPlan {
  #waiting: FaultKind[]
  readonly #random: SeededRandom
  readonly #submissions: number
  acted = 0
  isDraining = false

  constructor(faults: number, submissions: number, random: SeededRandom) {
    this.#random = random
    this.#submissions = submissions
    this.#waiting = Array.from({ length: faults }, (_, n) => faultKinds[n % faultKinds.length]!)
      .map((kind) => ({ kind, key: random() }))
      .sort((a, b) => a.key - b.key)
      .map(({ kind }) => kind)
  }

  get left(): number {
    return this.#waiting.length
  }

  next(method: string, path: string): FaultKind | null {
    const isCommand = path.startsWith('/rest/v1/rpc/apply_commands')
    const isUpload = method === 'POST' && path.startsWith('/storage/v1/object/')
    if ((!isCommand && !isUpload) || this.left === 0) return null
    // a call of commands to every 25 submissions or so; photos are met less often, being many
    const callsToCome = Math.max(1, (this.#submissions - this.acted) / 25)
    const share = this.isDraining ? 0.7 : Math.min(0.7, this.left / callsToCome / 2)
    if (this.#random() >= (isUpload ? share / 4 : share)) return null
    return this.#waiting.pop() ?? null
  }
}

/** Sends until nothing is left and every planned fault has happened; mends what was refused. */
async function drain(devices: Phone[], people: People, plan: FaultPlan): Promise<number> {
  const deadline = Date.now() + 20 * 60_000
  const done = new Map<Phone, Set<string>>()
  for (;;) {
    let unsent = 0
    let isAnyoneAway = false
    // renewing a session that met no server waits in real time
    await new Promise((resolve) => setTimeout(resolve, 50))
    for (const one of devices) {
      await one.beHere()
      await one.outbox.sendNow()
      await one.beHere()
      await people.mend(one)
      const left = await one.outbox.unsent()
      unsent += left
      if (left > 0) continue
      // a shared phone's other queues wait until their person is back
      const emptied = (done.get(one) ?? new Set()).add(one.email)
      done.set(one, emptied)
      const next = one.emails.find((email) => !emptied.has(email))
      if (!next) continue
      isAnyoneAway = true
      await one.changePerson(next, { leaving: true })
    }
    if (isAnyoneAway) continue
    // faults that found nothing left to meet get something more to meet
    if (unsent === 0 && plan.left > 0) for (const one of devices) await people.act(one)
    else if (unsent === 0) return 0
    if (Date.now() > deadline) return unsent
  }
}

export interface DeviceReceipt {
  id: string
  hash: string
  userId: string
}

export async function receiptsOf(devices: Phone[]): Promise<DeviceReceipt[]> {
  const all: DeviceReceipt[] = []
  for (const one of devices) {
    for (const email of one.emails) {
      await one.changePerson(email, { leaving: true })
      all.push(...(await receiptsOfPerson(one)))
    }
  }
  return all
}

async function receiptsOfPerson(one: Phone): Promise<DeviceReceipt[]> {
  const all: DeviceReceipt[] = []
  let after: string | undefined
  for (;;) {
    const page = await one.outbox.page({
      states: ['received'],
      limit: 500,
      ...(after && { after }),
    })
    for (const { id } of page) {
      const item = await one.outbox.item(id)
      if (item) all.push({ id, hash: item.hash, userId: one.userId })
    }
    after = page.at(-1)?.cursor
    if (!after) return all
  }
}

type RecordCheck = Pick<
  FaultRunResult,
  'untrueReceipts' | 'outOfOrder' | 'outOfVersion' | 'outOfTime'
>

/** Reads all intents from a stopped server's folder and checks receipts and order against them. */
async function recordIn(
  folder: string,
  receipts: readonly DeviceReceipt[],
  span: readonly [number, number],
): Promise<RecordCheck & { stored: StoredIntent[] }> {
  const dataDir = join(folder, 'data')
  const db = await openDatabase({ DATA_DIR: dataDir })
  try {
    const stored = await storedIntentsIn(db, join(dataDir, 'photos'))
    return { stored, ...(await checkRecord(db, receipts, span)) }
  } finally {
    await db.close()
  }
}

/** Holds the devices' receipts and each device's order against the server's record. */
export async function checkRecord(
  db: Database,
  receipts: readonly DeviceReceipt[],
  [began, ended]: readonly [number, number],
): Promise<RecordCheck> {
  const rows = await db.query<{ id: string; hash: string; actor: string; outcome: string }>(
    'select id::text, hash, actor::text, outcome from public.commands',
  )
  const known = new Map(rows.map((row) => [row.id, row]))
  const untrueReceipts = receipts
    .filter(({ id, hash, userId }) => {
      const row = known.get(id)
      return row?.hash !== hash || row.actor !== userId || row.outcome !== 'applied'
    })
    .map(({ id }) => id)
  // tokens are numbered as they were made; an incident is worked on by the device that reported it
  const disordered = await db.query<{ incident_id: string }>(
    `select distinct incident_id::text from (
         select l.incident_id, t.made, lag(t.made) over (partition by l.incident_id order by l.seq) as before
         from public.incident_log l
         join public.incidents i on i.district_code = l.district_code and i.id = l.incident_id
         cross join lateral (
           select substring(case l.kind when 'reported' then i.description else l.note end
             from '⟦[a-z]+-([0-9]+)⟧')::integer as made
         ) t
       ) o where o.before > o.made`,
  )
  const misversioned = await db.query<{ id: string }>(
    `select i.id::text from public.incidents i where i.description like '%⟦%⟧%'
       and i.version <> 1 + (select count(*) from public.incident_log l
         where l.district_code = i.district_code and l.incident_id = i.id
           and l.kind in ('transition', 'corrected'))`,
  )
  // devices' clocks are ten years off; the server's own is the one that counts
  const misdated = await db.query<{ id: string }>(
    `select i.id::text from public.incidents i where i.description like '%⟦%⟧%'
         and i.reported_at not between to_timestamp($1) and to_timestamp($2)`,
    [began / 1000 - 1, ended / 1000 + 1],
  )
  return {
    untrueReceipts,
    outOfOrder: disordered.map((row) => row.incident_id),
    outOfVersion: misversioned.map(({ id }) => id),
    outOfTime: misdated.map(({ id }) => id),
  }
}
