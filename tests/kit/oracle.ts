/**
 * Counts made from the demo's own files, by other code than the product's: plain parsing, Turf's
 * point in polygon, the local date as it is written and moved. What the views show must agree with it.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { bbox, booleanPointInPolygon } from '@turf/turf'
import type { Feature, FeatureCollection, MultiPolygon, Polygon } from 'geojson'
import Papa from 'papaparse'

const demo = 'supabase/seed/demo'

export interface SourceRow {
  id: string
  category: string
  source_category: string
  source_type: string
  channel: string
  status: string
  reported_at: string
  closed_at: string
  lng: string
  lat: string
}
export interface OracleRow {
  /** The product's id: made from the source's own number, so a second import finds it. */
  id: string
  /** Top category of the source. */
  category: string
  /** The category below it. */
  leaf: string
  open: boolean
  /** Wall clock of the report and of the close, moved by the weeks; null while open. */
  reportedAt: string
  closedAt: string | null
  /** Local day of the report. */
  day: string
  /** Local month of the close; null while open. */
  closedMonth: string | null
  gridCode: string
  communityCode: string
  /** Department that gets it: that of the leaf category that the demo's mapping names. */
  department: string | null
  /** By the demo's mapping. */
  channel: string
  lng: number
  lat: number
}

type AreaFeature = Feature<
  Polygon | MultiPolygon,
  { code: string; name: string; parent_code: string }
>

function areas(level: string): AreaFeature[] {
  const text = readFileSync(`${demo}/areas_${level}.geojson`, 'utf8')
  return (JSON.parse(text) as FeatureCollection).features as AreaFeature[]
}

/** Names of one level's areas by code. */
export const areaNames = (level: 'community' | 'grid'): Map<string, string> =>
  new Map(areas(level).map(({ properties }) => [properties.code, properties.name]))

/**
 * Square kilometres of one level's areas by code: the shoelace formula in metres, by the length of
 * a degree on the WGS 84 ellipsoid at the city's latitude.
 */
export function areaSizes(level: 'community' | 'grid'): Map<string, number> {
  const phi = (37.76 * Math.PI) / 180
  const up = 111_132.92 - 559.82 * Math.cos(2 * phi) + 1.175 * Math.cos(4 * phi)
  const right = 111_412.84 * Math.cos(phi) - 93.5 * Math.cos(3 * phi)
  const ringKm2 = (ring: number[][]): number =>
    ring.reduce((sum, [lng = 0, lat = 0], i) => {
      const [nextLng = 0, nextLat = 0] = ring[(i + 1) % ring.length]!
      return sum + (lng * nextLat - nextLng * lat) * right * up
    }, 0) / 2e6
  return new Map(
    areas(level).map(({ properties, geometry }) => {
      const shapes = geometry.type === 'Polygon' ? [geometry.coordinates] : geometry.coordinates
      const sizes = shapes.map(([outer = [], ...holes]) =>
        holes.reduce((size, hole) => size - Math.abs(ringKm2(hole)), Math.abs(ringKm2(outer))),
      )
      return [properties.code, sizes.reduce((sum, size) => sum + size, 0)]
    }),
  )
}

/** Departments by leaf category, as written in the schema file that brings them. */
const departments = new Map(
  [
    ...readFileSync('supabase/schemas/03_reference.sql', 'utf8').matchAll(
      /^ +\(\d+, '\w+', '(\w+)', .*, '(\w+)'\)[,;]?$/gm,
    ),
  ].map(([, leaf, department]) => [leaf!, department!]),
)

/** A written time `weeks` later: the same weekday and hour. What spring leaves out is an hour later. */
export function movedTime(written: string, weeks: number): string {
  const moved = new Date(Date.parse(`${written}Z`) + weeks * 7 * 86_400_000)
  const isSecondSunday = moved.getUTCDay() === 0 && Math.ceil(moved.getUTCDate() / 7) === 2
  // San Francisco's clocks go from 2 to 3 on the second Sunday of March
  if (weeks > 0 && moved.getUTCMonth() === 2 && isSecondSunday && moved.getUTCHours() === 2)
    moved.setUTCHours(3)
  return moved.toISOString().slice(0, 19)
}

/** All rows of the demo's file, or of one like it in another folder. */
export function sourceRows(folder = demo): SourceRow[] {
  const text = gunzipSync(readFileSync(`${folder}/incidents.csv.gz`)).toString('utf8')
  return Papa.parse<SourceRow>(text, { header: true, skipEmptyLines: true }).data
}

export const isClosedBeforeOpened = (row: SourceRow): boolean =>
  row.closed_at !== '' && row.closed_at < row.reported_at

const ofWholeFile = new Map<number, OracleRow[]>()

/** The rows an honest import keeps. @param weeks by which the import moved the dates */
export function oracleRows(weeks: number, data?: SourceRow[]): OracleRow[] {
  if (data) return rowsKept(weeks, data)
  const rows = ofWholeFile.get(weeks) ?? rowsKept(weeks, sourceRows())
  ofWholeFile.set(weeks, rows)
  return rows
}

function rowsKept(weeks: number, data: readonly SourceRow[]): OracleRow[] {
  const mapping = JSON.parse(readFileSync(`${demo}/incidents.mapping.json`, 'utf8')) as {
    source: string
    categories: { map: Record<string, string> }
    channels: Record<string, string>
  }
  const leaves = mapping.categories.map
  const grids = areas('grid')
    .map((feature) => ({ feature, box: bbox(feature) }))
    .toSorted((a, b) => (a.feature.properties.code < b.feature.properties.code ? -1 : 1))
  const rows: OracleRow[] = []
  for (const row of data) {
    if (isClosedBeforeOpened(row)) continue
    const lng = Number(row.lng)
    const lat = Number(row.lat)
    // on a border several hold the point: the lowest code comes first
    const grid = grids.find(
      ({ feature, box }) =>
        lng >= box[0] &&
        lng <= box[2] &&
        lat >= box[1] &&
        lat <= box[3] &&
        booleanPointInPolygon([lng, lat], feature),
    )
    if (!grid) continue
    const { code, parent_code } = grid.feature.properties
    const reportedAt = movedTime(row.reported_at, weeks)
    const closedMoved = row.closed_at ? movedTime(row.closed_at, weeks) : null
    // a report that had to leave the missing hour is closed at once, not before
    const closedAt = closedMoved && closedMoved < reportedAt ? reportedAt : closedMoved
    const leaf =
      leaves[`${row.source_category} / ${row.source_type}`] ?? leaves[row.source_category]!
    rows.push({
      id: importedId(mapping.source, row.id),
      category: row.category,
      leaf,
      open: row.status === 'open',
      reportedAt,
      closedAt,
      day: reportedAt.slice(0, 10),
      closedMonth: closedAt?.slice(0, 7) ?? null,
      gridCode: code,
      communityCode: parent_code,
      department: departments.get(leaf) ?? null,
      channel: mapping.channels[row.channel] ?? row.channel,
      lng,
      lat,
    })
  }
  return rows
}

/** A UUID of version 8 from the hash of source and number. */
function importedId(source: string, number: string): string {
  const h = createHash('sha256').update(`${source}\u001f${number}`).digest('hex')
  const digits = `${h.slice(0, 12)}8${h.slice(13, 16)}a${h.slice(17, 32)}`
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** `YYYY-MM`, some months later. */
export function laterMonth(month: string, months: number): string {
  const [year = 0, number = 0] = month.split('-').map(Number)
  return new Date(Date.UTC(year, number - 1 + months, 1)).toISOString().slice(0, 7)
}

export const lastDayOf = (month: string): string =>
  new Date(Date.parse(`${laterMonth(month, 1)}-01T00:00:00Z`) - 86_400_000)
    .toISOString()
    .slice(0, 10)

/**
 * Twelve whole months inside the rows, as in a link. They end before the month that the rows end
 * in, so reports that other tests make now lie outside.
 */
export function wholeYear(rows: readonly OracleRow[]): { from: string; to: string; link: string } {
  const last = rows.reduce((latest, { day }) => (day > latest ? day : latest), '').slice(0, 7)
  const from = `${laterMonth(last, -12)}-01`
  const to = lastDayOf(laterMonth(last, -1))
  return { from, to, link: `from=${from}&to=${to}` }
}

export type Box = readonly [west: number, south: number, east: number, north: number]

/**
 * Rows that pass the filter of a link.
 * @param city the city's box, on which places are kept in 65,536 steps each way
 * @param without parameters to leave out of account, for views that look beyond the period
 */
export function rowsOfLink(
  rows: readonly OracleRow[],
  href: string,
  city: Box,
  without: string[] = [],
): OracleRow[] {
  const query = new URL(href).searchParams
  for (const key of without) query.delete(key)
  const list = (key: string): string[] => query.get(key)?.split('~').filter(Boolean) ?? []
  const chosen = list('area').length > 0 ? list('area') : list('in')
  const categories = list('category')
  const stages = list('stage')
  const known = ['closed', 'rejected', 'merged']
  if (!stages.every((stage) => known.includes(stage)))
    throw new Error('the file does not say in which state an open incident is')
  const isAllTime = query.get('from') === 'all'
  const from = isAllTime ? '0000' : (query.get('from') ?? '0000')
  const to = query.get('to') ?? '9999'
  const box = query.has('bbox') ? (list('bbox').map(Number) as unknown as Box) : null
  const step = (value: number, axis: 0 | 1): number => {
    const share = (value - city[axis]) / (city[axis === 0 ? 2 : 3] - city[axis])
    return Math.round(Math.min(1, Math.max(0, share)) * 65_535)
  }
  const isBetween = (value: number, low: number, high: number, axis: 0 | 1): boolean =>
    step(value, axis) >= step(low, axis) && step(value, axis) <= step(high, axis)
  return rows.filter(
    (row) =>
      row.day >= from &&
      row.day <= to &&
      (chosen.length === 0 ||
        chosen.some((code) => ['SF', row.communityCode, row.gridCode].includes(code))) &&
      (categories.length === 0 ||
        categories.includes(row.category) ||
        categories.includes(row.leaf)) &&
      (stages.length === 0 || (!row.open && stages.includes('closed'))) &&
      (!query.has('open') || row.open) &&
      (!box || (isBetween(row.lng, box[0], box[2], 0) && isBetween(row.lat, box[1], box[3], 1))),
  )
}

/** How many rows fall under each value of `of`. */
export function countBy(
  rows: readonly OracleRow[],
  of: (row: OracleRow) => string,
): Map<string, number> {
  const counts = new Map<string, number>()
  for (const row of rows) counts.set(of(row), (counts.get(of(row)) ?? 0) + 1)
  return counts
}

/** Newest first, as the list begins; those of one minute by id. */
export const newestFirst = (rows: readonly OracleRow[]): string[] =>
  rows
    .toSorted((a, b) =>
      a.reportedAt === b.reportedAt ? (a.id < b.id ? 1 : -1) : a.reportedAt < b.reportedAt ? 1 : -1,
    )
    .map(({ id }) => id)
