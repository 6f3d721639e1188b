import { describe, expect, it } from 'vitest'
import { localG } from './getis-ord.ts'
import { latticeWeights } from './lattice.ts'
import { normalQuantile } from './normal.ts'
import { conditionalPermutation, drawDistinct } from './permutation.ts'
import { seededRandom, type Random } from './random.ts'
import { reference, type Style } from '../../tests/fixtures/stats/reference.ts'
import { rowStandardised, weightsFromPairs, withSelf, type Weights } from './weights.ts'

const square = (side: number, self: boolean): Weights =>
  latticeWeights({ columns: side, rows: side, shape: 'square' }, 'queen', self)

/** Sums over `length` values drawn from all but the i-th. */
function drawnSums(x: Float64Array, i: number, length: number, draws: number): Float64Array {
  const others = x.filter((_, j) => j !== i)
  const pool = Uint32Array.from(others, (_, j) => j)
  const random = seededRandom(100 + i)
  const drawn = new Uint32Array(length)
  return Float64Array.from({ length: draws }, () => {
    drawDistinct(random, pool, length, drawn)
    return drawn.reduce((sum, j) => sum + others[j]!, 0)
  })
}

describe('conditionalPermutation', () => {
  it('gives back the level on pure noise: 4.4 to 5.6 % at 0.05, of values and of counts', () => {
    const share = (p: Float64Array): number => p.filter((one) => one <= 0.05).length / p.length
    const value = (random: Random): number => normalQuantile(random.unit())
    const count = (random: Random): number => {
      let events = 0
      for (let left = 1 - random.unit(); left > Math.exp(-4); left *= 1 - random.unit()) events++
      return events
    }
    const maps = 4
    for (const [noise, self] of [
      [value, true],
      [value, false],
      [count, true],
    ] as const) {
      const weights = square(100, self)
      let mean = 0
      for (let seed = 1; seed <= maps; seed++) {
        const random = seededRandom(1000 + seed)
        const values = Float64Array.from({ length: 10_000 }, () => noise(random))
        const found = share(conditionalPermutation(values, weights, { seed }).p)
        // Rows overlap, so one map may show 4 or 6 %. The normal distribution shows the same then.
        if (noise === value) {
          expect(Math.abs(found - share(localG(values, weights).p))).toBeLessThan(0.003)
        }
        mean += found / maps
      }
      expect(mean).toBeGreaterThan(0.044)
      expect(mean).toBeLessThan(0.056)
    }
  })

  it('repeats itself for a seed, and a p of chance moves with another', () => {
    const values = Float64Array.from({ length: 400 }, (_, i) => (i * 7919) % 101)
    const weights = square(20, true)
    const first = conditionalPermutation(values, weights, { seed: 5 })
    expect(conditionalPermutation(values, weights, { seed: 5 })).toEqual(first)
    expect(conditionalPermutation(values, weights, { seed: 6 })).not.toEqual(first)
  })

  it('finds the same by sums kept up to date as by adding each draw', () => {
    for (const self of [true, false]) {
      const binary = square(15, self)
      const values = Float64Array.from({ length: 225 }, (_, i) => ((i * 7919) % 97) ** 2)
      // weights that are not quite equal take the other way
      const nearly = new Float64Array(binary.neighbours.length).fill(1)
      for (let i = 0; i < 225; i++) nearly[binary.starts[i]!] = 1 + 2 ** -52
      const kept = conditionalPermutation(values, binary)
      expect(conditionalPermutation(values, { ...binary, weights: nearly })).toEqual(kept)
      expect(conditionalPermutation(values, rowStandardised(binary))).toEqual(kept)
    }
  })

  it('never draws the value of the area it judges', () => {
    const weights = square(12, false)
    const values = Float64Array.from({ length: 144 }, (_, i) => (i * 7919) % 23)
    for (let area = 0; area < 144; area += 13) {
      const other = values.with(area, 500)
      const options = { permutations: 499 }
      const { p } = conditionalPermutation(values, weights, options)
      expect(conditionalPermutation(other, weights, options).p[area]).toBe(p[area])
    }
  })

  it('comes to the exact p of all choices, as many permutations allow', () => {
    // 0 and 1: the sum of a row is hypergeometric
    const ones = 60
    const values = Float64Array.from({ length: 225 }, (_, i) => ((i * 7919) % 225 < ones ? 1 : 0))
    const weights = square(15, false)
    const permutations = 19_999
    const { p, known } = conditionalPermutation(values, weights, { permutations })
    for (let i = 0; i < 225; i++) {
      const row = weights.neighbours.subarray(weights.starts[i], weights.starts[i + 1])
      const own = row.reduce((sum, j) => sum + values[j]!, 0)
      const exact = hypergeometricP(own, row.length, ones - values[i]!, 224)
      expect(known[i]).toBe(1)
      expect(Math.abs(p[i]! - exact)).toBeLessThan(10 * Math.sqrt(0.25 / permutations))
    }
  })

  it('draws every choice alike: Kolmogorov–Smirnov against all 10 of the six points', () => {
    const { x } = reference('esda_sixpoints')
    const draws = 5000
    const sums = drawnSums(x, 0, 2, draws).toSorted()
    const others = [...x].slice(1)
    const all = others
      .flatMap((a, i) => others.slice(i + 1).map((b) => a + b))
      .toSorted((a, b) => a - b)
    let distance = 0
    for (const limit of all) {
      const share = sums.filter((sum) => sum <= limit + 1e-9).length / draws
      const exact = all.filter((sum) => sum <= limit + 1e-9).length / all.length
      distance = Math.max(distance, Math.abs(share - exact))
    }
    // the 0.1 % critical value
    expect(distance).toBeLessThan(1.95 / Math.sqrt(draws))
  })

  it.each(['columbus_crime_queen', 'columbus_crime_rook', 'nc_sids_FT_ncCC89'] as const)(
    'has the mean, variance and p of localG_perm on %s',
    (name) => {
      const data = reference(name)
      const total = data.x.reduce((sum, value) => sum + value, 0)
      for (const style of ['B', 'W'] as Style[]) {
        const weights = data.weights(style, true)
        const column = (suffix: string): number[] =>
          data.column(`perm999_GiStar_${style}_${suffix}`).map((value) => value!)
        const means = column('E_Gi')
        const variances = column('Var_Gi')
        const n = weights.n
        let [ratio, gap] = [0, 0]
        for (let i = 0; i < n; i++) {
          const length = weights.starts[i + 1]! - weights.starts[i]!
          const scale = (style === 'W' ? 1 / length : 1) / total
          const sums = drawnSums(data.x, i, length, 2000).map((sum) => sum * scale)
          const mean = sums.reduce((sum, value) => sum + value, 0) / sums.length
          const variance = sums.reduce((sum, value) => sum + (value - mean) ** 2, 0) / sums.length
          // spdep draws with replacement: its variance is larger by this factor
          const expected = (variances[i]! * (n - 1 - length)) / (n - 2)
          expect(Math.abs(mean - means[i]!)).toBeLessThan(5 * Math.sqrt(variances[i]! / 600))
          expect(Math.abs(variance / expected - 1)).toBeLessThan(0.4)
          ratio += variance / expected / n
        }
        expect(Math.abs(ratio - 1)).toBeLessThan(0.03)
        const { p } = conditionalPermutation(data.x, weights, { permutations: 9999 })
        const folded = column('Pr_z_E_Gi_Sim')
        for (let i = 0; i < n; i++) gap += (p[i]! - folded[i]!) / n
        // without replacement extremes are rarer, p smaller
        expect(gap).toBeGreaterThan(-0.06)
        expect(gap).toBeLessThan(0.01)
        const quarter = column('Pr_folded_Sim')
        const twice =
          [...p].reduce((sum, value) => sum + value, 0) / quarter.reduce((a, b) => a + b, 0)
        expect(twice).toBeGreaterThan(1.7)
      }
    },
  )

  it('has no result where nothing can differ', () => {
    const line = weightsFromPairs(4, [0, 1], [1, 2])
    expect([...conditionalPermutation([1, 2, 3, 4], line).known]).toEqual([1, 1, 1, 0])
    expect([...conditionalPermutation([3, 3, 3, 3], line).known]).toEqual([0, 0, 0, 0])
    expect([...conditionalPermutation([1, 1, 9, 1], line).known]).toEqual([1, 1, 0, 0])
    expect([...conditionalPermutation([1, 2], weightsFromPairs(2, [0], [1])).known]).toEqual([0, 0])
    expect(conditionalPermutation([], weightsFromPairs(0, [], [])).p.length).toBe(0)
    // a row of all others is always the same sum
    expect(conditionalPermutation([1, 2, 3, 4, 5, 6, 7, 8, 9], square(3, false)).known[4]).toBe(0)
    expect(conditionalPermutation([1, 2, 3], withSelf(weightsFromPairs(3, [], []))).known[0]).toBe(
      1,
    )
  })

  it('refuses NaN and numbers of permutations that say nothing', () => {
    const line = weightsFromPairs(3, [0], [1])
    expect(() => conditionalPermutation([1, Number.NaN, 2], line)).toThrow(/value 1 is NaN/)
    expect(() => conditionalPermutation([1, 2, 3], line, { permutations: 9 })).toThrow(RangeError)
    expect(() => conditionalPermutation([1, 2, 3], line, { seed: 0.5 })).toThrow(RangeError)
  })
})

/** Two-sided p of `own` ones among `draws` from `all`, of which `ones` are 1; ties count half. */
function hypergeometricP(own: number, draws: number, ones: number, all: number): number {
  const choose = (n: number, k: number): number => {
    let ways = k > n ? 0 : 1
    for (let i = 0; i < k && k <= n; i++) ways *= (n - i) / (i + 1)
    return ways
  }
  const chance = (k: number): number =>
    (choose(ones, k) * choose(all - ones, draws - k)) / choose(all, draws)
  let [below, above] = [0, 0]
  for (let k = 0; k <= draws; k++) {
    if (k < own) below += chance(k)
    if (k > own) above += chance(k)
  }
  return Math.min(1, 2 * (Math.min(below, above) + chance(own) / 2))
}
