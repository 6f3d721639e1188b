import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { areaClasses, fewClass, noClass } from './classes.ts'
import { measures } from './index.ts'
import type { Reading, Verdict } from './measure.ts'
import { rateDigits } from './round.ts'

const reading = (verdict: Verdict, value: number | null = null): Reading => ({
  verdict,
  value,
  n: 1,
})
const counted = (...values: number[]) =>
  values.map((value) => reading(value === 0 ? 'zero' : 'value', value))

describe('areaClasses', () => {
  it('says what each class covers and how many areas are in it; zero is a class of its own', () => {
    const { list, byArea } = areaClasses(counted(0, 0, 3, 5, 9, 10, 40), measures.count, 3)
    expect(list.map(({ kind, low, high, areas }) => [kind, low, high, areas])).toEqual([
      ['zero', null, null, 2],
      ['range', 3, 5, 2],
      ['range', 9, 9, 1],
      ['range', 10, 40, 2],
    ])
    expect([...byArea]).toEqual([0, 0, 1, 1, 2, 3, 3])
  })

  it('has one class for equal values, and none for nothing', () => {
    expect(areaClasses(counted(4, 4), measures.count, 5).list).toEqual([
      { kind: 'range', low: 4, high: 4, areas: 2 },
    ])
    expect(areaClasses([], measures.count, 5).list).toEqual([])
  })

  it('gives no class of the ramp to what is not judged, not known or not shown', () => {
    const readings = [reading('few', 90), reading('unknown'), undefined, reading('value', 3)]
    const { byArea, list, few, unknown } = areaClasses(readings, measures.per_km2, 5)
    expect([...byArea]).toEqual([fewClass, noClass, noClass, 0])
    expect({ few, unknown, areas: list[0]!.areas, high: list[0]!.high }).toEqual({
      few: 1,
      unknown: 1,
      areas: 1,
      high: 3,
    })
  })

  it('puts medians that are not reached above all others', () => {
    const readings = [reading('value', 5), reading('not_reached'), reading('value', 90)]
    const { byArea, list } = areaClasses(readings, measures.median, 5)
    expect([...byArea]).toEqual([0, 2, 1])
    expect(list[2]!.kind).toBe('not_reached')
  })

  it('keeps the classes of a change fixed', () => {
    const readings = [
      reading('value', 0.5),
      reading('value', 0.7),
      reading('chance', 3),
      reading('value', 1.5),
      reading('value', Number.POSITIVE_INFINITY),
    ]
    const { byArea, list } = areaClasses(readings, measures.period_change, 5)
    expect(list.map(({ kind }) => kind)).toEqual(['halved', 'down', 'same', 'up', 'doubled'])
    expect([...byArea]).toEqual([0, 1, 2, 3, 4])
  })

  it('never prints the same limit for two classes', () => {
    const rate = fc.double({ min: 0.001, max: 5000, noNaN: true })
    fc.assert(
      fc.property(fc.array(rate, { minLength: 1, maxLength: 60 }), (values) => {
        const { list } = areaClasses(counted(...values), measures.per_km2, 5)
        const print = (value: number) => value.toFixed(rateDigits(value))
        for (let i = 1; i < list.length; i++)
          expect(print(list[i]!.low!)).not.toBe(print(list[i - 1]!.high!))
        expect(list.reduce((sum, { areas }) => sum + areas, 0)).toBe(values.length)
      }),
    )
  })
})
