import { describe, expect, it } from 'vitest'
import { geometryFault } from './geometry-check.ts'

const square = [
  [0, 0],
  [1, 0],
  [1, 1],
  [0, 0],
]

describe('geometryFault', () => {
  it('lets a polygon and a multipolygon pass', () => {
    expect(geometryFault({ type: 'Polygon', coordinates: [square] })).toBeNull()
    expect(geometryFault({ type: 'MultiPolygon', coordinates: [[square], [square]] })).toBeNull()
  })

  it.each<[unknown, string]>([
    [null, 'no_geometry'],
    [{ type: 'Point', coordinates: [0, 0] }, 'wrong_geometry_type'],
    [{ type: 'Polygon', coordinates: [] }, 'empty_geometry'],
    [{ type: 'MultiPolygon', coordinates: [[]] }, 'empty_geometry'],
    [{ type: 'Polygon', coordinates: 'x' }, 'malformed_geometry'],
    [
      {
        type: 'Polygon',
        coordinates: [
          [
            [0, 0],
            ['1', 0],
            [1, 1],
            [0, 0],
          ],
        ],
      },
      'malformed_geometry',
    ],
    [{ type: 'Polygon', coordinates: [square.slice(0, 3)] }, 'malformed_geometry'],
    [{ type: 'Polygon', coordinates: [[...square.slice(0, 3), [0, 1]]] }, 'malformed_geometry'],
    [
      {
        type: 'Polygon',
        coordinates: [
          [
            [0, 0],
            [4_500_000, 0],
            [1, 1],
            [0, 0],
          ],
        ],
      },
      'outside_world',
    ],
  ])('refuses %j: %s', (geometry, reason) => {
    expect(geometryFault(geometry)?.reason).toBe(reason)
  })

  it('refuses more vertices than the check for self-crossing can take', () => {
    const ring = Array.from({ length: 10_001 }, (_, i) => [i % 10_000 === 0 ? 0 : i / 10_000, 0])
    expect(geometryFault({ type: 'Polygon', coordinates: [ring] })).toEqual({
      reason: 'too_many_vertices',
      detail: '10001 vertices, at most 10000',
    })
    expect(
      geometryFault({ type: 'Polygon', coordinates: [ring.slice(0, 10_000).with(-1, [0, 0])] }),
    ).toBeNull()
  })
})
