import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { localG } from './getis-ord.ts'
import { globalMoran, localMoran, quadrants } from './moran.ts'
import { reference, referenceRuns, type Style } from '../../tests/fixtures/stats/reference.ts'
import { compareWith, randomMap, relabelled } from '../../tests/fixtures/stats/random-map.ts'
import { weightsFromPairs, withSelf } from './weights.ts'

const styles: Style[] = ['B', 'W']
const withMoran = ['columbus_crime_queen', 'columbus_crime_rook', 'nc_sids_FT_ncCC89'] as const

describe.each(withMoran)('localMoran on %s', (name) => {
  const data = reference(name)

  it.each(styles)('has every column of spdep, style %s', (style) => {
    for (const [shuffled, prefix] of [
      ['conditional', 'LMcond'],
      ['total', 'LMtotal'],
    ] as const) {
      const found = localMoran(data.x, data.weights(style, false), shuffled)
      const column = (suffix: string): (number | null)[] =>
        data.column(`${prefix}_${style}_${suffix}`)
      compareWith(column('Z_Ii'), found.z, found.known)
      compareWith(column('p_Ii'), found.p, found.known)
      // spdep has 0 where areas have no neighbours, as we have; there it is no result
      const all = found.known.map(() => 1)
      compareWith(column('E_Ii'), found.expected, all)
      compareWith(column('Var_Ii'), found.variance, all)
      compareWith(data.column(`LMcond_${style}_Ii`), found.statistic, all)
    }
  })
})

it.each(['columbus_crime_queen', 'columbus_crime_rook'] as const)(
  'localMoran has the quadrants of spdep on %s',
  (name) => {
    const data = reference(name)
    const { quadrant } = localMoran(data.x, data.weights('W', false))
    expect([...quadrant].map((index) => quadrants[index])).toEqual(
      data.texts('LM_quadrant_mean_W').map((text) => text.toLowerCase()),
    )
  },
)

it.each(referenceRuns)('globalMoran equals moran.test on $dataset, style $style', (run) => {
  const data = reference(run.dataset)
  const found = globalMoran(data.x, data.weights(run.style, false))!
  expect(Math.abs(found.statistic - run.moran_I)).toBeLessThan(1e-12)
  expect(Math.abs(found.expected - run.moran_E)).toBeLessThan(1e-12)
  expect(Math.abs(found.variance - run.moran_var_randomisation)).toBeLessThan(1e-12)
  expect(Math.abs(found.z - run.moran_z)).toBeLessThan(1e-9)
})

describe('localMoran', () => {
  it('has the z of Gi up to the sign, and keeps it when areas are numbered anew', () => {
    fc.assert(
      fc.property(randomMap(), ({ values, weights, order }) => {
        const moran = localMoran(values, weights)
        const gi = localG(values, weights)
        const anew = relabelled(values, weights, order)
        const renamed = localMoran(anew.values, anew.weights)
        // 0, 0.001 and 624,379 of three areas lose eight digits in the variance without one of them
        for (let i = 0; i < values.length; i++) {
          const z = moran.z[i]!
          expect(Number.isFinite(z) && Number.isFinite(moran.statistic[i])).toBe(true)
          expect(Math.abs(z - renamed.z[order[i]!]!)).toBeLessThan(1e-7 * (1 + Math.abs(z)))
          expect(moran.quadrant[i]! > 0).toBe(
            weights.starts[i]! < weights.starts[i + 1]! &&
              new Set(values).size > 1 &&
              values.length > 2,
          )
          if (moran.known[i]) {
            expect(Math.abs(Math.abs(z) - Math.abs(gi.z[i]!))).toBeLessThan(
              1e-6 * (1 + Math.abs(z)),
            )
          }
        }
      }),
      { numRuns: 300 },
    )
  })

  it('names outliers', () => {
    const line = weightsFromPairs(5, [0, 1, 2], [1, 2, 3])
    const { quadrant } = localMoran([9, 1, 8, 9, 5], line)
    expect([...quadrant].map((index) => quadrants[index])).toEqual([
      'high-low',
      'low-high',
      'high-low',
      'high-high',
      'none',
    ])
  })

  it('refuses rows that hold the areas themselves, and NaN', () => {
    const line = weightsFromPairs(3, [0, 1], [1, 2])
    expect(() => localMoran([1, 2, 3], withSelf(line))).toThrow(RangeError)
    expect(() => globalMoran([1, 2, 3], withSelf(line))).toThrow(RangeError)
    expect(() => localMoran([1, 2, Number.NaN], line)).toThrow(/value 2 is NaN/)
  })
})

describe('globalMoran', () => {
  it('is null where there is nothing to compare', () => {
    const line = weightsFromPairs(5, [0, 1, 2, 3], [1, 2, 3, 4])
    expect(globalMoran([2, 2, 2, 2, 2], line)).toBeNull()
    expect(globalMoran([1, 2, 3, 4, 5], weightsFromPairs(5, [], []))).toBeNull()
    expect(globalMoran([1, 2, 3], weightsFromPairs(3, [0, 1], [1, 2]))).toBeNull()
    expect(globalMoran([], weightsFromPairs(0, [], []))).toBeNull()
  })
})
