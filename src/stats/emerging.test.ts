import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import fixture from '../../tests/fixtures/statistics/space-time-gi.json' with { type: 'json' }
import { classifyEmerging, emergingClasses } from './emerging.ts'
import { spaceTimeGiStar } from './space-time-gi.ts'

const spatial = {
  starts: Uint32Array.from(fixture.starts),
  neighbours: Uint32Array.from(fixture.neighbours),
}
const steps = 8

describe('spaceTimeGiStar', () => {
  it('agrees with localG of spdep over the cube', () => {
    const z = spaceTimeGiStar(fixture.counts, spatial, steps, { lags: 2 })
    fixture.z.forEach((value, bin) => expect(z[bin]).toBeCloseTo(value, 10))
  })

  it('does not change when counts are shifted or scaled', () => {
    const z = spaceTimeGiStar(fixture.counts, spatial, steps)
    const moved = spaceTimeGiStar(
      fixture.counts.map((n) => 3 * n + 1_000_000),
      spatial,
      steps,
    )
    z.forEach((value, bin) => expect(moved[bin]).toBeCloseTo(value, 7))
  })

  it('takes weights of 1 as binary', () => {
    const weights = new Float64Array(spatial.neighbours.length).fill(1)
    expect(spaceTimeGiStar(fixture.counts, { ...spatial, weights }, steps)).toEqual(
      spaceTimeGiStar(fixture.counts, spatial, steps),
    )
  })

  it('takes a season of the whole city out when judged against its steps', () => {
    const season = fixture.counts.map((n, bin) => n + 100 * (bin % 2))
    const z = spaceTimeGiStar(fixture.counts, spatial, steps, { lags: 0, against: 'steps' })
    const seasonal = spaceTimeGiStar(season, spatial, steps, { lags: 0, against: 'steps' })
    z.forEach((value, bin) => expect(seasonal[bin]).toBeCloseTo(value, 9))
    // against the cube the high steps are hot everywhere
    expect(
      spaceTimeGiStar(season, spatial, steps, { lags: 0 }).filter((v) => v > 1.96),
    ).not.toHaveLength(0)
  })

  it('is never NaN: all equal, one area, one step, counts up to a million', () => {
    const counts = fc.array(fc.nat(1_000_000), { minLength: 25, maxLength: 25 })
    fc.assert(
      fc.property(counts, fc.nat(3), fc.constantFrom('cube', 'steps'), (row, lags, against) => {
        for (const value of spaceTimeGiStar(row, spatial, 1, { lags, against: against as 'cube' }))
          expect(Number.isFinite(value)).toBe(true)
      }),
    )
    const alone = { starts: new Uint32Array(2), neighbours: new Uint32Array(0) }
    expect([...spaceTimeGiStar([5], alone, 1)]).toEqual([0])
    expect(spaceTimeGiStar(new Float64Array(200).fill(0.1), spatial, 8).every((v) => v === 0)).toBe(
      true,
    )
    expect(spaceTimeGiStar([], { ...alone, starts: new Uint32Array(1) }, 12)).toHaveLength(0)
  })

  it('refuses what does not fit', () => {
    expect(() => spaceTimeGiStar([1], spatial, 8)).toThrow(/25 areas/)
    expect(() =>
      spaceTimeGiStar(
        [Number.NaN],
        { starts: new Uint32Array(2), neighbours: new Uint32Array() },
        1,
      ),
    ).toThrow(/count 0/)
  })
})

/** One letter a step: H hot, C cold, any other neither. `rise` is added per step, far below critical. */
function series(letters: string, rise = 0): number[] {
  return [...letters]
    .map((letter, t) => ({ H: 4, C: -4 })[letter] ?? 0.01 * ((t * 7) % 5))
    .map((v, t) => v + rise * t)
}

const mirrored = (letters: string) => letters.replace(/[HC]/g, (l) => (l === 'H' ? 'C' : 'H'))

function classOf(letters: string, rise = 0): string {
  const z = Float64Array.from(series(letters, rise))
  const { classes } = classifyEmerging(z, letters.length, { criticalZ: 1.96 })
  const found = classes[0]!
  if (found === 0) return 'none'
  return `${found > 0 ? 'hot' : 'cold'} ${emergingClasses[Math.abs(found) - 1]}`
}

describe('classifyEmerging', () => {
  it.each([
    ['new', '.........H', 0],
    ['new', '.C.......H', 0],
    ['consecutive', '.......HHH', 0],
    ['persistent', '.HHHHHHHHH', 0],
    ['consecutive', '..HHHHHHHH', 0],
    ['intensifying', 'HHHHHHHHHH', 0.1],
    ['persistent', 'HHHHHHHHHH', 0],
    ['persistent', 'HHHH.HHHHH', 0],
    ['diminishing', 'HHHHHHHHHH', -0.1],
    ['sporadic', '..HH...H.H', 0],
    ['sporadic', 'HHHH..HHHH', 0],
    ['oscillating', '.H..C...HH', 0],
    ['historical', 'HHHHHHHHH.', 0],
    ['none', 'HHHHHHHH..', 0],
    ['none', '..........', 0],
    ['none', '....HH....', 0],
  ])('calls a %s hot and cold spot so: %s rising by %d', (expected, letters, rise) => {
    const cold = mirrored(letters)
    if (expected === 'none') {
      expect([classOf(letters, rise), classOf(cold, -rise)]).toEqual(['none', 'none'])
      return
    }
    expect(classOf(letters, rise)).toBe(`hot ${expected}`)
    expect(classOf(cold, -rise)).toBe(`cold ${expected}`)
  })

  it('lets the last step decide between a historical hot and a new cold spot', () => {
    expect(classOf('HHHHHHHHHC')).toBe('cold new')
    expect(classOf('CCCCCCCCCH')).toBe('hot new')
  })

  it('mirrors itself', () => {
    const z = fc.array(fc.double({ min: -4, max: 4, noNaN: true }), {
      minLength: 12,
      maxLength: 12,
    })
    fc.assert(
      fc.property(z, (values) => {
        const options = { criticalZ: 1.6 }
        const own = classifyEmerging(Float64Array.from(values), 12, options)
        const back = classifyEmerging(
          Float64Array.from(values, (v) => -v),
          12,
          options,
        )
        expect(back.hotSteps).toEqual(own.coldSteps)
        expect(back.classes[0]! + own.classes[0]!).toBe(0)
        expect(own.trendP[0]).toBeCloseTo(back.trendP[0]!, 12)
      }),
    )
  })

  it('finds nothing where a correction keeps nothing', () => {
    const z = Float64Array.from(series('HHHHHHHHHH'))
    expect([...classifyEmerging(z, 10, { criticalZ: Infinity }).classes]).toEqual([0])
  })

  it('refuses what does not fit', () => {
    expect(() => classifyEmerging(new Float64Array(7), 3, { criticalZ: 2 })).toThrow(/steps/)
    expect(() => classifyEmerging(new Float64Array(3), 3, { criticalZ: 0 })).toThrow(/critical/)
    const nan = Float64Array.of(1, Number.NaN)
    expect(() => classifyEmerging(nan, 2, { criticalZ: 2 })).toThrow(/value 1/)
    expect(classifyEmerging(new Float64Array(0), 3, { criticalZ: 2 }).classes).toHaveLength(0)
  })
})
