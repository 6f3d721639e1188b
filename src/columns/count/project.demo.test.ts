import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import Papa from 'papaparse'
import { describe, expect, it } from 'vitest'
import { dayNumber, firstDayOf, monthFromNumber, monthNumber } from '../../domain/time/calendar.ts'
import { ColumnSet, type MonthColumns } from './column-set.ts'
import { notClosedHours, notClosedMonth, quantise } from '../../domain/answers/columns.ts'
import { emptyFilter } from '../../domain/filter/filter.ts'
import { project } from './project.ts'
import { stages } from '../../domain/vocabulary.ts'

interface Row {
  category: string
  reported_at: string
  closed_at: string
  lng: string
  lat: string
  grid_id: string
}

const text = gunzipSync(readFileSync('supabase/seed/demo/incidents.csv.gz')).toString('utf8')
const rows = Papa.parse<Row>(text, { header: true, skipEmptyLines: true }).data.filter(
  (row) => !row.closed_at || row.closed_at >= row.reported_at,
)
const cityBbox = [-122.52, 37.7, -122.35, 37.834] as const
const codesOf = (key: 'grid_id' | 'category') =>
  [...new Set(rows.map((row) => row[key]))].map((code, i) => ({
    idx: i + 1,
    code,
    path: `${code}/`,
  }))
const world = {
  areas: codesOf('grid_id'),
  categories: codesOf('category'),
  cityBbox,
  nowMinute: 0,
}

function columnsOf(month: number, own: Row[]): MonthColumns {
  const name = monthFromNumber(month)
  const start = dayNumber(firstDayOf(name)) * 1440
  const minute = (at: string) => Date.parse(`${at}Z`) / 60_000
  const idx = (nodes: typeof world.areas, code: string) =>
    nodes.find((node) => node.code === code)!.idx
  return {
    month: name,
    monthNumber: month,
    revision: '',
    count: own.length,
    minute: Uint16Array.from(own, (row) => minute(row.reported_at) - start),
    hours: Uint16Array.from(own, (row) =>
      row.closed_at
        ? Math.floor((minute(row.closed_at) - minute(row.reported_at)) / 60)
        : notClosedHours,
    ),
    area: Uint16Array.from(own, (row) => idx(world.areas, row.grid_id)),
    category: Uint8Array.from(own, (row) => idx(world.categories, row.category)),
    stage: Uint8Array.from(own, (row) => stages.indexOf(row.closed_at ? 'closed' : 'reported')),
    closedMonth: Uint8Array.from(own, (row) =>
      row.closed_at ? monthNumber(row.closed_at.slice(0, 7)) - month : notClosedMonth,
    ),
    x: Uint16Array.from(own, (row) => quantise(Number(row.lng), cityBbox[0], cityBbox[2])),
    y: Uint16Array.from(own, (row) => quantise(Number(row.lat), cityBbox[1], cityBbox[3])),
    due: { rows: new Uint32Array(), minute: new Uint32Array() },
  }
}

const set = new ColumnSet()
for (const [month, own] of Map.groupBy(rows, (row) => monthNumber(row.reported_at.slice(0, 7))))
  set.replace(columnsOf(month, own))

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
    const inPeriod = (row: Row) => row.reported_at >= '2014-02-03' && row.reported_at < '2015-12-01'
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
