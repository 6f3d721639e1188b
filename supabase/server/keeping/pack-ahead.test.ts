import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { FairQueue } from '../wire/fair-queue.ts'
import { startPackAhead } from './pack-ahead.ts'

// The timer alone, over months in memory; kept-columns.test.ts packs real ones.
let missing: number
let packedFor: string[]
let readers: { user: string }[]
let failures: string[]
let isDown: boolean
let queue: FairQueue

beforeEach(() => {
  vi.useFakeTimers()
  missing = 3
  packedFor = []
  readers = [{ user: 'leader' }]
  failures = []
  isDown = false
  queue = new FairQueue({ maxUnderWay: 2, maxPerPerson: 1, maxWaitingPerPerson: 9, maxWaitMs: 1e9 })
})
afterEach(() => vi.useRealTimers())

const start = () =>
  startPackAhead({
    database: () => ({ query: async () => readers as never }),
    queue,
    async packNext(user) {
      if (isDown) throw new Error('restarting')
      if (missing === 0) return false
      missing -= 1
      packedFor.push(user)
      return true
    },
    onFailed: (error) => failures.push(error.message),
  })
const pass = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds)

test('packs month after month at the start, as somebody who sees the city', async () => {
  const ahead = start()
  await pass(0)
  expect(packedFor).toEqual(['leader', 'leader', 'leader'])
  await ahead.stop()
})

test('waits while somebody is served, and goes on afterwards', async () => {
  const call = Promise.withResolvers<void>()
  const served = queue.run('somebody', () => call.promise)
  const ahead = start()
  await pass(60_000)
  expect(packedFor).toEqual([])
  call.resolve()
  await served
  await pass(200)
  expect(packedFor).toHaveLength(3)
  await ahead.stop()
})

test('packs again once changes have come to rest', async () => {
  const ahead = start()
  await pass(0)
  missing = 2
  for (let n = 0; n < 10; n++) {
    ahead.noteChange()
    await pass(3_000)
  }
  expect(packedFor).toHaveLength(3)
  await pass(2_000)
  expect(packedFor).toHaveLength(5)
  await ahead.stop()
})

test('does nothing in a city without people, tells of a failure, and tries again after a change', async () => {
  readers = []
  const ahead = start()
  await pass(0)
  expect(packedFor).toEqual([])
  readers = [{ user: 'leader' }]
  isDown = true
  ahead.noteChange()
  await pass(5_000)
  expect(failures).toEqual(['restarting'])
  isDown = false
  ahead.noteChange()
  await pass(5_000)
  expect(packedFor).toHaveLength(3)
  await ahead.stop()
})

test('stops while it waits, without a failure', async () => {
  void queue.run('somebody', () => new Promise(() => undefined))
  const ahead = start()
  await pass(1_000)
  await ahead.stop()
  ahead.noteChange()
  await pass(60_000)
  expect([packedFor, failures]).toEqual([[], []])
})
