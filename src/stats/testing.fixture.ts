import fc from 'fast-check'
import { expect } from 'vitest'
import { weightsFromEntries } from './reference.fixture.ts'
import { weightsFromPairs, type Weights } from './weights.ts'

/** Every value to 1e-9, and no result exactly where the reference has none. */
export function compareWith(
  expected: (number | null)[],
  found: ArrayLike<number>,
  known: ArrayLike<number>,
): void {
  expect(expected.length).toBe(found.length)
  for (const [i, value] of expected.entries()) {
    expect(known[i], `area ${i}`).toBe(value === null ? 0 : 1)
    if (value !== null) expect(Math.abs(found[i]! - value), `area ${i}`).toBeLessThan(1e-9)
  }
}

export interface RandomMap {
  values: number[]
  weights: Weights
  /** A new number for each area. */
  order: number[]
}

/** A few areas with values, among them ties and zeros, any neighbours, and a renumbering. */
export function randomMap(): fc.Arbitrary<RandomMap> {
  return fc.integer({ min: 1, max: 14 }).chain((n) => {
    const area = fc.integer({ min: 0, max: n - 1 })
    const value = fc.oneof(
      fc.integer({ min: 0, max: 5 }),
      fc.integer({ min: 0, max: 1_000_000 }),
      fc.integer({ min: -9999, max: 9999 }).map((thousandths) => thousandths / 1000),
    )
    return fc
      .record({
        values: fc.array(value, { minLength: n, maxLength: n }),
        pairs: fc
          .array(fc.tuple(area, area), { maxLength: 4 * n })
          .map((pairs) => [
            ...new Map(
              pairs.filter(([a, b]) => a < b).map((pair) => [String(pair), pair]),
            ).values(),
          ]),
        order: fc.shuffledSubarray([...Array(n).keys()], { minLength: n, maxLength: n }),
      })
      .map(({ values, pairs, order }) => ({
        values,
        weights: weightsFromPairs(
          n,
          pairs.map(([a]) => a),
          pairs.map(([, b]) => b),
        ),
        order,
      }))
  })
}

/** The same map with each area i numbered order[i]. */
export function relabelled(
  values: number[],
  weights: Weights,
  order: number[],
): { values: number[]; weights: Weights } {
  const anew: number[] = []
  for (const [i, value] of values.entries()) anew[order[i]!] = value
  const entries = order.flatMap((from, i) =>
    [...weights.neighbours.subarray(weights.starts[i], weights.starts[i + 1])].map((to) => ({
      from,
      to: order[to]!,
      weight: 1,
    })),
  )
  return { values: anew, weights: weightsFromEntries(weights.n, entries, 'B', weights.self) }
}
