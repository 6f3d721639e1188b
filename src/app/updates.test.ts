import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { offeredUpdate, putOffUpdate, takeUpdate, watchForUpdates } from './updates.ts'

const worker = vi.hoisted(() => ({
  listeners: new Map<string, (event: { isUpdate: boolean }) => void>(),
  asked: [] as string[],
}))
vi.mock('workbox-window', () => ({
  Workbox: class {
    addEventListener = (name: string, listener: () => void) => worker.listeners.set(name, listener)
    register = () => Promise.resolve()
    update = () => Promise.resolve()
    messageSkipWaiting = () => worker.asked.push('skip waiting')
  },
}))
const say = (name: string, isUpdate = true) => worker.listeners.get(name)!({ isUpdate })

describe('updates', () => {
  const reload = vi.fn()
  beforeEach(async () => {
    vi.useFakeTimers()
    vi.stubGlobal('navigator', { serviceWorker: {} })
    vi.stubGlobal('document', new EventTarget())
    vi.stubGlobal('location', { reload })
    await watchForUpdates()
  })
  afterEach(() => {
    vi.useRealTimers()
    vi.unstubAllGlobals()
  })

  it('a first visit, whose worker takes over at once, is no update', () => {
    say('controlling', false)
    expect(offeredUpdate.value).toBe('none')
  })

  it('what was put off is said again once another tab has gone over, and never reloads by itself', () => {
    say('waiting')
    expect(offeredUpdate.value).toBe('ready')
    putOffUpdate()
    expect(offeredUpdate.value).toBe('none')
    say('controlling')
    expect(offeredUpdate.value).toBe('taken')
    expect(reload).not.toHaveBeenCalled()
  })

  it('goes over by a reload alone where the newer version is in charge already', () => {
    takeUpdate()
    expect(reload).toHaveBeenCalledTimes(1)
    expect(worker.asked).toEqual([])
  })
})
