import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { globalG, localG } from './getis-ord.ts'
import { latticeWeights } from './lattice.ts'
import {
  reference,
  referenceNames,
  referenceRuns,
  type Style,
} from '../../tests/fixtures/stats/reference.ts'
import { compareWith, randomMap, relabelled } from '../../tests/fixtures/stats/random-map.ts'
import { isSymmetric, rowStandardised, weightsFromPairs, withSelf } from './weights.ts'

const styles: Style[] = ['B', 'W']

describe.each(referenceNames)('localG on %s', (name) => {
  const data = reference(name)

  it.each(styles)('has the z of Gi of spdep, style %s', (style) => {
    const { z, known } = localG(data.x, data.weights(style, false))
    compareWith(data.column(`Gi_z_${style}`), z, known)
  })

  it.each(styles)('has the z and p of Gi* of spdep, style %s', (style) => {
    const { z, p, known } = localG(data.x, data.weights(style, true))
    compareWith(data.column(`GiStar_z_${style}`), z, known)
    compareWith(data.column(`GiStar_p2_${style}`), p, known)
  })
})

it.each(referenceRuns.filter((run) => run.globalG !== null))(
  'globalG has the statistic and z of spdep on $dataset',
  ({ dataset, globalG: expected, globalG_z: z }) => {
    const data = reference(dataset)
    const found = globalG(data.x, data.weights('B', false))!
    expect(Math.abs(found.statistic - expected!)).toBeLessThan(1e-12)
    expect(Math.abs(found.z - z![0]![0]!)).toBeLessThan(1e-9)
  },
)

describe('localG', () => {
  it('gives the published values of the six points', () => {
    const { x, weights } = reference('esda_sixpoints')
    expect(globalG(x, weights('B', false))!.statistic).toBeCloseTo(0.55709779, 8)
    expect(localG(x, weights('B', false)).z[0]).toBeCloseTo(-1.0136729, 7)
    expect(localG(x, weights('B', true)).z[0]).toBeCloseTo(-1.39727626, 8)
  })

  it('keeps z when values are shifted and scaled, and when areas are numbered anew', () => {
    fc.assert(
      fc.property(
        randomMap(),
        fc.double({ min: -1e4, max: 1e4, noNaN: true }),
        fc.double({ min: 1e-3, max: 1e3, noNaN: true }),
        fc.boolean(),
        ({ values, weights, order }, shift, scale, star) => {
          const w = star ? withSelf(weights) : weights
          const { z, p, known } = localG(values, w)
          const moved = localG(
            values.map((value) => value * scale + shift),
            w,
          )
          const anew = relabelled(values, w, order)
          const renamed = localG(anew.values, anew.weights)
          for (let i = 0; i < values.length; i++) {
            expect(Number.isFinite(z[i]) && p[i]! >= 0 && p[i]! <= 1).toBe(true)
            expect(Math.abs(z[i]! - renamed.z[order[i]!]!)).toBeLessThan(1e-9)
            expect(known[i]).toBe(renamed.known[order[i]!])
            if (known[i] && moved.known[i]) {
              expect(Math.abs(z[i]! - moved.z[i]!)).toBeLessThan(1e-6 * (1 + Math.abs(z[i]!)))
            }
          }
        },
      ),
      { numRuns: 300 },
    )
  })

  it('does not depend on the sum of a row', () => {
    fc.assert(
      fc.property(randomMap(), fc.boolean(), ({ values, weights }, star) => {
        const binary = star ? withSelf(weights) : weights
        expect(isSymmetric(binary)).toBe(true)
        const plain = localG(values, binary)
        const mean = localG(values, rowStandardised(binary))
        for (let i = 0; i < values.length; i++) {
          expect(mean.known[i]).toBe(plain.known[i])
          expect(Math.abs(mean.z[i]! - plain.z[i]!)).toBeLessThan(
            1e-9 * (1 + Math.abs(plain.z[i]!)),
          )
        }
      }),
    )
  })

  it('has no result where there is nothing to compare, and never NaN', () => {
    const square = latticeWeights({ columns: 3, rows: 3, shape: 'square' }, 'queen')
    const none = (values: number[], weights = square): void => {
      for (const w of [weights, withSelf(weights)]) {
        const { z, p, known } = localG(values, w)
        expect([...known], String(values)).not.toContain(1)
        expect([...z].every((value) => value === 0) && [...p].every((value) => value === 1)).toBe(
          true,
        )
      }
    }
    none(Array.from({ length: 9 }, () => 0.1))
    none(Array.from({ length: 9 }, () => 0))
    none([], weightsFromPairs(0, [], []))
    none([7], weightsFromPairs(1, [], []))
    // each is the other's only neighbour: a row of all
    none([1, 2], weightsFromPairs(2, [0], [1]))
    // the middle of nine has all others, and with itself all
    expect(localG([1, 2, 3, 4, 5, 6, 7, 8, 9], square).known[4]).toBe(0)
    expect(localG([1, 2, 3, 4, 5, 6, 7, 8, 9], withSelf(square)).known[4]).toBe(0)
  })

  it('judges no area by others that are all equal', () => {
    const line = weightsFromPairs(4, [0, 1, 2], [1, 2, 3])
    expect([...localG([0.1, 0.1, 0.7, 0.1], line).known]).toEqual([1, 1, 0, 1])
  })

  it('leaves islands without Gi and judges them by their own value in Gi*', () => {
    const weights = weightsFromPairs(4, [0, 1], [1, 2])
    expect([...localG([1, 2, 3, 9], weights).known]).toEqual([1, 1, 1, 0])
    expect(localG([1, 2, 3, 9], withSelf(weights)).z[3]).toBeCloseTo(
      (9 - 3.75) / Math.sqrt((38.75 / 4) * (3 / 3)),
      12,
    )
  })

  it('holds its digits beside one giant value', () => {
    // Z = 0 for a row whose sum is expected, whatever the giant
    const weights = weightsFromPairs(6, [0, 0, 1, 2, 3], [1, 2, 3, 4, 5])
    const { z } = localG([1e12, 2, 4, 1, 5, 3], weights)
    // by hand: neighbours 2 and 4 among 2, 4, 1, 5, 3: the mean of both
    expect(Math.abs(z[0]!)).toBeLessThan(1e-3)
    const plain = localG([100, 2, 4, 1, 6, 3], weights)
    const giant = localG([1e13, 2, 4, 1, 6, 3], weights)
    expect(giant.z[0]).toBeCloseTo(plain.z[0]!, 2)
  })

  it('takes counts up to a million', () => {
    const weights = latticeWeights({ columns: 20, rows: 20, shape: 'square' }, 'queen', true)
    const small = Array.from({ length: 400 }, (_, i) => (i * 7919) % 101)
    const large = small.map((count) => count * 10_000)
    const a = localG(small, weights).z
    const b = localG(large, weights).z
    for (let i = 0; i < 400; i++) expect(Math.abs(a[i]! - b[i]!)).toBeLessThan(1e-11)
  })

  it('refuses what is no number and what does not fit', () => {
    const weights = weightsFromPairs(3, [0, 1], [1, 2])
    expect(() => localG([1, Number.NaN, 3], weights)).toThrow(/value 1 is NaN/)
    expect(() => localG([1, 2, Infinity], weights)).toThrow(/value 2 is Infinity/)
    expect(() => localG([1, 2], weights)).toThrow(RangeError)
    expect(() => globalG([1, -2, 3], weights)).toThrow(/negative/)
    expect(() => globalG([1, 2, 3], withSelf(weights))).toThrow(RangeError)
  })
})

describe('globalG', () => {
  it('is null where there is nothing to compare', () => {
    const line = weightsFromPairs(5, [0, 1, 2, 3], [1, 2, 3, 4])
    expect(globalG([3, 3, 3, 3, 3], line)).toBeNull()
    expect(globalG([0, 0, 4, 0, 0], line)).toBeNull()
    expect(globalG([1, 2, 3], weightsFromPairs(3, [0, 1], [1, 2]))).toBeNull()
    expect(globalG([1, 2, 3, 4, 5], weightsFromPairs(5, [], []))).toBeNull()
  })
})
