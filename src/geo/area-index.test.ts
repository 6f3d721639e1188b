import { describe, expect, it } from 'vitest'
import {
  findArea,
  findNeighbour,
  findNeighbours,
  indexAreas,
  type AreaShape,
} from './area-index.ts'
import type { AreaLevel, LngLat } from '../domain/vocabulary.ts'

const square = (
  code: string,
  level: AreaLevel,
  west: number,
  south: number,
  side: number,
  hole?: number,
): AreaShape => {
  const ring = (w: number, s: number, e: number, n: number) => [
    [w, s],
    [e, s],
    [e, n],
    [w, n],
    [w, s],
  ]
  const rings = [ring(west, south, west + side, south + side)]
  if (hole) rings.push(ring(west + hole, south + hole, west + side - hole, south + side - hole))
  return {
    type: 'Feature',
    properties: { code, level, path: `${code}/`, name: code },
    geometry: { type: 'Polygon', coordinates: rings },
  }
}
const codeAt = (shapes: AreaShape[], place: LngLat) =>
  findArea(indexAreas(shapes), place)?.properties.code ?? null

describe('findArea', () => {
  it('finds the deepest area, and the city where no grid is', () => {
    const shapes = [square('C', 'city', 0, 0, 10), square('G', 'grid', 1, 1, 2)]
    expect(codeAt(shapes, [2, 2])).toBe('G')
    expect(codeAt(shapes, [5, 5])).toBe('C')
    expect(codeAt(shapes, [11, 5])).toBeNull()
  })

  it('gives a border to the lowest code, whatever the order', () => {
    const shapes = [square('G-2', 'grid', 0, 0, 1), square('G-10', 'grid', 1, 0, 1)]
    // by code points, as `collate "C"`: '1' before '2'
    expect(codeAt(shapes, [1, 0.5])).toBe('G-10')
    expect(codeAt(shapes.toReversed(), [1, 0.5])).toBe('G-10')
    expect(codeAt(shapes, [0, 0])).toBe('G-2')
  })

  it('leaves a hole out, but not its border', () => {
    const ring = square('R', 'grid', 0, 0, 3, 1)
    expect(codeAt([ring], [1.5, 1.5])).toBeNull()
    expect(codeAt([ring], [1, 1.5])).toBe('R')
    expect(codeAt([ring], [0.5, 1.5])).toBe('R')
  })
})

describe('findNeighbour', () => {
  const shapes = [square('A', 'community', 0, 0, 0.01), square('B', 'community', 0.01, 0, 0.01)]
  it('finds the other side of a near border and its distance', () => {
    const near = findNeighbour(indexAreas(shapes), [0.0095, 0.005], {
      level: 'community',
      code: 'A',
      withinMeters: 100,
    })
    expect(near?.shape.properties.code).toBe('B')
    expect(near?.distanceMeters).toBeCloseTo(55.6, 0)
  })
  it('finds all that an accuracy of 30 m allows, nearest first', () => {
    const corner = [...shapes, square('C', 'community', 0, 0.01, 0.01)]
    const within = (withinMeters: number) =>
      findNeighbours(indexAreas(corner), [0.0099, 0.0098], {
        ...{ level: 'community', code: 'A', withinMeters },
      }).map(({ shape }) => shape.properties.code)
    expect(within(30)).toEqual(['B', 'C'])
    expect(within(15)).toEqual(['B'])
    expect(within(5)).toEqual([])
  })
  it('finds nothing far from any border', () => {
    const options = { level: 'community', code: 'A', withinMeters: 100 } as const
    expect(findNeighbour(indexAreas(shapes), [0.005, 0.005], options)).toBeNull()
  })
})
