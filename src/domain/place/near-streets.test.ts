import { describe, expect, it } from 'vitest'
import type { LngLat } from '../vocabulary.ts'
import { crossing, nearStreets } from './near-streets.ts'

/** Metres east and north of a corner; a degree of latitude has 111,320 m. */
const at = (east: number, north: number): LngLat => [
  -122.42 + east / (111_320 * Math.cos((37.76 * Math.PI) / 180)),
  37.76 + north / 111_320,
]
const lines = [
  // in two pieces, as tiles cut them
  { name: 'Valencia Street', points: [at(0, -500), at(0, 0)] },
  { name: 'Valencia Street', points: [at(0, 0), at(0, 500)] },
  // parallel, and nearer than the next crossing
  { name: 'Lexington Street', points: [at(50, -500), at(50, 500)] },
  { name: '18th Street', points: [at(-500, 100), at(500, 100)] },
  // ends a few metres short of Valencia Street
  { name: '19th Street', points: [at(-500, -60), at(-4, -60)] },
]

describe('nearStreets', () => {
  it('names the street and the nearest one that crosses it, not one beside it', () => {
    expect(nearStreets(lines, at(10, 70))).toEqual({
      street: 'Valencia Street',
      cross: '18th Street',
    })
    expect(nearStreets(lines, at(10, -30))).toEqual({
      street: 'Valencia Street',
      cross: '19th Street',
    })
    expect(nearStreets(lines, at(25, 97))).toEqual({
      street: '18th Street',
      cross: 'Valencia Street',
    })
  })

  it('names no street far away, and no cross street beyond some blocks', () => {
    expect(nearStreets(lines, at(300, 300))).toBe(null)
    expect(nearStreets(lines, at(0, 400))).toEqual({ street: 'Valencia Street', cross: null })
    expect(nearStreets([], at(0, 0))).toBe(null)
    expect(nearStreets([{ name: 'Dot', points: [at(3, 0)] }], at(0, 0))).toBe(null)
  })

  it('is written without words', () => {
    expect(crossing({ street: 'A', cross: null })).toBe('A')
    expect(crossing({ street: 'A', cross: 'B' })).toBe('A / B')
  })
})
