import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import fixture from '../../tests/fixtures/statistics/hdbscan.json' with { type: 'json' }
import { hdbscan } from './hdbscan.ts'
import { finish } from './in-parts.ts'
import { reachabilityTree } from './reachability-tree.ts'

/** Points that are not in the cluster that most of their cluster are in. */
function astray(labels: ArrayLike<number>, other: number[]): number {
  const members = Map.groupBy(other.keys(), (i) => labels[i]!)
  return [...members.values()].reduce((sum, points) => {
    const sizes = [...Map.groupBy(points, (i) => other[i]!).values()].map((same) => same.length)
    return sum + points.length - Math.max(...sizes)
  }, 0)
}

/** Prim's algorithm over all pairs. */
function treeLength(x: number[], y: number[], minPoints: number): number {
  const apart = x.map((px, i) => x.map((qx, j) => Math.hypot(px - qx, y[i]! - y[j]!)))
  const cores = apart.map((row) => row.toSorted((a, b) => a - b)[minPoints - 1]!)
  const best = x.map(() => Infinity)
  const rest = new Set(x.keys())
  let at = 0
  let length = 0
  for (rest.delete(0); rest.size > 0; rest.delete(at)) {
    for (const j of rest)
      best[j] = Math.min(best[j]!, Math.max(apart[at]![j]!, cores[at]!, cores[j]!))
    at = [...rest].reduce((a, b) => (best[b]! < best[a]! ? b : a))
    length += best[at]!
  }
  return length
}

describe('hdbscan', () => {
  it.each(fixture.cases)(
    'of $minSize and $minPoints points has the clusters of scikit-learn',
    ({ labels, ...options }) => {
      const found = hdbscan(fixture.x, fixture.y, options)
      expect(Array.from(found.labels, (label) => label < 0)).toEqual(
        labels.map((label) => label < 0),
      )
      expect(found.count).toBe(Math.max(...labels) + 1)
      // one point of 500 is as near to two clusters: its own core distance
      expect(astray(found.labels, labels)).toBeLessThanOrEqual(1)
      expect(astray(labels, [...found.labels])).toBeLessThanOrEqual(1)
      expect(found.stabilities.every((value) => value > 0)).toBe(true)
    },
  )

  it('spans points with the shortest tree, ties and piles among them', () => {
    const place = fc.tuple(fc.nat(12), fc.nat(12))
    fc.assert(
      fc.property(
        fc.array(place, { minLength: 4, maxLength: 70 }),
        fc.integer({ min: 1, max: 4 }),
        (places, k) => {
          const [x, y] = [places.map((p) => p[0]), places.map((p) => p[1])]
          const { lengths } = finish(reachabilityTree(x, y, k))
          expect(lengths).toHaveLength(x.length - 1)
          expect(lengths.reduce((sum, one) => sum + one, 0)).toBeCloseTo(treeLength(x, y, k), 9)
        },
      ),
    )
  })

  it('tells two piles of equal points apart, without NaN', () => {
    const x = [...Array<number>(30).fill(0), ...Array<number>(20).fill(500), 5000]
    const { labels, count, stabilities } = hdbscan(x, x, { minSize: 5 })
    expect(count).toBe(2)
    expect(new Set(labels.slice(0, 30)).size).toBe(1)
    expect(labels[0]).not.toBe(labels[30])
    expect(labels[50]).toBe(-1)
    expect(stabilities.every(Number.isFinite)).toBe(true)
  })

  it('does not depend on shift or scale', () => {
    const { labels } = hdbscan(fixture.x, fixture.y, { minSize: 10 })
    const moved = hdbscan(
      fixture.x.map((v) => 8 * v),
      fixture.y.map((v) => 8 * v),
      { minSize: 10 },
    )
    expect(moved.labels).toEqual(labels)
  })

  it('finds nothing in nothing, one, all in one place', () => {
    expect(hdbscan([], [], { minSize: 5 }).count).toBe(0)
    expect([...hdbscan([1], [1], { minSize: 2 }).labels]).toEqual([-1])
    const pile = new Float64Array(50).fill(3)
    expect(hdbscan(pile, pile, { minSize: 5 }).count).toBe(0)
  })

  it('refuses what is no size and no place', () => {
    expect(() => hdbscan([1], [1], { minSize: 1 })).toThrow(/2 points/)
    expect(() => hdbscan([1], [1], { minSize: 2, minPoints: 0 })).toThrow(/density/)
    expect(() => hdbscan([1], [1], { minSize: 2, resolutionMetres: 0 })).toThrow(/resolution/)
    expect(() => hdbscan([Number.NaN], [1], { minSize: 2 })).toThrow(/point 0/)
  })
})
