import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { OutboxWorld, type Step } from '../../tests/fixtures/outbox/world.ts'
import type { Mishap } from '../../tests/fixtures/outbox/model-server.ts'
import { patient } from '../../tests/kit/patience.ts'

const mishaps: Mishap[] = [
  'none',
  'lost-before',
  'lost-after',
  'cut-body',
  'portal',
  'unauthorized',
  'rate-limited',
  'server-error',
  'shuffled',
  'missing-receipts',
  'foreign-receipts',
  'wrong-hashes',
  'contradicting',
  'photos-lost',
]
const incident = fc.nat({ max: 3 })
const page = fc.nat({ max: 1 })
const says = fc.constantFrom(
  'fine',
  'fine',
  'fine',
  'refuse me',
  'conflict with me',
  'crash the call',
)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('report'), page, incident, says }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('photo'), page, incident, says }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('note'), page, incident, says }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('stuck'),
      page,
      how: fc.constantFrom('edit', 'retry', 'discard'),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('crash'),
      page,
      steps: fc.integer({ min: 1, max: 14 }),
      point: fc.constantFrom('before', 'within', 'after'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('close'), page }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('pass'), turns: fc.integer({ min: 1, max: 60 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('send-now'), page }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('sign-in'), page }) },
)

/** fast-check prints a failure's seed. */
const numRuns = Number(process.env.OUTBOX_RUNS ?? 40)

describe('whatever happens', () => {
  it(
    'nothing is lost, nothing is doubled, and the queue drains once the faults stop',
    async () => {
      // killed pages warn
      vi.spyOn(console, 'warn').mockImplementation(() => {})
      const seen = { intents: 0, kills: 0, mishaps: 0 }
      await fc.assert(
        fc.asyncProperty(
          fc.array(step, { minLength: 5, maxLength: 40 }),
          fc.array(fc.constantFrom(...mishaps), { maxLength: 30 }),
          async (steps, faults) => {
            const world = new OutboxWorld(faults)
            try {
              for (const one of steps) {
                await world.take(one)
                await world.checkNothingLost()
              }
              await world.drain()
              await world.checkAllArrivedOnce()
            } finally {
              await world.end()
            }
            seen.intents += world.intents.length
            seen.kills += world.kills
            seen.mishaps += faults.length
          },
        ),
        { numRuns },
      )
      process.stdout.write(
        `${numRuns} schedules: ${seen.intents} intents, ${seen.kills} kills, ${seen.mishaps} mishaps; ` +
          'nothing lost, nothing doubled\n',
      )
      // The schedules must not be too tame.
      expect(seen.intents).toBeGreaterThan(numRuns * 3)
      expect(seen.kills).toBeGreaterThan(numRuns / 3)
    },
    patient(1_800_000),
  )
})
