import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../tests/bench/generate/random.ts'
import { scanWorld } from '../../tests/bench/stats/scan-world.ts'
import fixture from '../../tests/fixtures/statistics/scan.json' with { type: 'json' }
import { spaceTimeScan, type ScanCases } from './scan.ts'

const options = { maxRadiusMetres: 900, maxSteps: 5, permutations: 99 }

describe('spaceTimeScan', () => {
  it.each(['last', 'any'] as const)('finds the best cylinder of R, windows ending %s', (ending) => {
    const [best] = spaceTimeScan(fixture, { ...options, ending, random: seededRandom(1) })
    const expected = fixture[ending]
    expect(best!.places.toSorted((a, b) => a - b)).toEqual(expected.places)
    expect(best).toMatchObject({ firstStep: expected.firstStep, lastStep: expected.lastStep })
    expect(best!.observed).toBe(expected.observed)
    expect(best!.expected).toBeCloseTo(expected.expected, 12)
    expect(best!.logRatio).toBeCloseTo(expected.logRatio, 9)
  })

  it('lists clusters that share no place, best first', () => {
    const clusters = spaceTimeScan(fixture, { ...options, random: seededRandom(1) })
    const places = clusters.flatMap((cluster) => cluster.places)
    expect(new Set(places).size).toBe(places.length)
    const ratios = clusters.map((cluster) => cluster.logRatio)
    expect(ratios).toEqual(ratios.toSorted((a, b) => b - a))
    const ps = clusters.map((cluster) => cluster.p)
    expect(ps).toEqual(ps.toSorted((a, b) => a - b))
  })

  // The bench counts 1,000 worlds of each kind.
  it('raises a false alarm in about 5 % of 100 worlds without a cluster', () => {
    let alarms = 0
    for (let seed = 0; seed < 100; seed++) if (scanWorld(seed, 0).p <= 0.05) alarms++
    // binomial(100, 0.05) lies within 1 … 13 with probability 0.993
    expect(alarms).toBeGreaterThanOrEqual(1)
    expect(alarms).toBeLessThanOrEqual(13)
  })

  it('finds 16 more cases in four places and four days in at least 90 % of 50 worlds', () => {
    let found = 0
    for (let seed = 0; seed < 50; seed++) {
      const { p, isPlanted } = scanWorld(seed, 16)
      if (p <= 0.05 && isPlanted) found++
    }
    expect(found).toBeGreaterThanOrEqual(45)
  })

  it('gives the same for the same seed', () => {
    const run = () => spaceTimeScan(fixture, { ...options, random: seededRandom(5) })
    expect(run()).toEqual(run())
  })

  it('finds nothing in nothing, in one place, in one step', () => {
    const none: ScanCases = { x: [], y: [], places: [], times: [], steps: 10 }
    const random = seededRandom(1)
    expect(spaceTimeScan(none, { ...options, random })).toEqual([])
    const one: ScanCases = { x: [0], y: [0], places: [0, 0, 0], times: [1, 2, 2], steps: 3 }
    expect(spaceTimeScan(one, { ...options, random })).toEqual([])
    const still: ScanCases = { x: [0, 1], y: [0, 1], places: [0, 1, 1], times: [0, 0, 0], steps: 1 }
    expect(spaceTimeScan(still, { ...options, random })).toEqual([])
  })

  it('refuses cases without place or step and options out of range', () => {
    const random = seededRandom(1)
    const bad =
      (change: Partial<ScanCases>, more = {}) =>
      () =>
        spaceTimeScan({ ...fixture, ...change }, { ...options, ...more, random })
    expect(bad({ times: fixture.times.with(3, 20) })).toThrow(/case 3/)
    expect(bad({ places: fixture.places.with(2, Number.NaN) })).toThrow(/case 2/)
    expect(bad({ x: fixture.x.with(1, Number.NaN) })).toThrow(/point 1/)
    expect(bad({ steps: 0 })).toThrow(/steps/)
    expect(bad({}, { maxRadiusMetres: Number.NaN })).toThrow(/radius/)
    expect(bad({}, { maxSteps: 0 })).toThrow(/window/)
    expect(bad({}, { permutations: 0 })).toThrow(/permutations/)
  })
})
