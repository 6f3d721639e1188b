import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { startResumeTimer } from './resume-timer.ts'

// The timer alone, over holds in memory; postgres-tier.test.ts resumes a real one.
let holds: number[]
let looks: number
let resumed: number
let failures: string[]
let isDown: boolean

beforeEach(() => {
  vi.useFakeTimers()
  holds = []
  looks = 0
  resumed = 0
  failures = []
  isDown = false
})
afterEach(() => vi.useRealTimers())

const query = async (sql: string): Promise<unknown[]> => {
  if (isDown) throw new Error('restarting')
  if (!sql.includes('resume_due')) {
    return [{ wait: holds.length > 0 ? Math.min(...holds) - Date.now() : null }]
  }
  looks += 1
  const due = holds.filter((at) => at <= Date.now())
  holds = holds.filter((at) => at > Date.now())
  return [{ n: due.length }]
}
const start = () =>
  startResumeTimer({
    database: () => ({ query: query as never }),
    onResumed: () => (resumed += 1),
    onFailed: (error) => failures.push(error.message),
  })
const holdFor = (milliseconds: number) => holds.push(Date.now() + milliseconds)
const pass = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds)

test('resumes what was due at the start, and each hold at its instant', async () => {
  holdFor(-5)
  holdFor(20_000)
  const timer = start()
  await pass(0)
  expect(resumed).toBe(1)
  await pass(19_999)
  expect([resumed, looks]).toEqual([1, 1])
  await pass(1)
  expect(resumed).toBe(2)
  await timer.stop()
})

test('a new hold replaces a later look; many changes bring one look', async () => {
  holdFor(50_000)
  const timer = start()
  await pass(0)
  holdFor(5_000)
  for (let n = 0; n < 100; n++) timer.noteChange()
  await pass(1_000)
  expect([resumed, looks]).toEqual([0, 2])
  await pass(4_000)
  expect([resumed, looks]).toEqual([1, 3])
  await pass(45_000)
  expect(resumed).toBe(2)
  await timer.stop()
})

test('looks once a minute for what other processes changed, and after a failure', async () => {
  const timer = start()
  await pass(59_000)
  expect(looks).toBe(1)
  isDown = true
  await pass(1_000)
  expect(failures).toEqual(['restarting'])
  isDown = false
  holdFor(1_000)
  await pass(60_000)
  expect(resumed).toBe(1)
  await timer.stop()
})

test('does nothing once it is stopped', async () => {
  holdFor(5_000)
  const timer = start()
  await pass(0)
  await timer.stop()
  timer.noteChange()
  await pass(600_000)
  expect([looks, resumed]).toEqual([1, 0])
})
