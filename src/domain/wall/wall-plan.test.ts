import { describe, expect, it } from 'vitest'
import { isStale, planFromQuery, queryOfPlan, roomOf, usualPlan, viewsOf } from './wall-plan.ts'

describe('the plan of the wall', () => {
  it('keeps the named tiles in their order, once each, and knows what it does not know', () => {
    const plan = planFromQuery({ tiles: 'map,rates,map,nonsense,open', every: '45', per: '4' })
    expect(plan).toEqual({ tiles: ['map', 'rates', 'open'], every: 45, per: 4 })
    expect(planFromQuery({})).toEqual(usualPlan)
    expect(planFromQuery({ tiles: 'nonsense', every: '1', per: '3' })).toEqual(usualPlan)
    expect(planFromQuery({ every: '9999' }).every).toBe(usualPlan.every)
    expect(planFromQuery(queryOfPlan(plan))).toEqual(plan)
  })

  it('shows every tile in one view, the last view with what is left', () => {
    expect(viewsOf({ tiles: ['map', 'rates', 'open'], per: 2 })).toEqual([
      ['map', 'rates'],
      ['open'],
    ])
  })

  it('gives each tile its room: the first of three a side, five or six three abreast', () => {
    const rooms = [1, 2, 3, 4, 5, 6].map((shown) =>
      Array.from({ length: shown }, (_, at) => roomOf(at, shown)),
    )
    expect(rooms).toEqual([
      ['whole'],
      ['tall', 'tall'],
      ['tall', 'quarter', 'quarter'],
      ['quarter', 'quarter', 'quarter', 'quarter'],
      ['quarter', 'sixth', 'sixth', 'sixth', 'sixth'],
      ['sixth', 'sixth', 'sixth', 'sixth', 'sixth', 'sixth'],
    ])
  })

  it('says that data stand still only after some polls brought nothing', () => {
    expect([isStale(null, 1e9), isStale(0, 180_000), isStale(0, 180_001)]).toEqual([
      false,
      false,
      true,
    ])
  })
})
