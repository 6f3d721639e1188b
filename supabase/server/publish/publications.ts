import { createHash } from 'node:crypto'
import type { Database } from '../base/database-types.ts'
import { ServerError } from '../base/errors.ts'
import {
  compileFigures,
  type CityArea,
  type Compiled,
  type FinestCount,
  type Wanted,
} from '../../../src/domain/publish/compile.ts'
import type { Outline, PublicCategory, PublicFigures } from '../../../src/domain/publish/figures.ts'
import { areaLevels, type AreaLevel, type LocalMonth } from '../../../src/domain/vocabulary.ts'

export interface PublishOptions {
  /** Both included. */
  from: LocalMonth
  to: LocalMonth
  /** Of the smallest areas; null: that of the first publication. */
  level: AreaLevel | null
  /** Compiles without storing anything. */
  isTrial: boolean
  /** Person who publishes; null is the owner's command. */
  by?: string | null
  /** `Published.basis` of a trial: refused where another would come out. */
  basis?: string | null
  /** By default on this thread. */
  compile?: (wanted: Wanted) => Compiled | Promise<Compiled>
}

export interface Published extends Compiled {
  /** Equal for equal counts, areas and earlier publications. */
  basis: string
}

export type RefusalCode = 'no_city' | 'no_level' | 'too_many' | 'exposed' | 'changed'

/** Said in words to the command, and by its code to the page. */
export class PublishRefusal extends ServerError {
  readonly code: RefusalCode

  constructor(code: RefusalCode, message: string) {
    super(message)
    this.code = code
  }
}

/** More atoms would keep the audit busy for many minutes. */
const mostAtoms = 30_000

const firstDay = (month: LocalMonth): string => `${month}-01`

/**
 * Counts the months, audits the table against all that was told before, and stores it. The audit takes
 * long, so no transaction is open meanwhile: what was counted is compared once more before it is stored.
 * @throws PublishRefusal; DatabaseError 22023 for a month that is not over
 */
export async function publish(db: Database, options: PublishOptions): Promise<Published> {
  const { isTrial, by = null, compile = compileFigures } = options
  const wanted = await countedInTrial(db, options)
  const basis = basisOf(wanted)
  if (options.basis && options.basis !== basis) throw changed()
  const compiled = await compile(wanted)
  if (isTrial) return { ...compiled, basis }
  if (compiled.exposed > 0)
    throw new PublishRefusal(
      'exposed',
      `Nothing was published: ${compiled.exposed} small figures would follow from what earlier ` +
        'publications told. Name other months: those already published together, or new ones.',
    )
  await db.transaction(async (tx) => {
    await tx.query('lock table public.publications in share row exclusive mode')
    if (basisOf(await counted(tx, options)) !== basis) throw changed()
    const [row] = await tx.query<{ id: number }>(
      `insert into public.publications (id, from_month, to_month, document)
       select coalesce(max(id), 0) + 1, $1::date, $2::date, $3::text::jsonb from public.publications
       returning id`,
      [firstDay(options.from), firstDay(options.to), JSON.stringify(compiled.figures)],
    )
    await noteAct(tx, row!.id, 'published', by)
  })
  return { ...compiled, basis }
}

const changed = (): PublishRefusal =>
  new PublishRefusal('changed', 'Nothing was published: the figures changed meanwhile. Try again.')

/** Rolled back: the months stay uncounted. */
async function countedInTrial(db: Database, options: PublishOptions): Promise<Wanted> {
  let wanted: Wanted | null = null
  const stop = new Error('a trial')
  await db
    .transaction(async (tx) => {
      wanted = await counted(tx, options)
      throw stop
    })
    .catch((error: unknown) => {
      if (error !== stop) throw error
    })
  return wanted!
}

async function counted(tx: Database, options: PublishOptions): Promise<Wanted> {
  const [city] = await tx.query<{ name: string; now: string }>(
    `select name, to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as now
       from public.city_settings`,
  )
  if (!city) throw new PublishRefusal('no_city', 'There is no city yet: start the server once.')
  const { from, to } = options
  const level = options.level ?? (await knownLevel(tx))
  await tx.query('select private.count_publication_months($1::date, $2::date, $3)', [
    ...[firstDay(from), firstDay(to), level],
  ])
  const [areas, categories, counts, earlier] = [
    await readAreas(tx, level),
    await readCategories(tx),
    await readCounts(tx),
    await readDocuments(tx),
  ]
  const months = counts.monthsOf(from, to)
  const leaves = areas.filter((area) => area.level === level).length
  if (leaves * months * categories.length > mostAtoms)
    throw new PublishRefusal(
      'too_many',
      `${leaves} areas × ${months} months × ${categories.length} categories are too many for one ` +
        'publication: name fewer months or a higher level.',
    )
  return {
    ...{ city: city.name, publishedAt: city.now },
    ...{ from, to, level, areas, categories, earlier },
    counts: counts.rows,
    hasGenerated: counts.hasGenerated(from, to),
  }
}

const basisOf = (wanted: Wanted): string =>
  createHash('sha256')
    .update(JSON.stringify({ ...wanted, publishedAt: '' }))
    .digest('base64url')

/** A person who has no name here acts as the command does. */
const noteAct = (tx: Query, id: number, act: 'published' | 'withdrawn', by: string | null) =>
  tx.query(
    `insert into private.publication_acts (publication_id, act, done_by)
     values ($1, $2, (select user_id from public.profiles where user_id = $3::uuid))`,
    [id, act, by],
  )

type Query = Pick<Database, 'query'>

async function knownLevel(db: Query): Promise<AreaLevel> {
  const [row] = await db.query<{ leaf_level: AreaLevel }>(
    'select leaf_level from private.publication_settings',
  )
  if (row) return row.leaf_level
  throw new PublishRefusal(
    'no_level',
    `Name the level of the smallest published areas once: --level ${areaLevels.slice(1).join('|')}. ` +
      'It holds for all publications.',
  )
}

async function readAreas(db: Query, level: AreaLevel): Promise<CityArea[]> {
  const rows = await db.query<{
    code: string
    name: string
    level: AreaLevel
    parent_code: string | null
    path: string
    outline: string | null
  }>(
    // A thousandth of the city's width is finer than a screen shows.
    `select a.code, a.name, a.level, a.parent_code, a.path,
       case when a.level = $1 then extensions.st_asgeojson(extensions.st_simplifypreservetopology(a.geom,
         (select greatest(east - west, north - south) / 1000 from public.city_settings)), 4) end as outline
     from public.areas a where private.level_rank(a.level) <= private.level_rank($1)
     order by a.path collate "C"`,
    [level],
  )
  return rows.map(({ parent_code: parentCode, outline, ...area }) => ({
    ...area,
    parentCode,
    outline: outline === null ? null : outlineOf(outline),
  }))
}

function outlineOf(geoJson: string): Outline {
  const shape = JSON.parse(geoJson) as
    | { type: 'Polygon'; coordinates: number[][][] }
    | { type: 'MultiPolygon'; coordinates: number[][][][] }
  const rings = shape.type === 'Polygon' ? shape.coordinates : shape.coordinates.flat()
  return rings.map((ring) => ring.flat())
}

async function readCategories(db: Query): Promise<PublicCategory[]> {
  return db.query<{ code: string; nameZh: string; nameEn: string; color: string }>(
    `select code, name_zh as "nameZh", name_en as "nameEn", color from public.categories
     where parent_code is null order by sort, code`,
  )
}

async function readCounts(db: Query) {
  const found = await db.query<{
    measure: FinestCount['measure']
    month: LocalMonth
    area_path: string
    category_code: string
    n: number
    yes: number
    has_generated: boolean
  }>(
    `select measure, to_char(month, 'YYYY-MM') as month, area_path, category_code, n, yes, has_generated
     from private.publication_counts order by measure, month, area_path, category_code`,
  )
  const rows = found.map(({ area_path: areaPath, category_code: category, ...row }) => ({
    ...row,
    areaPath,
    category,
  }))
  const within = (from: LocalMonth, to: LocalMonth) =>
    rows.filter(({ month }) => month >= from && month <= to)
  return {
    rows: rows satisfies FinestCount[],
    monthsOf: (from: LocalMonth, to: LocalMonth): number =>
      new Set(within(from, to).map(({ month }) => month)).size,
    hasGenerated: (from: LocalMonth, to: LocalMonth): boolean =>
      within(from, to).some(({ has_generated: isGenerated }) => isGenerated),
  }
}

/** All of them, withdrawn ones too. */
async function readDocuments(db: Query): Promise<PublicFigures[]> {
  const rows = await db.query<{ document: string }>(
    'select document::text as document from public.publications order by id',
  )
  return rows.map(({ document }) => JSON.parse(document) as PublicFigures)
}

/** The newest that is not withdrawn, as text. */
export async function readNewestPublication(db: Query): Promise<string | null> {
  const [row] = await db.query<{ document: string }>(
    `select document::text as document from public.publications where withdrawn_at is null
     order by id desc limit 1`,
  )
  return row?.document ?? null
}

export interface Publication {
  id: number
  publishedAt: string
  from: LocalMonth
  to: LocalMonth
  isWithdrawn: boolean
  withdrawnAt: string | null
  /** Null: the owner's command, or somebody who is gone. */
  publishedBy: string | null
  withdrawnBy: string | null
}

/** Oldest first. */
export const listPublications = (db: Query): Promise<Publication[]> =>
  db.query(
    `select p.id, to_char(p.published_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as "publishedAt",
       to_char(p.from_month, 'YYYY-MM') as "from", to_char(p.to_month, 'YYYY-MM') as "to",
       p.withdrawn_at is not null as "isWithdrawn",
       to_char(p.withdrawn_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as "withdrawnAt",
       (select w.display_name from private.publication_acts a join public.profiles w on w.user_id = a.done_by
        where a.publication_id = p.id and a.act = 'published') as "publishedBy",
       (select w.display_name from private.publication_acts a join public.profiles w on w.user_id = a.done_by
        where a.publication_id = p.id and a.act = 'withdrawn') as "withdrawnBy"
     from public.publications p order by p.id`,
  )

/** Withdraws a publication; its figures stay stored, as later audits count what was told. @throws ServerError */
export async function withdrawPublication(
  db: Database,
  id: number,
  by: string | null = null,
): Promise<void> {
  await db.transaction(async (tx) => {
    const rows = await tx.query(
      'update public.publications set withdrawn_at = now() where id = $1 and withdrawn_at is null returning id',
      [id],
    )
    if (rows.length === 0) throw new ServerError(`There is no publication ${id} in force.`)
    await noteAct(tx, id, 'withdrawn', by)
  })
}
