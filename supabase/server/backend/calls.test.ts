import { expect, test } from 'vitest'
import { OpenCalls } from './calls.ts'
import type { BackendCall } from './messages.ts'

const minute = 60_000
const request: BackendCall = {
  op: 'fetch',
  request: { method: 'GET', url: '', headers: [], body: null },
}
const statement = (tx: number | null): BackendCall => ({ op: 'exec', sql: '', tx })

function callsOf(...open: BackendCall[]) {
  const calls = new OpenCalls()
  const ids = open.map((call) => calls.add({ call, resolve() {}, reject() {} }, 0))
  const answer = (n: number, at: number) =>
    calls.settle({ event: 'reply', id: ids[n]!, value: null }, at)
  return { calls, answer }
}

test('a request without an answer for two minutes is stuck, a queue that moves is not', () => {
  const { calls, answer } = callsOf(request, request, { op: 'canary' })
  expect(calls.isStuck(1.9 * minute)).toBe(false)
  answer(0, 1.9 * minute)
  answer(1, 3.8 * minute)
  expect(calls.isStuck(5.7 * minute)).toBe(false)
  expect(calls.isStuck(5.9 * minute)).toBe(true)
  answer(2, 5.9 * minute)
  expect(calls.isStuck(100 * minute)).toBe(false)
})

test('a statement of the owner may take its time, alone or in a transaction, whoever waits', () => {
  expect(callsOf(statement(null), request).calls.isStuck(14 * minute)).toBe(false)
  expect(callsOf(request, statement(1)).calls.isStuck(14 * minute)).toBe(false)
  expect(callsOf(statement(null)).calls.isStuck(16 * minute)).toBe(true)
})
