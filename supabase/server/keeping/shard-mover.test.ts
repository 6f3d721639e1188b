import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { DatabaseError } from '../base/database-types.ts'
import { startShardMover } from './shard-mover.ts'

// The mover alone, over batches in memory; shard-level.test.ts of the database moves real keys.
let left: number
let asked: number
let finished: number
let failures: string[]
let error: Error | null

beforeEach(() => {
  vi.useFakeTimers()
  left = 0
  asked = 0
  finished = 0
  failures = []
  error = null
})
afterEach(() => vi.useRealTimers())

const query = async (): Promise<unknown[]> => {
  asked += 1
  if (error) throw error
  left = Math.max(0, left - 1)
  return [{ isMore: left > 0 }]
}
const start = () =>
  startShardMover({
    database: () => ({ query: query as never }),
    onFinished: () => (finished += 1),
    onFailed: ({ message }) => failures.push(message),
  })
const pass = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds)

test('goes on after a start with what is left, and rests between two batches', async () => {
  left = 3
  const mover = start()
  await pass(0)
  expect(asked).toBe(1)
  await pass(19)
  expect(asked).toBe(1)
  await pass(10_000)
  expect([asked, left, finished]).toEqual([3, 0, 1])
  await mover.stop()
})

test('without a change asks once and says nothing', async () => {
  const mover = start()
  await pass(600_000)
  expect([asked, finished]).toEqual([1, 0])
  left = 2
  for (let n = 0; n < 50; n++) mover.noteChange()
  await pass(10_000)
  expect([asked, finished]).toEqual([3, 1])
  await mover.stop()
})

test('waits for a lock without a word, and a minute after a fault', async () => {
  left = 2
  error = new DatabaseError('canceling statement due to lock timeout', '55P03')
  const mover = start()
  await pass(1_100)
  expect([asked, failures]).toEqual([3, []])
  error = new Error('no room')
  await pass(500)
  expect([asked, failures]).toEqual([4, ['no room']])
  error = null
  await pass(59_000)
  expect(asked).toBe(4)
  await pass(1_100)
  expect([left, finished]).toEqual([0, 1])
  await mover.stop()
})

test('asks nothing more once it was stopped', async () => {
  left = 5
  const mover = start()
  await pass(0)
  await mover.stop()
  mover.noteChange()
  await pass(600_000)
  expect(asked).toBe(1)
})
