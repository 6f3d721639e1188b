import { describe, expect, it } from 'vitest'
import { convexHullInParts } from './convex-hull.ts'
import { dbscanInParts } from './dbscan.ts'
import { hdbscanInParts } from './hdbscan.ts'
import { pairsPerPart, within, type InParts } from './in-parts.ts'
import { knoxInParts } from './knox.ts'
import { latticeWeights } from './lattice.ts'
import { conditionalPermutationInParts } from './permutation.ts'
import { pointGridInParts } from './point-grid.ts'
import { seededRandom } from './random.ts'
import { spaceTimeScanInParts } from './scan.ts'

/** Values that count how often one of them is read. */
function countedReads(values: Float64Array, onRead: () => void): ArrayLike<number> {
  return new Proxy(values, {
    get(target, key) {
      if (typeof key === 'string' && key !== 'length') onRead()
      return Reflect.get(target, key, target)
    },
  })
}

/** Points in a disc of 400 m. */
function disc(n: number): { x: Float64Array; y: Float64Array } {
  const random = seededRandom(5)
  const [x, y] = [new Float64Array(n), new Float64Array(n)]
  for (let i = 0; i < n; i++) {
    const [angle, metres] = [2 * Math.PI * random.unit(), 400 * Math.sqrt(random.unit())]
    x[i] = metres * Math.cos(angle)
    y[i] = metres * Math.sin(angle)
  }
  return { x, y }
}

interface Effort {
  /** Coordinates read: in the longest part, and in all. */
  longest: number
  all: number
  shares: number[]
}

function effortOf(
  { x, y }: { x: Float64Array; y: Float64Array },
  work: (x: ArrayLike<number>, y: ArrayLike<number>) => InParts<unknown>,
): Effort {
  let reads = 0
  const onRead = (): void => void reads++
  const parts = work(countedReads(x, onRead), countedReads(y, onRead))
  const effort: Effort = { longest: 0, all: 0, shares: [] }
  for (;;) {
    reads = 0
    const { done, value } = parts.next()
    effort.longest = Math.max(effort.longest, reads)
    effort.all += reads
    if (done) return effort
    effort.shares.push(value as number)
  }
}

/** A pair takes two coordinates or more, and the last cells of a part may go over its length. */
const mostReads = 3 * pairsPerPart

describe('work in parts', () => {
  // two crowds: each point of one lies near the box of the other, and no two points are near
  const tooFar = disc(1600)
  for (let i = 0; i < 800; i++) {
    tooFar.x[i] = i * 1e-5
    tooFar.y[i] = 0
    tooFar.x[800 + i] = 100.5 * Math.cos(i / 4000)
    tooFar.y[800 + i] = 100.5 * Math.sin(i / 4000)
  }
  it.each([
    ['a grid', disc(200_000), (x, y) => pointGridInParts(x, y, 20)],
    ['a hull', disc(14_000), convexHullInParts],
    ['clusters of a crowd', disc(40_000), (x, y) => dbscanInParts(x, y, 15, 10)],
    ['crowds just too far apart', tooFar, (x, y) => dbscanInParts(x, y, 100, 3)],
    ['clusters by density', disc(2_000), (x, y) => hdbscanInParts(x, y, { minSize: 5 })],
  ] as [
    string,
    ReturnType<typeof disc>,
    (x: ArrayLike<number>, y: ArrayLike<number>) => InParts<unknown>,
  ][])('reads few coordinates a part: %s', (_name, points, work) => {
    const { longest, all, shares } = effortOf(points, work)
    expect(longest).toBeLessThanOrEqual(mostReads)
    expect(all).toBeGreaterThan(mostReads)
    expect(shares).toEqual(shares.toSorted((a, b) => a - b))
    expect(shares.every((share) => share >= 0 && share <= 1)).toBe(true)
  })

  it('pauses for each permutation, or for so many draws', () => {
    const { x, y } = disc(300)
    const days = Float64Array.from(x, (_, i) => i % 60)
    const pausesOf = (parts: InParts<unknown>): number => {
      let pauses = 0
      while (!parts.next().done) pauses++
      return pauses
    }
    const random = seededRandom(1).unit
    const permutations = 99
    const knox = knoxInParts(x, y, days, { distances: [50], delays: [7], permutations, random })
    expect(pausesOf(knox)).toBe(permutations)
    const places = Uint32Array.from(x, (_, i) => i % 40)
    const cases = { x: x.subarray(0, 40), y: y.subarray(0, 40), places, times: days, steps: 60 }
    const scan = spaceTimeScanInParts(cases, { maxRadiusMetres: 300, permutations, random })
    expect(pausesOf(scan)).toBeGreaterThanOrEqual(permutations)
    const lattice = latticeWeights({ columns: 20, rows: 20, shape: 'square' }, 'queen', true)
    const values = Float64Array.from({ length: 400 }, (_, i) => (i * 7919) % 101)
    const shuffled = conditionalPermutationInParts(values, lattice, { permutations: 9999 })
    expect(pausesOf(shuffled)).toBeGreaterThan((400 * 9999) / (2 * pairsPerPart))
  })

  it('tells shares of the whole', () => {
    function* half(): InParts<string> {
      yield 0
      yield 0.5
      return 'done'
    }
    const parts = within(half(), 0.2, 0.6)
    expect([parts.next(), parts.next(), parts.next()]).toEqual([
      { done: false, value: 0.2 },
      { done: false, value: 0.4 },
      { done: true, value: 'done' },
    ])
  })
})
