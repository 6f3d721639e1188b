import { IDBObjectStore } from 'fake-indexeddb'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Device, picture, until, userId } from '../../tests/fixtures/outbox/device.ts'
import { ModelServer, report } from '../../tests/fixtures/outbox/model-server.ts'
import { OutboxError, type Outbox } from './index.ts'

const uuid = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`
const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'went through',
    (error: unknown) => (error instanceof OutboxError ? error.code : String(error)),
  )

/** Fails writes like a full disk. */
function fillDisk(...tables: string[]) {
  vi.restoreAllMocks()
  for (const method of ['put', 'add'] as const) {
    const write = IDBObjectStore.prototype[method]
    vi.spyOn(IDBObjectStore.prototype, method).mockImplementation(function (
      this: IDBObjectStore,
      ...args: [unknown, IDBValidKey?]
    ) {
      if (tables.includes(this.name)) throw new DOMException('no room', 'QuotaExceededError')
      return write.apply(this as never, args as never) as never
    } as never)
  }
}

let server: ModelServer
let outbox: Outbox
beforeEach(async () => {
  server = new ModelServer(userId)
  outbox = await new Device().open(server.transport())
})
afterEach(() => {
  vi.restoreAllMocks()
})

describe('a full disk', () => {
  it('says so, and leaves form and queue as they were', async () => {
    const draft = {
      id: uuid(1),
      kind: 'report' as const,
      photoHashes: [] as string[],
      updatedAt: '2026-03-01T08:00:00Z',
      form: {
        categoryCode: null,
        lon: null,
        lat: null,
        accuracyMeters: null,
        placedBy: null,
        description: 'kept',
        severity: null,
        addressLabel: '',
        areaCode: null,
        confirmsIncidentId: null,
      },
    }
    await outbox.saveDraft(draft)
    await outbox.enqueue(report(uuid(2)))
    // no row without its file
    fillDisk('photoBytes')
    expect(await codeOf(outbox.savePhoto(picture(1)))).toBe('storage_full')
    fillDisk('drafts', 'payloads')
    expect(await codeOf(outbox.saveDraft({ ...draft, updatedAt: 'later' }))).toBe('storage_full')
    expect(await codeOf(outbox.enqueue(report(uuid(1)), { fromDraft: uuid(1) }))).toBe(
      'storage_full',
    )
    vi.restoreAllMocks()
    expect(await outbox.loadDrafts()).toEqual([draft])
    expect(await outbox.counts()).toMatchObject({ draft: 1, queued: 1 })
    outbox.start()
    await until(async () => (await outbox.counts()).received === 1)
  })

  it('that keeps a receipt from being written keeps the item too, until there is room', async () => {
    vi.spyOn(console, 'warn').mockImplementation(() => {})
    await outbox.enqueue(report(uuid(1)))
    fillDisk('receipts')
    outbox.start()
    await until(() => server.calls.length > 1, 'a second try')
    expect((await outbox.counts()).received).toBe(0)
    vi.restoreAllMocks()
    vi.spyOn(console, 'warn').mockImplementation(() => {})
    await until(async () => (await outbox.counts()).received === 1)
    expect([...server.effects.values()]).toEqual([1])
  })
})
