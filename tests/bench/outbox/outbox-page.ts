import type { Draft, WireCommand } from '../../../src/domain/command/command.ts'
import type { NewCommand } from '../../../src/domain/command/types/index.ts'
import { OutboxDatabase } from '../../../src/sync/database.ts'
import { openOutbox, type Transport } from '../../../src/sync/index.ts'
import { prepareItem } from '../../../src/sync/item-row.ts'

/** Milliseconds. */
export interface OutboxTimes {
  saves: number[]
  /** One put of the same draft, strictly durable, without any library. */
  floor: number[]
}
export interface OpenTimes {
  open: number
  firstPage: number
  longestTask: number
  queued: number
}
export interface DrainTimes {
  drain: number
  longestTask: number
  received: number
}

const who = { instanceId: 'bench', userId: '11111111-1111-4111-8111-111111111111' }
const description = '路边堆放大件垃圾，占用人行道。A mattress and two chairs on the pavement.'
const draftOf = (id: string): Draft => ({
  id,
  kind: 'report',
  form: {
    categoryCode: 'illegal_dumping',
    lon: -122.44,
    lat: 37.76,
    accuracyMeters: 8,
    placedBy: 'gps',
    description,
    severity: 2,
    addressLabel: '1200 Mission St',
    areaCode: null,
    confirmsIncidentId: null,
  },
  photoHashes: [],
  updatedAt: new Date().toISOString(),
})
const reportOf = (): NewCommand => ({
  type: 'report_incident',
  payload: {
    incidentId: crypto.randomUUID(),
    categoryCode: 'illegal_dumping',
    lon: -122.44,
    lat: 37.76,
    description,
  },
})

const timed = async (run: () => Promise<unknown>): Promise<number> => {
  const began = performance.now()
  await run()
  return performance.now() - began
}

/** Hashes by command id, so that receipts cost the page nothing: the server is not measured here. */
const hashes = new Map<string, string>()
const transport: Transport = {
  knock: async () => {},
  applyCommands: async (commands: WireCommand[]) =>
    commands.map(({ id }) => ({
      id,
      outcome: 'applied',
      hash: hashes.get(id),
      incident_id: null,
      version: 1,
      error: null,
      missing_photos: [],
    })),
  uploadPhoto: async () => {},
}

/** Saves a draft and, in turn, puts the same one without any library. */
async function measureSaves(count: number): Promise<OutboxTimes> {
  const outbox = await openOutbox({ ...who, transport })
  const bare = await openBare()
  const times: OutboxTimes = { saves: [], floor: [] }
  for (let n = 0; n < count; n++) {
    // a form is saved again and again while it is filled in
    const draft = draftOf(`draft-${n % 20}`)
    times.saves.push(await timed(() => outbox.saveDraft(draft)))
    times.floor.push(await timed(() => putBare(bare, draft)))
  }
  for (const { id } of await outbox.loadDrafts()) await outbox.deleteDraft(id)
  await outbox.close()
  bare.close()
  return times
}

const openBare = (): Promise<IDBDatabase> =>
  new Promise((resolve, reject) => {
    const request = indexedDB.open('bare', 1)
    request.onupgradeneeded = () => request.result.createObjectStore('drafts', { keyPath: 'id' })
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error as Error)
  })
const putBare = (db: IDBDatabase, draft: Draft): Promise<void> =>
  new Promise((resolve, reject) => {
    const transaction = db.transaction('drafts', 'readwrite', { durability: 'strict' })
    transaction.objectStore('drafts').put(draft)
    transaction.oncomplete = () => resolve()
    transaction.onabort = () => reject(transaction.error as Error)
  })

/** Fills the queue, past the outbox: one durable commit each is not what is measured. */
async function fill(count: number): Promise<void> {
  const db = new OutboxDatabase(`wangge-${who.instanceId}-${who.userId}`)
  await db.open()
  for (let left = count; left > 0; left -= 1000) {
    const prepared = await Promise.all(
      Array.from({ length: Math.min(1000, left) }, () =>
        prepareItem(reportOf(), { id: crypto.randomUUID(), at: new Date().toISOString() }),
      ),
    )
    await db.write(async () => {
      await db.items.bulkAdd(prepared.map(({ row }) => ({ ...row, state: 'queued' as const })))
      await db.payloads.bulkAdd(prepared.map(({ row, payload }) => ({ id: row.id, payload })))
    })
  }
  db.close()
}

/** The longest task on the main thread while `run` runs; 0 when none took 50 ms. */
async function watchTasks(run: () => Promise<void>): Promise<number> {
  let longest = 0
  const observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) longest = Math.max(longest, duration)
  })
  observer.observe({ type: 'longtask' })
  await run()
  await new Promise((resolve) => setTimeout(resolve, 200))
  observer.disconnect()
  return longest
}

async function measureOpen(): Promise<OpenTimes> {
  const times: OpenTimes = { open: 0, firstPage: 0, longestTask: 0, queued: 0 }
  times.longestTask = await watchTasks(async () => {
    const began = performance.now()
    const outbox = await openOutbox({ ...who, transport })
    times.queued = (await outbox.counts()).queued
    times.open = performance.now() - began
    times.firstPage = await timed(() => outbox.page({ limit: 50 }))
    await outbox.close()
  })
  return times
}

async function measureDrain(): Promise<DrainTimes> {
  const times: DrainTimes = { drain: 0, longestTask: 0, received: 0 }
  const db = new OutboxDatabase(`wangge-${who.instanceId}-${who.userId}`)
  await db.open()
  for (const { id, hash } of await db.items.toArray()) hashes.set(id, hash)
  db.close()
  times.longestTask = await watchTasks(async () => {
    const outbox = await openOutbox({ ...who, transport })
    const began = performance.now()
    outbox.start()
    while ((await outbox.unsent()) > 0) await new Promise((resolve) => setTimeout(resolve, 100))
    times.drain = performance.now() - began
    times.received = (await outbox.counts()).received
    await outbox.close()
  })
  return times
}

Object.assign(window, { measureSaves, fill, measureOpen, measureDrain })
