import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { latticeWeights } from './lattice.ts'
import { bandWeights, nearestWeights } from './nearest.ts'
import { reference } from '../../tests/fixtures/stats/reference.ts'
import { seededRandom } from './random.ts'
import { randomMap } from '../../tests/fixtures/stats/random-map.ts'
import {
  islands,
  isSymmetric,
  rowStandardised,
  subset,
  weightsFromPairs,
  withSelf,
  withoutSelf,
  type Weights,
} from './weights.ts'

const rowOf = ({ starts, neighbours }: Weights, i: number): number[] => [
  ...neighbours.subarray(starts[i], starts[i + 1]),
]

describe('weights', () => {
  it('take a pair once and read it both ways, rows ascending', () => {
    const weights = weightsFromPairs(4, [2, 0, 3], [0, 1, 2])
    expect([0, 1, 2, 3].map((i) => rowOf(weights, i))).toEqual([[1, 2], [0], [0, 3], [2]])
    expect(() => weightsFromPairs(2, [0], [0])).toThrow(RangeError)
    expect(() => weightsFromPairs(2, [0], [2])).toThrow(RangeError)
  })

  it('equal the reference with and without the areas themselves, and standardised', () => {
    const { weights } = reference('nc_sids_FT_ncCC89')
    const binary = weights('B', false)
    expect(withSelf(binary)).toEqual(weights('B', true))
    expect(withoutSelf(withSelf(binary))).toEqual(binary)
    const shared = rowStandardised(withSelf(binary))
    expect(withoutSelf(shared).weights).toHaveLength(binary.neighbours.length)
    for (const self of [false, true]) {
      const shares = rowStandardised(self ? withSelf(binary) : binary)
      const expected = weights('W', self)
      expect(shares.neighbours).toEqual(expected.neighbours)
      for (const [e, share] of shares.weights!.entries()) {
        expect(share).toBeCloseTo(expected.weights![e]!, 14)
      }
      expect(isSymmetric(shares)).toBe(false)
    }
    expect(islands(binary).length).toBe(2)
    expect(islands(withSelf(binary))).toEqual(islands(binary))
    expect(() => withSelf(weights('W', false))).toThrow(RangeError)
  })

  it('stay symmetric in a part, whose areas keep their neighbours in it', () => {
    fc.assert(
      fc.property(randomMap(), fc.array(fc.boolean()), ({ weights }, marks) => {
        const keep = Array.from({ length: weights.n }, (_, i) => (marks[i] ? 1 : 0))
        const kept = keep.flatMap((mark, i) => (mark ? [i] : []))
        const part = subset(weights, keep)
        expect(part.n).toBe(kept.length)
        expect(isSymmetric(part)).toBe(true)
        for (const [i, area] of kept.entries()) {
          expect(rowOf(part, i).map((j) => kept[j])).toEqual(
            rowOf(weights, area).filter((j) => keep[j]),
          )
        }
      }),
    )
  })
})

describe('latticeWeights', () => {
  it('has 4, 8 or 6 neighbours inside, fewer at the rim', () => {
    const square = { columns: 3, rows: 3, shape: 'square' } as const
    expect(rowOf(latticeWeights(square, 'rook'), 4)).toEqual([1, 3, 5, 7])
    expect(rowOf(latticeWeights(square, 'queen'), 4)).toEqual([0, 1, 2, 3, 5, 6, 7, 8])
    expect(rowOf(latticeWeights(square, 'queen', true), 0)).toEqual([0, 1, 3, 4])
    const hexagon = { columns: 4, rows: 4, shape: 'hexagon' } as const
    expect(rowOf(latticeWeights(hexagon, 'queen'), 5)).toEqual([1, 2, 4, 6, 9, 10])
    expect(rowOf(latticeWeights(hexagon, 'queen'), 9)).toEqual([4, 5, 8, 10, 12, 13])
  })

  it('is symmetric, and the same with each cell added after', () => {
    for (const shape of ['square', 'hexagon'] as const) {
      for (const rule of ['queen', 'rook'] as const) {
        const lattice = { columns: 7, rows: 5, shape }
        const plain = latticeWeights(lattice, rule)
        expect(isSymmetric(plain)).toBe(true)
        expect(latticeWeights(lattice, rule, true)).toEqual(withSelf(plain))
      }
    }
  })

  it('refuses sides that are none', () => {
    expect(() => latticeWeights({ columns: 0, rows: 3, shape: 'square' }, 'rook')).toThrow(
      RangeError,
    )
    expect(() => latticeWeights({ columns: 1e5, rows: 1e5, shape: 'square' }, 'rook')).toThrow(
      RangeError,
    )
  })
})

describe('neighbours by distance', () => {
  const random = seededRandom(2)
  /** Some at one place, some far out: as geocoders leave them. */
  const x = Array.from({ length: 400 }, (_, i) => (i % 7 === 0 ? 500 : random.unit() * 1000))
  const y = Array.from({ length: 400 }, (_, i) => (i % 7 === 0 ? 500 : random.unit() * 1000))
  x[3] = 1e9
  const square = (i: number, j: number): number => (x[i]! - x[j]!) ** 2 + (y[i]! - y[j]!) ** 2

  it('nearestWeights finds the nearest, as a look at all does, and says ties', () => {
    for (const k of [1, 5, 60]) {
      const { weights, tied } = nearestWeights(x, y, k)
      for (let i = 0; i < x.length; i++) {
        const all = x.flatMap((_, j) => (j === i ? [] : [square(i, j)])).toSorted((a, b) => a - b)
        const found = rowOf(weights, i)
        expect(new Set(found).size).toBe(k)
        expect(found).not.toContain(i)
        expect(found.map((j) => square(i, j)).toSorted((a, b) => a - b)).toEqual(all.slice(0, k))
        expect(tied[i]).toBe(all[k - 1] === all[k] ? 1 : 0)
      }
    }
  })

  it('bandWeights finds all within the band, its end included', () => {
    for (const band of [0, 40, 5000]) {
      const weights = bandWeights(x, y, band)
      expect(isSymmetric(weights)).toBe(true)
      for (let i = 0; i < x.length; i++) {
        expect(rowOf(weights, i)).toEqual(
          x.flatMap((_, j) => (j !== i && square(i, j) <= band * band ? [j] : [])),
        )
      }
    }
    const six = reference('esda_sixpoints')
    const column = (name: string): number[] => six.column(name).map((value) => value!)
    expect(bandWeights(column('px'), column('py'), 15)).toEqual(six.weights('B', false))
  })

  it('refuses k, bands and points that are none', () => {
    expect(() => nearestWeights([1, 2], [1, 2], 2)).toThrow(/2 nearest among 2/)
    expect(() => nearestWeights([1, Number.NaN], [1, 2], 1)).toThrow(/point 1/)
    expect(() => nearestWeights([1, 2], [1], 1)).toThrow(RangeError)
    expect(() => bandWeights([1], [1], -1)).toThrow(RangeError)
    expect(() => bandWeights(x, y, 1e9, 100)).toThrow(/more than 100 pairs/)
  })
})
