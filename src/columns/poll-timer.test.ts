import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { startPolling } from './poll-timer.ts'

class Page extends EventTarget {
  visibilityState = 'visible'
  show(state: 'visible' | 'hidden'): void {
    this.visibilityState = state
    this.dispatchEvent(new Event('visibilitychange'))
  }
}

describe('startPolling', () => {
  let page: Page
  let network: EventTarget
  let polls: number[]
  let fails: boolean
  let stop: () => void

  beforeEach(() => {
    vi.useFakeTimers({ now: 0 })
    page = new Page()
    network = new EventTarget()
    polls = []
    fails = false
    stop = startPolling({
      page,
      network,
      poll: async () => {
        polls.push(Date.now() / 1000)
        if (fails) throw new Error('offline')
      },
    })
  })
  afterEach(() => {
    stop()
    vi.useRealTimers()
  })
  const wait = (seconds: number) => vi.advanceTimersByTimeAsync(seconds * 1000)

  it('asks every 20 seconds', async () => {
    await wait(61)
    expect(polls).toEqual([20, 40, 60])
  })

  it('rests while hidden and asks at once when shown again', async () => {
    page.show('hidden')
    await wait(100)
    expect(polls).toEqual([])
    page.show('visible')
    await wait(25)
    expect(polls).toEqual([100, 120])
  })

  it('asks less often while it fails, and at once when the network is back', async () => {
    fails = true
    await wait(20 + 40 + 80)
    expect(polls).toEqual([20, 60, 140])
    fails = false
    network.dispatchEvent(new Event('online'))
    await wait(21)
    expect(polls).toEqual([20, 60, 140, 140, 160])
  })

  it('stops', async () => {
    stop()
    page.show('visible')
    await wait(100)
    expect(polls).toEqual([])
  })
})
