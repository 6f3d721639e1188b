import 'fake-indexeddb/auto'
import { IDBFactory } from 'fake-indexeddb'
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { DownloadCall, DownloadNews } from '@/device/city-files.ts'
import type { AppConfig } from '@/domain/city/config.ts'
import { until } from '../../../tests/fixtures/outbox/device.ts'
import { useOfflineCityStore } from './offline-city.store.ts'
import { useSessionStore } from '../session.store.ts'

const city = { basemap: { url: '/basemap/city.pmtiles', attribution: '' } } as AppConfig['city']

/** A fake download worker; the test sends its messages. */
class FakeWorker extends EventTarget {
  static last: FakeWorker | null = null
  readonly calls: DownloadCall[] = []
  constructor() {
    super()
    FakeWorker.last = this
  }
  postMessage = (call: DownloadCall) => void this.calls.push(call)
  terminate = () => {}
  say = (news: DownloadNews) => this.dispatchEvent(new MessageEvent('message', { data: news }))
}

describe('the city on the device', () => {
  let files: Map<string, number>

  /** Restarts the app on this device. */
  function start() {
    setActivePinia(createPinia())
    useSessionStore().config = { instanceId: 'i', city } as AppConfig
    return useOfflineCityStore()
  }
  async function takenAlong() {
    const store = start()
    await store.download()
    const { name } = FakeWorker.last!.calls[0] as { name: string }
    FakeWorker.last!.say({ kind: 'progress', received: 40, total: 100, etag: '"1"' })
    files.set(name, 100)
    FakeWorker.last!.say({ kind: 'done', bytes: 100, etag: '"1"' })
    await until(() => store.status === 'kept', 'the map kept')
    return name
  }

  beforeEach(() => {
    files = new Map()
    const root = {
      getFileHandle: (name: string) =>
        files.has(name)
          ? Promise.resolve({ getFile: () => Promise.resolve({ size: files.get(name) }) })
          : Promise.reject(new DOMException('no such file', 'NotFoundError')),
      removeEntry: (name: string) => Promise.resolve(void files.delete(name)),
    }
    vi.stubGlobal('navigator', { storage: { getDirectory: () => Promise.resolve(root) } })
    vi.stubGlobal('window', new EventTarget())
    vi.stubGlobal('location', new URL('http://test/'))
    vi.stubGlobal('Worker', FakeWorker)
    vi.stubGlobal('indexedDB', new IDBFactory())
  })
  afterEach(() => vi.unstubAllGlobals())

  it('tells how far it has come, pauses, and goes on with the same file', async () => {
    const store = start()
    await store.download()
    const worker = FakeWorker.last!
    expect(store.status).toBe('downloading')
    worker.say({ kind: 'progress', received: 40, total: 100, etag: '"1"' })
    expect([store.received, store.totalBytes]).toEqual([40, 100])
    store.pause()
    expect(worker.calls.at(-1)).toEqual({ kind: 'cancel' })
    worker.say({ kind: 'cancelled' })
    expect(store.status).toBe('paused')

    const next = start()
    await until(() => next.status === 'paused', 'what was paused')
    await next.download()
    const [first, second] = [worker.calls[0], FakeWorker.last!.calls[0]] as { name: string }[]
    expect(second).toMatchObject({ name: first!.name, etag: '"1"' })
  })

  it('goes on by itself after the network was gone', async () => {
    const store = start()
    await store.download()
    const before = FakeWorker.last
    before!.say({ kind: 'failed', reason: 'offline' })
    expect([store.status, store.failure]).toEqual(['failed', 'offline'])
    window.dispatchEvent(new Event('online'))
    await until(() => store.status === 'downloading', 'the download')
    expect(FakeWorker.last).not.toBe(before)
  })

  it('is there after a start, and gone once removed', async () => {
    await takenAlong()
    const store = start()
    await until(() => store.status === 'kept', 'the kept map')
    expect(await store.fileFor('http://test/basemap/city.pmtiles')).toMatchObject({ size: 100 })
    await store.remove()
    expect([store.status, files.size]).toEqual(['none', 0])
  })

  it.each([
    ['is not there any more', (name: string) => files.delete(name)],
    ['is another one by its size', (name: string) => files.set(name, 3)],
  ])('says so when the file %s, and takes it along again', async (_, lose) => {
    lose(await takenAlong())
    const store = start()
    await until(() => store.status === 'failed', 'the loss')
    expect([store.failure, store.record.kept]).toEqual(['gone', null])
    expect(await store.fileFor('http://test/basemap/city.pmtiles')).toBeNull()
    await store.download()
    expect(store.status).toBe('downloading')
  })
})
