import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dbscan } from './dbscan.ts'

const fixture = readFileSync('tests/fixtures/statistics/dbscan.csv', 'utf8')
  .trim()
  .split('\n')
  .map((line) => line.split(','))
const x = fixture.map((row) => Number(row[0]))
const y = fixture.map((row) => Number(row[1]))
/** As the SQL beside the fixture has them. */
const [radius, minPoints] = [25, 10]

/** The definition, point by point: core points, and for each point its core neighbours. */
function byDefinition(x: number[], y: number[], radius: number, minPoints: number) {
  const near = x.map((px, i) =>
    x.flatMap((qx, j) => ((qx - px) ** 2 + (y[j]! - y[i]!) ** 2 <= radius * radius ? [j] : [])),
  )
  const core = near.map((around) => around.length >= minPoints)
  return { core, coresNear: near.map((around) => around.filter((j) => core[j])) }
}

/** Each label of one side goes with one label of the other. */
function expectSamePartition(one: ArrayLike<number>, other: ArrayLike<number>, of: number[]) {
  const there = new Map<number, number>()
  const back = new Map<number, number>()
  const torn = of.filter((i) => {
    if (!there.has(one[i]!)) there.set(one[i]!, other[i]!)
    if (!back.has(other[i]!)) back.set(other[i]!, one[i]!)
    return there.get(one[i]!) !== other[i] || back.get(other[i]!) !== one[i]
  })
  expect(torn).toEqual([])
}

describe('dbscan', () => {
  it('makes the partition of PostGIS on 10,000 points', () => {
    const { labels, core, count } = dbscan(x, y, radius, minPoints)
    const postgis = fixture.map((row) => (row[2] === '' ? -1 : Number(row[2])))
    expect(fixture).toHaveLength(10_000)
    expect(count).toBe(new Set(postgis.filter((cluster) => cluster >= 0)).size)
    const cores = [...core.keys()].filter((i) => core[i])
    expectSamePartition(labels, postgis, cores)
    expect([...labels].map((label) => label < 0)).toEqual(postgis.map((cluster) => cluster < 0))
    // the rule: a border point has the cluster of a core point within the radius
    const borders = [...labels.keys()].filter((i) => !core[i] && labels[i]! >= 0)
    const astray = borders.filter((i) => {
      const near = cores.filter((j) => (x[j]! - x[i]!) ** 2 + (y[j]! - y[i]!) ** 2 <= radius ** 2)
      const shares = (of: ArrayLike<number>) => near.some((j) => of[j] === of[i])
      return !shares(labels) || !shares(postgis)
    })
    expect(astray).toEqual([])
    expect(borders.length).toBeGreaterThan(100)
  })

  it('follows the definition on a lattice, where distances tie and touch the radius', () => {
    const place = fc.tuple(fc.nat(14), fc.nat(14))
    const radii = fc.constantFrom(1, Math.SQRT2, 2, 2 * Math.SQRT2, 5)
    fc.assert(
      fc.property(
        fc.array(place, { maxLength: 80 }),
        radii,
        fc.integer({ min: 1, max: 8 }),
        (places, r, min) => {
          const [px, py] = [places.map((p) => p[0]), places.map((p) => p[1])]
          const { labels, core } = dbscan(px, py, r, min)
          const { core: cores, coresNear } = byDefinition(px, py, r, min)
          expect([...core].map(Boolean)).toEqual(cores)
          places.forEach((_, i) => {
            const own = coresNear[i]!.map((j) => labels[j])
            if (own.length === 0) expect(labels[i]).toBe(-1)
            else expect(own).toContain(labels[i])
            // all core points within the radius of a core point are of its cluster
            if (cores[i]) expect(new Set(own).size).toBe(1)
          })
          // two clusters are never in reach of each other through core points
          const reach = (from: number) => {
            const seen = new Set([from])
            for (const i of seen) if (cores[i]) coresNear[i]!.forEach((j) => seen.add(j))
            return seen
          }
          cores.forEach((isCore, i) => {
            if (!isCore) return
            const reached = reach(i)
            cores.forEach(
              (other, j) => other && expect(labels[j] === labels[i]).toBe(reached.has(j)),
            )
          })
        },
      ),
    )
  })

  it('does not depend on the order, on shifts or on scale', () => {
    const some = x.slice(0, 1500)
    const other = y.slice(0, 1500)
    const { labels } = dbscan(some, other, radius, 4)
    const all = [...some.keys()]
    const turned = dbscan(some.toReversed(), other.toReversed(), radius, 4).labels.reverse()
    const { core } = dbscan(some, other, radius, 4)
    expectSamePartition(
      labels,
      turned,
      all.filter((i) => core[i]),
    )
    const moved = dbscan(
      some.map((v) => 4 * v + 1024),
      other.map((v) => 4 * v - 2048),
      4 * radius,
      4,
    )
    expect(moved.labels).toEqual(labels)
  })

  it('takes a pile of 200,000 points on one place as one cluster at once', () => {
    const pile = new Float64Array(200_000).fill(7)
    const { labels, count } = dbscan(pile, pile, 1, 10)
    expect(count).toBe(1)
    expect(labels.every((label) => label === 0)).toBe(true)
  })

  it('finds nothing in nothing and noise in one', () => {
    expect(dbscan([], [], 10, 3)).toMatchObject({ count: 0 })
    expect([...dbscan([1], [1], 10, 3).labels]).toEqual([-1])
    expect([...dbscan([1], [1], 10, 1).labels]).toEqual([0])
    expect(dbscan(x, y, 1e9, 3).count).toBe(1)
  })

  it('refuses a radius of 0, places that are none and cells too small to number', () => {
    expect(() => dbscan([1], [1], 0, 3)).toThrow(/radius/)
    expect(() => dbscan([1], [1], Number.NaN, 3)).toThrow(/radius/)
    expect(() => dbscan([1], [1], 1, 0)).toThrow(/whole/)
    expect(() => dbscan([1, Number.NaN], [1, 1], 1, 3)).toThrow(/point 1/)
    expect(() => dbscan([1], [], 1, 3)).toThrow(RangeError)
    expect(() => dbscan([0, 1e6], [0, 0], 1e-6, 3)).toThrow(/too small/)
  })
})
