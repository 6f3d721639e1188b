import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { randomMonths } from '../../../tests/fixtures/columns.ts'
import { boxTiles } from './box-tiles.ts'
import { pickInTiles, pickRows } from './pick-rows.ts'

/** Sides of tiles too, and the places beside them. */
const places = fc.oneof(
  fc.integer({ min: 0, max: 65_535 }),
  fc
    .tuple(fc.integer({ min: 0, max: 15 }), fc.integer({ min: -1, max: 1 }))
    .map(([tile, off]) => Math.max(0, tile * 4096 + off)),
)
const boxes = fc
  .tuple(places, places, places, places)
  .map(([a, b, c, d]) => [Math.min(a, c), Math.min(b, d), Math.max(a, c), Math.max(b, d)] as const)
const spans = fc.record({
  start: fc.integer({ min: 0, max: 1000 }),
  end: fc.integer({ min: 0, max: 1000 }),
  step: fc.constantFrom(1, 1, 2, 3, 7),
})

describe('rows in a box', () => {
  const months = randomMonths({ rows: 3001, months: 3, placed: true })
  const noAreas = { area: new Uint8Array(65_536), hasAreas: false }

  it('are those that a plain loop finds, in small boxes and large ones', () => {
    const seen = { small: 0, large: 0, found: 0 }
    fc.assert(
      fc.property(fc.constantFrom(...months), boxes, spans, (month, box, span) => {
        const { x, y, count } = month
        const end = Math.min(span.end, count)
        const isIn = (row: number): boolean =>
          x[row]! >= box[0] && y[row]! >= box[1] && x[row]! <= box[2] && y[row]! <= box[3]
        const expected: number[] = []
        for (let row = span.start; row < end; row += span.step) if (isIn(row)) expected.push(row)
        const into = new Uint32Array(count + 9)
        const last = pickRows(month, { ...noAreas, box }, null, { ...span, end }, into, 8)
        expect([...into.subarray(8, last)]).toEqual(expected)
        seen[boxTiles(box).isSmall ? 'small' : 'large']++
        seen.found += expected.length
      }),
      { numRuns: 500 },
    )
    for (const times of Object.values(seen)) expect(times).toBeGreaterThan(50)
  })

  it('lie either in a tile wholly inside or at its edge', () => {
    fc.assert(
      fc.property(fc.constantFrom(...months), boxes, (month, box) => {
        const { inside, edge } = boxTiles(box)
        const into = new Uint32Array(month.count + 1)
        const all = { start: 0, end: month.count, step: 1 }
        const pick = (tiles: Uint8Array): number[] => [
          ...into.subarray(0, pickInTiles(month, tiles, box, all, into)),
        ]
        const parts = [...pick(inside), ...pick(edge)].toSorted((a, b) => a - b)
        const end = pickRows(month, { ...noAreas, box }, null, all, into)
        expect(parts).toEqual([...into.subarray(0, end)])
        for (const [tile, isInside] of inside.entries()) {
          const [west, south] = [(tile & 15) * 4096, (tile >> 4) * 4096]
          const isHeld =
            west >= box[0] && south >= box[1] && west + 4095 <= box[2] && south + 4095 <= box[3]
          expect(isInside).toBe(Number(isHeld))
        }
      }),
    )
  })
})
