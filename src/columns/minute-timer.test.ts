import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { startMinutes } from './minute-timer.ts'

let page: EventTarget & { visibilityState: string }
let aheadMs: number
let minutes: number[]
let timer: ReturnType<typeof startMinutes>

beforeEach(() => {
  vi.useFakeTimers({ now: 59_000 })
  page = Object.assign(new EventTarget(), { visibilityState: 'visible' })
  aheadMs = 0
  minutes = []
  const onMinute = (minute: number) => minutes.push(minute)
  timer = startMinutes({ now: () => Date.now() + aheadMs, onMinute, page })
})
afterEach(() => {
  timer.stop()
  vi.useRealTimers()
})

it('tells each minute as it begins, once', () => {
  expect(minutes).toEqual([0])
  vi.advanceTimersByTime(999)
  expect(minutes).toEqual([0])
  vi.advanceTimersByTime(1)
  timer.look()
  vi.advanceTimersByTime(120_000)
  expect(minutes).toEqual([0, 1, 2, 3])
  timer.stop()
  vi.advanceTimersByTime(120_000)
  expect(minutes).toHaveLength(4)
})

it('follows a clock that was put right', () => {
  aheadMs = 600_000
  timer.look()
  expect(minutes).toEqual([0, 10])
  vi.advanceTimersByTime(1000)
  expect(minutes).toEqual([0, 10, 11])
})

it('rests while the tab is hidden', () => {
  page.visibilityState = 'hidden'
  page.dispatchEvent(new Event('visibilitychange'))
  vi.advanceTimersByTime(180_000)
  expect(minutes).toEqual([0])
  page.visibilityState = 'visible'
  page.dispatchEvent(new Event('visibilitychange'))
  expect(minutes).toEqual([0, 3])
})
