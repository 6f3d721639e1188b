import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { startSnapshotTimer } from './snapshot-timer.ts'
import type { Snapshot } from '../journal/snapshot-files.ts'

// The timer alone: tests end its snapshots. automatic-snapshots.long.test.ts takes real ones.
interface Begun {
  finish(): void
  fail(): void
}
let begun: Begun[]
let failures: string[]

beforeEach(() => {
  vi.useFakeTimers()
  begun = []
  failures = []
})
afterEach(() => vi.useRealTimers())

const start = (everyMs = 1000, quietMs?: number) =>
  startSnapshotTimer({
    everyMs,
    ...(quietMs === undefined ? {} : { quietMs }),
    take: () =>
      new Promise<Snapshot>((resolve, reject) => {
        const segment = begun.length + 1
        begun.push({
          finish: () => resolve({ path: String(segment), segment }),
          fail: () => reject(new Error('the disk is full')),
        })
      }),
    onFailed: (error) => failures.push(error.message),
  })
const pass = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds)

test('never two at a time, and a change under way brings another', async () => {
  const timer = start()
  await pass(1000)
  expect(begun).toHaveLength(1)
  timer.noteChange()
  await pass(5000)
  expect(begun).toHaveLength(1)
  const byHand = timer.take()
  await pass(0)
  expect(begun).toHaveLength(1)
  begun[0]!.finish()
  await pass(0)
  expect(begun).toHaveLength(2)
  begun[1]!.finish()
  expect(await byHand).toEqual({ path: '2', segment: 2 })
  // The snapshot taken by hand holds the change too.
  await pass(5000)
  expect(begun).toHaveLength(2)
  await timer.stop()
})

test('a failed one is told and tried again, also after one by hand that failed', async () => {
  const timer = start()
  await pass(1000)
  begun[0]!.fail()
  await pass(1000)
  expect(failures).toEqual(['the disk is full'])
  begun[1]!.finish()
  const byHand = timer.take()
  await pass(0)
  begun[2]!.fail()
  await expect(byHand).rejects.toThrow('the disk is full')
  await pass(1000)
  expect(begun).toHaveLength(4)
  expect(failures).toHaveLength(1)
  begun[3]!.finish()
  await timer.stop()
})

test('stopping waits for the one under way, and nothing follows', async () => {
  const timer = start()
  await pass(1000)
  timer.noteChange()
  let isStopped = false
  const stopped = timer.stop().then(() => (isStopped = true))
  await pass(5000)
  expect(isStopped).toBe(false)
  begun[0]!.finish()
  await stopped
  await pass(5000)
  expect(begun).toHaveLength(1)
})

test('what no journal holds is not kept waiting, and comes together', async () => {
  const timer = start(100_000, 1000)
  timer.noteChange()
  await pass(10_000)
  expect(begun).toHaveLength(0)
  timer.noteUnjournaledChange()
  await pass(900)
  timer.noteUnjournaledChange()
  await pass(900)
  expect(begun).toHaveLength(0)
  await pass(100)
  expect(begun).toHaveLength(1)
  begun[0]!.finish()
  // A long import.
  for (let n = 0; n < 6; n++) {
    timer.noteUnjournaledChange()
    await pass(500)
  }
  expect(begun).toHaveLength(2)
  // A change while the database is copied.
  timer.noteUnjournaledChange()
  await pass(1500)
  expect(begun).toHaveLength(2)
  begun[1]!.finish()
  await pass(1000)
  expect(begun).toHaveLength(3)
  begun[2]!.finish()
  timer.noteUnjournaledChange()
  await timer.stop()
  await pass(200_000)
  expect(begun).toHaveLength(3)
})

test('0 never looks', async () => {
  const timer = start(0)
  timer.noteChange()
  timer.noteUnjournaledChange()
  await pass(86_400_000)
  expect(begun).toEqual([])
  await timer.stop()
})
