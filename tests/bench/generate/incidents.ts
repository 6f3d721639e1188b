import type { Database } from '../../../supabase/server/base/database-types.ts'
import { cityTimeZone } from './city.ts'
import { normal, seededRandom, seededUuid } from './random.ts'
import { closingModels, readSample } from './sample.ts'

const batchRows = 20_000
/** Spread of a generated place around the real one it is drawn from, in degrees of latitude. */
const placeSpreadDegrees = 0.0012

export interface GenerateOptions {
  rows: number
  seed?: number
  log?: (line: string) => void
}

/**
 * Fills a migrated database that holds the demo city with `rows` incidents that are like its real
 * ones: each is drawn from a real one (so places are as dense, categories as frequent, months as
 * full), moved a little, put on another day of the same month, and closed after a log-normal time of
 * its category. Open ones have a deadline at any minute of the 30 days after their report: the most that
 * due minutes can cost on the wire. Places outside every grid are drawn again. Equal seeds give equal rows.
 */
export async function generateIncidents(db: Database, options: GenerateOptions): Promise<void> {
  const { rows, seed = 1, log = () => {} } = options
  const random = seededRandom(seed)
  const sample = readSample()
  const models = closingModels(sample)
  const lastLocal = sample.reduce((last, row) => Math.max(last, row.reportedLocal), 0)
  const leaf = await leafOfCategory(db, sample)
  let stored = 0
  while (stored < rows) {
    const batch = Array.from({ length: Math.min(batchRows, rows - stored) }, (): DrawnIncident => {
      const row = sample[Math.floor(random() * sample.length)]!
      const reported = otherDay(row.reportedLocal, lastLocal, random)
      const model = models.get(row.sourceCategory)!
      const hours = Math.exp(model.logMean + model.logSpread * normal(random))
      const closed = reported + hours * 3_600_000
      const isOpen = random() < model.openShare || closed > lastLocal
      return {
        id: seededUuid(random),
        lon: row.lon + normal(random) * placeSpreadDegrees * 1.26,
        lat: row.lat + normal(random) * placeSpreadDegrees,
        category: leaf.get(row.sourceCategory)!,
        reportedLocal: reported,
        closedLocal: isOpen ? null : closed,
        openStage: random() < 0.5 ? 'dispatched' : 'filed',
      }
    })
    const before = stored
    stored += await storeBatch(db, batch)
    if (Math.floor(stored / 100_000) > Math.floor(before / 100_000)) {
      log(`${stored} of ${rows} incidents generated`)
    }
  }
  await setDueTimes(db)
}

/** The demo city's real incidents as they are; returns how many lie in a grid and are stored. */
export async function storeSample(db: Database): Promise<number> {
  const random = seededRandom(1)
  const sample = readSample()
  const leaf = await leafOfCategory(db, sample)
  const stored = await storeBatch(
    db,
    sample.map((row) => ({
      id: seededUuid(random),
      lon: row.lon,
      lat: row.lat,
      category: leaf.get(row.sourceCategory)!,
      reportedLocal: row.reportedLocal,
      closedLocal: row.hours === null ? null : row.reportedLocal + row.hours * 3_600_000,
      openStage: 'filed',
    })),
  )
  await setDueTimes(db)
  return stored
}

interface DrawnIncident {
  id: string
  lon: number
  lat: number
  /** Leaf code. */
  category: string
  /** Wall clock as if it were UTC, milliseconds. */
  reportedLocal: number
  closedLocal: number | null
  /** The stage while it is not closed. */
  openStage: 'dispatched' | 'filed'
}

/** Stores what lies in a grid, and returns how many that were. */
async function storeBatch(db: Database, batch: DrawnIncident[]): Promise<number> {
  const array = (values: (string | null)[]) =>
    `{${values.map((value) => (value === null ? 'null' : `"${value}"`)).join(',')}}`
  const [result] = await db.query<{ n: number }>(insertBatch, [
    array(batch.map((row) => row.id)),
    array(batch.map((row) => row.lon.toFixed(6))),
    array(batch.map((row) => row.lat.toFixed(6))),
    array(batch.map((row) => row.category)),
    array(batch.map((row) => localText(row.reportedLocal))),
    array(batch.map((row) => (row.closedLocal === null ? null : localText(row.closedLocal)))),
    array(batch.map((row) => (row.closedLocal === null ? row.openStage : 'closed'))),
    cityTimeZone,
  ])
  return Number(result!.n)
}

/** Deadlines of open ones, at any minute of the 30 days after the report. */
async function setDueTimes(db: Database): Promise<void> {
  await db.exec('vacuum analyze public.incidents, public.incident_work')
  await db.exec(`
    update public.incident_work w set due_at = i.reported_at
      + make_interval(mins => ('x' || left(i.id::text, 6))::bit(24)::integer % 43200)
    from public.incidents i
    where i.district_code = w.district_code and i.id = w.incident_id`)
  await db.exec('vacuum analyze public.incident_work')
}

const insertBatch = `
  with drawn as (
    select * from unnest($1::text::uuid[], $2::text::float8[], $3::text::float8[], $4::text::text[],
      $5::text::timestamp[], $6::text::timestamp[], $7::text::text[])
      as d (id, lon, lat, category, reported, closed, stage)
  ), placed as (
    select d.*, a.code from drawn d cross join lateral (
      select a.code from public.areas a
      where a.level = 'grid' and extensions.st_covers(a.geom,
        extensions.st_setsrid(extensions.st_makepoint(d.lon, d.lat), 4326))
      order by a.code collate "C" limit 1) a
  ), stored as (
    insert into public.incidents (district_code, id, category_code, area_code, department_code, stage,
      lon, lat, qx, qy, reported_at, month, closed_at, channel, source, source_id)
    select c.code, p.id, p.category, p.code, k.default_department, p.stage, p.lon, p.lat,
      least(65535, greatest(0, floor((p.lon - s.west) / (s.east - s.west) * 65535 + 0.5))),
      least(65535, greatest(0, floor((p.lat - s.south) / (s.north - s.south) * 65535 + 0.5))),
      p.reported at time zone $8, date_trunc('month', p.reported)::date,
      case when p.closed is not null
        then greatest(p.reported at time zone $8, p.closed at time zone $8) end, 'import', 'generated', p.id::text
    from placed p
    join public.categories k on k.code = p.category
    cross join public.city_settings s
    cross join (select code from public.areas where level = 'city' limit 1) c
    returning 1
  )
  select count(*)::integer as n from stored`

/** Deals the leaves under each top category to the source's categories, most frequent first. */
async function leafOfCategory(
  db: Database,
  sample: { top: string; sourceCategory: string }[],
): Promise<Map<string, string>> {
  const leaves = await db.query<{ code: string; parent: string }>(
    `select code, parent_code as parent from public.categories where parent_code is not null order by idx`,
  )
  const counts = Map.groupBy(sample, (row) => row.sourceCategory)
  const used = new Map<string, number>()
  return new Map(
    [...counts]
      .sort((a, b) => b[1].length - a[1].length)
      .map(([category, rows]) => {
        const { top } = rows[0]!
        const choice = leaves.filter((leaf) => leaf.parent === top)
        const at = used.get(top) ?? 0
        used.set(top, at + 1)
        return [category, choice[at % choice.length]!.code]
      }),
  )
}

/** The same time of day and second on some day of the same month, not after the last known instant. */
function otherDay(local: number, last: number, random: () => number): number {
  const date = new Date(local)
  const days = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate()
  date.setUTCDate(1 + Math.floor(random() * days))
  date.setUTCMinutes(Math.floor(random() * 60))
  return date.getTime() > last ? local : date.getTime()
}

const localText = (local: number): string => new Date(local).toISOString().slice(0, 19)
