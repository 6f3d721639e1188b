import { expect, test } from 'vitest'
import { EvenTime } from './even-time.ts'

/** On a simulated clock. */
async function durations(checksMs: number[], isGood = false): Promise<number[]> {
  let nowMs = 0
  const pass = async (ms: number) => void (nowMs += Math.max(0, ms))
  const evenTime = new EvenTime(() => nowMs, pass)
  const took: number[] = []
  for (const ms of checksMs) {
    const began = nowMs
    await evenTime.answer(
      () => pass(ms),
      () => isGood,
    )
    took.push(nowMs - began)
  }
  return took
}

test('a refusal takes the same time whether a password was checked or not', async () => {
  const [checked, unchecked, again] = await durations([182, 9, 182])
  expect(checked).toBe(500)
  expect(unchecked).toBe(500)
  expect(again).toBe(500)
})

test('on a slow machine the refusals without a check are as slow as those with one', async () => {
  const [, checked, unchecked] = await durations([900, 900, 9])
  expect(unchecked).toBe(checked)
})

test('a right password waits for nothing', async () => {
  expect(await durations([182], true)).toEqual([182])
})
