import { describe, expect, it } from 'vitest'
import { emptyFilter } from '../../domain/filter/filter.ts'
import {
  demoRows as rows,
  demoSet as set,
  demoWorld as world,
  type DemoRow,
} from '../../../tests/fixtures/demo-city.ts'
import { project } from './project.ts'

describe('projection of the demo city', () => {
  it('counts the whole file', () => {
    const answer = project(set, emptyFilter(), world)
    expect(rows.length).toBeGreaterThan(14_000)
    expect(answer.total).toBe(rows.length)
    expect(answer.open).toBe(rows.filter((row) => !row.closed_at).length)
    for (const { idx, code } of world.areas)
      expect(answer.byArea[idx]).toBe(rows.filter((row) => row.grid_id === code).length)
  })

  it('counts a period, some areas and a category as plain text comparison does', () => {
    const period = { from: '2014-02-03', to: '2015-11-30' }
    const areas = world.areas.slice(0, 12).map((area) => area.code)
    const categories = ['dirty_environment']
    const filter = { ...emptyFilter(), period, areas, categories, openOnly: false }
    const inPeriod = (row: DemoRow) =>
      row.reported_at >= '2014-02-03' && row.reported_at < '2015-12-01'
    const answer = project(set, filter, world)
    const here = rows.filter((row) => areas.includes(row.grid_id) && categories[0] === row.category)
    expect(answer.total).toBe(here.filter(inPeriod).length)
    expect(answer.total).toBeGreaterThan(20)
    expect(answer.histogram.counts.reduce((sum, count) => sum + count, 0)).toBe(here.length)
    expect(answer.months).toHaveLength(22)
    for (const flow of answer.months) {
      const in_ = (at: string) => at.startsWith(flow.month)
      const until = `${flow.month}-99`
      expect(flow.closed).toBe(here.filter((row) => in_(row.closed_at)).length)
      expect(flow.backlog).toBe(
        here.filter((row) => row.reported_at < until && (!row.closed_at || row.closed_at > until))
          .length,
      )
      expect(flow.received).toBe(here.filter((row) => in_(row.reported_at) && inPeriod(row)).length)
    }
  })
})
