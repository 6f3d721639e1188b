import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import Papa from 'papaparse'
import { notClosedHours, notClosedMonth, quantise } from '../../domain/answers/columns.ts'
import { dayNumber, firstDayOf, monthFromNumber, monthNumber } from '../../domain/time/calendar.ts'
import { stages } from '../../domain/vocabulary.ts'
import { ColumnSet, type MonthColumns } from './column-set.ts'

export interface DemoRow {
  category: string
  reported_at: string
  closed_at: string
  lng: string
  lat: string
  grid_id: string
}

const text = gunzipSync(readFileSync('supabase/seed/demo/incidents.csv.gz')).toString('utf8')
export const demoRows = Papa.parse<DemoRow>(text, {
  header: true,
  skipEmptyLines: true,
}).data.filter((row) => !row.closed_at || row.closed_at >= row.reported_at)
const cityBbox = [-122.52, 37.7, -122.35, 37.834] as const
const codesOf = (key: 'grid_id' | 'category') =>
  [...new Set(demoRows.map((row) => row[key]))].map((code, i) => ({
    idx: i + 1,
    code,
    path: `${code}/`,
  }))
export const demoWorld = {
  areas: codesOf('grid_id'),
  categories: codesOf('category'),
  cityBbox,
  nowMinute: 0,
}

function columnsOf(month: number, own: DemoRow[]): MonthColumns {
  const name = monthFromNumber(month)
  const start = dayNumber(firstDayOf(name)) * 1440
  const minute = (at: string) => Date.parse(`${at}Z`) / 60_000
  const idx = (nodes: typeof demoWorld.areas, code: string) =>
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
    area: Uint16Array.from(own, (row) => idx(demoWorld.areas, row.grid_id)),
    category: Uint8Array.from(own, (row) => idx(demoWorld.categories, row.category)),
    stage: Uint8Array.from(own, (row) => stages.indexOf(row.closed_at ? 'closed' : 'reported')),
    closedMonth: Uint8Array.from(own, (row) =>
      row.closed_at ? monthNumber(row.closed_at.slice(0, 7)) - month : notClosedMonth,
    ),
    x: Uint16Array.from(own, (row) => quantise(Number(row.lng), cityBbox[0], cityBbox[2])),
    y: Uint16Array.from(own, (row) => quantise(Number(row.lat), cityBbox[1], cityBbox[3])),
    due: { rows: new Uint32Array(), minute: new Uint32Array() },
  }
}

export const demoSet = new ColumnSet()
for (const [month, own] of Map.groupBy(demoRows, (row) => monthNumber(row.reported_at.slice(0, 7))))
  demoSet.replace(columnsOf(month, own))
