import { createPinia, setActivePinia } from 'pinia'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { useDeviceCareStore } from './device-care.store.ts'

const megabyte = 1024 * 1024

/** A fake browser; `stored` can be changed later. */
function device(options: { userAgent?: string; touch?: number; standalone?: boolean } = {}) {
  const stored = { usage: 0, quota: 1000 * megabyte, persisted: false, grants: false }
  vi.stubGlobal('window', new EventTarget())
  vi.stubGlobal('matchMedia', () => ({ matches: options.standalone ?? false }))
  vi.stubGlobal('navigator', {
    userAgent: options.userAgent ?? 'Mozilla/5.0 (Linux; Android 15) Chrome/140',
    maxTouchPoints: options.touch ?? 5,
    storage: {
      persisted: () => Promise.resolve(stored.persisted),
      estimate: () => Promise.resolve({ usage: stored.usage, quota: stored.quota }),
      persist: () => Promise.resolve((stored.persisted = stored.grants)),
    },
  })
  setActivePinia(createPinia())
  return { stored, care: useDeviceCareStore() }
}
const iPhone = 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Safari/605'
const mac = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Safari/605'

describe('device care', () => {
  afterEach(() => vi.unstubAllGlobals())

  it('knows nothing of the space before it has looked, and says low below a day’s photos', async () => {
    const { stored, care } = device()
    expect([care.freeBytes, care.isLow]).toEqual([null, false])
    await care.look()
    expect([care.freeBytes, care.isLow]).toEqual([1000 * megabyte, false])
    stored.usage = 901 * megabyte
    await care.look()
    expect([care.freeBytes, care.isLow]).toEqual([99 * megabyte, true])
    // usage above the quota leaves 0 bytes, not a negative number
    stored.usage = 1001 * megabyte
    await care.look()
    expect(care.freeBytes).toBe(0)
  })

  it('asks the browser to keep what is stored, and says what it granted', async () => {
    const { stored, care } = device()
    await care.persist()
    expect(care.isPersisted).toBe(false)
    stored.grants = true
    await care.persist()
    expect(care.isPersisted).toBe(true)
  })

  it('a browser that cannot tell is an ordinary one', async () => {
    const { care } = device()
    vi.stubGlobal('navigator', { storage: undefined })
    await care.persist()
    expect([care.isPersisted, care.freeBytes, care.isLow]).toEqual([null, null, false])
  })

  it.each([
    ['an iPhone in the browser', { userAgent: iPhone }, 7],
    ['an iPad, which calls itself a Mac', { userAgent: mac, touch: 5 }, 7],
    ['a Mac', { userAgent: mac, touch: 0 }, null],
    ['an iPhone with the app installed', { userAgent: iPhone, standalone: true }, null],
    ['an Android phone', {}, null],
  ])('forgets after days: %s', (_, options, days) => {
    expect(device(options).care.forgetsAfterDays).toBe(days)
  })

  it('an iPhone that promised to keep everything forgets nothing', async () => {
    const { stored, care } = device({ userAgent: iPhone })
    stored.persisted = true
    await care.look()
    expect(care.forgetsAfterDays).toBeNull()
  })
})
