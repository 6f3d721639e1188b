import { describe, expect, it } from 'vitest'
import { contiguity } from './contiguity.ts'
import { polygonsFrom } from './polygons.ts'
import { seededRandom } from './random.ts'
import { columbusPolygons, reference } from '../../tests/fixtures/stats/reference.ts'
import { isSymmetric, type Weights } from './weights.ts'

type Ring = number[][]
const box = (x: number, y: number, width = 100, height = 100): Ring => [
  [x, y],
  [x + width, y],
  [x + width, y + height],
  [x, y + height],
  [x, y],
]
const pairsOf = ({ n, starts, neighbours }: Weights): string[] => {
  const pairs: string[] = []
  for (let i = 0; i < n; i++) {
    for (const j of neighbours.subarray(starts[i], starts[i + 1]))
      if (i < j) pairs.push(`${i}-${j}`)
  }
  return pairs
}
/** Areas of one ring each, or several. */
const between = (
  areas: Ring[][],
  rule: 'queen' | 'rook' = 'queen',
  toleranceMetres = 1,
): ReturnType<typeof contiguity> => contiguity(polygonsFrom(areas, 'metres'), rule, toleranceMetres)

describe('contiguity', () => {
  it.each(['queen', 'rook'] as const)('gives exactly the %s weights of Columbus', (rule) => {
    const expected = reference(`columbus_crime_${rule}`).weights('B', false)
    for (const tolerance of [0, 1e-6, 1e-3]) {
      const { weights, tolerated, contained } = contiguity(columbusPolygons(), rule, tolerance)
      expect(weights).toEqual(expected)
      expect([tolerated, contained.length]).toEqual([0, 0])
    }
  })

  it('tells a corner from an edge', () => {
    const four = [[box(0, 0)], [box(100, 0)], [box(0, 100)], [box(100, 100)]]
    expect(pairsOf(between(four).weights)).toEqual(['0-1', '0-2', '0-3', '1-2', '1-3', '2-3'])
    expect(pairsOf(between(four, 'rook').weights)).toEqual(['0-1', '0-2', '1-3', '2-3'])
  })

  it('bridges a gap and a sliver of half a metre, no street', () => {
    const three = [[box(0, 0)], [box(100.5, 3)], [box(200, -4)], [box(310, 0)]]
    for (const rule of ['queen', 'rook'] as const) {
      const { weights, tolerated, islands } = between(three, rule)
      expect(pairsOf(weights)).toEqual(['0-1', '1-2'])
      expect(tolerated).toBe(2)
      expect([...islands]).toEqual([3])
    }
    expect(pairsOf(between(three, 'queen', 0.3).weights)).toEqual(['1-2'])
    expect(pairsOf(between(three, 'queen', 20).weights)).toEqual(['0-1', '1-2', '2-3'])
  })

  it('sees a corner on an edge of another, far from its ends', () => {
    // One long side against three
    const comb = [
      [box(0, 0, 100, 900)],
      [box(100, 0, 50, 300)],
      [box(100, 300, 50, 300)],
      [box(100, 600, 50, 300)],
    ]
    for (const rule of ['queen', 'rook'] as const) {
      expect(pairsOf(between(comb, rule).weights)).toEqual(['0-1', '0-2', '0-3', '1-2', '2-3'])
    }
    // a spike that ends on the edge touches it in a point alone
    const spike = [
      [box(0, 0)],
      [
        [
          [100, 50],
          [200, 0],
          [200, 100],
        ],
      ],
    ]
    expect(pairsOf(between(spike).weights)).toEqual(['0-1'])
    expect(pairsOf(between(spike, 'rook').weights)).toEqual([])
  })

  it('sees areas whose edges cross without a corner near', () => {
    const cross = [[box(-100, -10, 200, 20)], [box(-10, -100, 20, 200)]]
    expect(pairsOf(between(cross, 'queen', 0).weights)).toEqual(['0-1'])
  })

  it('joins an area in a hole, and one drawn over another, to what is around', () => {
    const inHole = [[box(0, 0, 300, 300), box(100, 100)], [box(100, 100)]]
    expect(pairsOf(between(inHole, 'rook').weights)).toEqual(['0-1'])
    expect(between(inHole, 'rook').contained).toEqual([])
    // two that touch each other, over a middle one, over an outer one; one outside
    const over = [
      [box(0, 0, 1000, 1000)],
      [box(200, 200, 500, 500)],
      [box(300, 300)],
      [box(400, 300)],
      [box(2000, 0)],
    ]
    for (const rule of ['queen', 'rook'] as const) {
      const { weights, contained, islands } = between(over, rule)
      expect(pairsOf(weights)).toEqual(['0-1', '1-2', '1-3', '2-3'])
      expect(contained).toContainEqual({ inner: 1, outer: 0 })
      expect([...islands]).toEqual([4])
    }
  })

  it('counts every part of an area, and no part as its own neighbour', () => {
    const parts = [
      [box(0, 0), box(500, 0)],
      [box(600, 0)],
      [box(0, 100), box(100, 100)],
      [box(900, 900)],
    ]
    const { weights, islands } = between(parts)
    expect(pairsOf(weights)).toEqual(['0-1', '0-2'])
    expect([...islands]).toEqual([3])
  })

  it('reads rings that do not repeat their first point, repeated points and empty areas', () => {
    const open = (ring: Ring): Ring => ring.slice(0, -1)
    const doubled = (ring: Ring): Ring => ring.flatMap((point) => [point, point])
    const areas = [[open(box(0, 0))], [doubled(box(100, 0))], []]
    expect(pairsOf(between(areas, 'rook').weights)).toEqual(['0-1'])
    expect([...between(areas).islands]).toEqual([2])
    expect(between([]).weights.n).toBe(0)
  })

  it('takes the tolerance in metres for degrees too', () => {
    const degrees = (metres: number): number => metres / 111_195
    const city = (gap: number): Ring[][] => [
      [box(114, 30, degrees(100), degrees(100))],
      [box(114, 30 + degrees(100 + gap), degrees(100), degrees(100))],
    ]
    const pairs = (gap: number): string[] =>
      pairsOf(contiguity(polygonsFrom(city(gap), 'degrees'), 'rook', 2).weights)
    expect(pairs(1.9)).toEqual(['0-1'])
    expect(pairs(2.1)).toEqual([])
  })

  it('finds the neighbours of a city drawn area by area, each with its own errors', () => {
    const side = 12
    const random = seededRandom(4)
    const error = (): number => (random.unit() - 0.5) * 0.8
    const exact: Ring[][] = []
    const drawn: Ring[][] = []
    for (let i = 0; i < side * side; i++) {
      const ring = box((i % side) * 100, Math.floor(i / side) * 100)
      exact.push([ring])
      // a point more on each edge, elsewhere in each drawing
      const corners = ring.slice(0, -1)
      drawn.push([
        corners.flatMap(([x, y], k) => {
          const [toX, toY] = corners[(k + 1) % 4]!
          const t = 0.2 + 0.6 * random.unit()
          return [
            [x! + error(), y! + error()],
            [x! + (toX! - x!) * t + error(), y! + (toY! - y!) * t + error()],
          ]
        }),
      ])
    }
    const order = Array.from({ length: side * side }, (_, i) => (i * 35) % (side * side))
    for (const rule of ['queen', 'rook'] as const) {
      const { weights } = between(drawn, rule, 1.5)
      expect(isSymmetric(weights)).toBe(true)
      expect(pairsOf(weights)).toEqual(pairsOf(between(exact, rule).weights))
      // numbered anew, the same
      const renamed = pairsOf(
        between(
          order.map((i) => drawn[i]!),
          rule,
          1.5,
        ).weights,
      )
      const back = renamed.map((pair) => {
        const [a, b] = pair.split('-').map((i) => order[Number(i)]!)
        return `${Math.min(a!, b!)}-${Math.max(a!, b!)}`
      })
      expect(back.toSorted()).toEqual(pairsOf(weights).toSorted())
    }
  })

  it('refuses coordinates and tolerances that are none', () => {
    expect(() =>
      between([
        [
          [
            [0, Number.NaN],
            [1, 1],
            [2, 0],
          ],
        ],
      ]),
    ).toThrow(/area 0/)
    expect(() => polygonsFrom([[[[0, 91]]]], 'degrees')).toThrow(RangeError)
    expect(() => between([[box(0, 0)]], 'queen', -1)).toThrow(RangeError)
  })
})
