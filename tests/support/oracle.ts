/**
 * Counts made from the demo's own files, by other code than the product's: plain parsing, Turf's
 * point in polygon, the local date as it is written. What the views show must agree with it.
 */
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { bbox, booleanPointInPolygon } from '@turf/turf'
import type { Feature, FeatureCollection, MultiPolygon, Polygon } from 'geojson'
import Papa from 'papaparse'

const demo = 'supabase/seed/demo'

interface SourceRow {
  id: string
  category: string
  source_category: string
  status: string
  reported_at: string
  closed_at: string
  lng: string
  lat: string
}
export interface OracleRow {
  id: string
  /** Top category of the source. */
  category: string
  open: boolean
  /** Local day of the report, as written in the file. */
  day: string
  /** Local month of the close, as written; null while open. */
  closedMonth: string | null
  gridCode: string
  communityCode: string
  lng: number
  lat: number
}

type AreaFeature = Feature<Polygon | MultiPolygon, { code: string; parent_code: string }>

function areas(level: string): AreaFeature[] {
  const text = readFileSync(`${demo}/areas_${level}.geojson`, 'utf8')
  return (JSON.parse(text) as FeatureCollection).features as AreaFeature[]
}

/** The rows an honest import keeps. */
export function oracleRows(): OracleRow[] {
  const text = gunzipSync(readFileSync(`${demo}/incidents.csv.gz`)).toString('utf8')
  const { data } = Papa.parse<SourceRow>(text, { header: true, skipEmptyLines: true })
  const grids = areas('grid')
    .map((feature) => ({ feature, box: bbox(feature) }))
    .toSorted((a, b) => (a.feature.properties.code < b.feature.properties.code ? -1 : 1))
  const rows: OracleRow[] = []
  for (const row of data) {
    if (row.closed_at && row.closed_at < row.reported_at) continue
    const lng = Number(row.lng)
    const lat = Number(row.lat)
    // on a border several hold the point: the lowest code comes first
    const grid = grids.find(
      ({ feature, box }) =>
        lng >= box[0] && lng <= box[2] && lat >= box[1] && lat <= box[3] &&
        booleanPointInPolygon([lng, lat], feature),
    )
    if (!grid) continue
    const { code, parent_code } = grid.feature.properties
    rows.push({
      id: row.id,
      category: row.category,
      open: row.status === 'open',
      day: row.reported_at.slice(0, 10),
      closedMonth: row.closed_at ? row.closed_at.slice(0, 7) : null,
      gridCode: code,
      communityCode: parent_code,
      lng,
      lat,
    })
  }
  return rows
}
