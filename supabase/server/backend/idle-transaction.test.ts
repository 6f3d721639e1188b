import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { OwnerTransaction } from './engine.ts'
import { endWhenIdle } from './idle-transaction.ts'

let ends: boolean[]
let statement: () => void
const transaction: OwnerTransaction = {
  query: () => new Promise((resolve) => (statement = () => resolve([]))),
  exec: async () => undefined,
  end: async (commit) => void ends.push(commit),
}
beforeEach(() => {
  vi.useFakeTimers()
  ends = []
})
afterEach(() => vi.useRealTimers())

test('a transaction that stands idle is rolled back, and its commit is refused', async () => {
  const idle = endWhenIdle(transaction)
  await vi.advanceTimersByTimeAsync(59_000)
  await idle.exec('')
  await vi.advanceTimersByTimeAsync(59_000)
  expect(ends).toEqual([])
  await vi.advanceTimersByTimeAsync(1_000)
  expect(ends).toEqual([false])
  await expect(idle.end(true)).rejects.toMatchObject({ code: '25P03' })
  await idle.end(false)
  expect(ends).toEqual([false])
})

test('a statement may take longer, and an ended transaction is not ended again', async () => {
  const busy = endWhenIdle(transaction)
  const answered = busy.query('', [])
  await vi.advanceTimersByTimeAsync(600_000)
  expect(ends).toEqual([])
  statement()
  await answered
  await busy.end(true)
  await vi.advanceTimersByTimeAsync(600_000)
  expect(ends).toEqual([true])
})
