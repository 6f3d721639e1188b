import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { runFaults } from './fault-run.ts'
import { describeReconciliation, isClean } from './reconcile.ts'
import { seedOfRun } from './seeded-random.ts'

/** `npm run test:faults` is the long run. */
const isLong = process.env.FAULTS === 'long'
const [submissions, faults] = isLong ? [10_000, 200] : [250, 20]

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wangge-faults-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

test(`${submissions} submissions through ${faults} faults: none lost, none doubled, none under the wrong user`, async () => {
  // what dead pages have to say
  vi.spyOn(console, 'warn').mockImplementation(() => {})
  const seed = seedOfRun()
  console.log(`seed ${seed} (FAULT_SEED=${seed} repeats this run)`)
  const result = await runFaults({ folder, seed, submissions, faults, log: console.log })
  console.log(`meant: ${JSON.stringify(result.meant)}`)
  console.log(`befell the phones: ${JSON.stringify(result.events)}`)
  console.log(`injected: ${JSON.stringify(result.injected)}, kill -9: ${result.kills}`)
  console.log(describeReconciliation(result.reconciliation))
  console.log(
    `untrue receipts: ${result.untrueReceipts.length}, out of order: ${result.outOfOrder.length}, out of time: ${result.outOfTime.length}`,
  )

  const injected = Object.values(result.injected)
  expect(injected.reduce((sum, count) => sum + count, 0)).toBe(faults)
  // every kind
  expect(Math.min(...injected)).toBeGreaterThan(0)
  const { injected: by } = result
  expect(result.kills).toBe(by['kill-before'] + by['kill-during'] + by['kill-after'])
  expect(result.reconciliation.intents).toBeGreaterThanOrEqual(submissions)
  expect(result.meant.poisoned).toBeGreaterThan(0)
  expect(result.unsent).toBe(0)
  expect(result.reconciliation).toMatchObject({ lost: [], doubled: [], wrongUser: [], mangled: [] })
  expect(isClean(result.reconciliation)).toBe(true)
  expect(result.untrueReceipts).toEqual([])
  expect(result.outOfOrder).toEqual([])
  expect(result.outOfVersion).toEqual([])
  expect(result.outOfTime).toEqual([])
  expect(result.meant.step).toBeGreaterThan(0)
  const { deaths, leavings, takeOvers } = result.events
  expect(Math.min(deaths, leavings, takeOvers)).toBeGreaterThan(0)
})
