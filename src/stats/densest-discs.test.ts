import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { densestDiscs } from './densest-discs.ts'

const options = { radiusMetres: 50, maxDiscs: 4, minWeight: 2 }

/** The definition, without cells. */
function byDefinition(x: number[], y: number[], weights: number[]) {
  const free = new Set(x.keys())
  const discs = []
  while (discs.length < options.maxDiscs && free.size > 0) {
    const around = (i: number) =>
      [...free].filter((j) => Math.hypot(x[i]! - x[j]!, y[i]! - y[j]!) <= 50)
    const weigh = (points: number[]) => points.reduce((sum, j) => sum + weights[j]!, 0)
    const [best] = [...free]
      .map((centre) => ({ centre, weight: weigh(around(centre)), members: around(centre) }))
      .sort((a, b) => b.weight - a.weight || a.centre - b.centre)
    if (best!.weight < options.minWeight) break
    best!.members.forEach((j) => free.delete(j))
    discs.push(best!)
  }
  return discs
}

describe('densestDiscs', () => {
  it('is the definition, also on the radius and with ties', () => {
    const coordinate = fc.integer({ min: -12, max: 12 }).map((steps) => steps * 25)
    const points = fc.array(fc.tuple(coordinate, coordinate, fc.integer({ min: 1, max: 3 })), {
      maxLength: 60,
    })
    fc.assert(
      fc.property(points, (given) => {
        const [x, y, weights] = [0, 1, 2].map((at) => given.map((point) => point[at]!))
        expect(densestDiscs(x!, y!, weights!, options)).toEqual(byDefinition(x!, y!, weights!))
      }),
    )
  })

  it('refuses a place that is none and a radius of nothing', () => {
    expect(() => densestDiscs([Number.NaN], [0], [1], options)).toThrow(RangeError)
    expect(() => densestDiscs([0], [0], [], options)).toThrow(RangeError)
    expect(() => densestDiscs([0], [0], [1], { ...options, radiusMetres: 0 })).toThrow(RangeError)
    expect(densestDiscs([], [], [], options)).toEqual([])
  })
})
