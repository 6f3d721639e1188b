import { createHash } from 'node:crypto'
import type { PhotoName } from '../../../../src/domain/photo/photo-rules.ts'
import type { Database } from '../../base/database-types.ts'
import { demoAccounts } from '../../base/demo.ts'
import type { DemoCity } from '../../base/demo.ts'
import { judgePhoto, recordPhoto } from '../../photos/photo-checks.ts'
import { planSteps, uuidOf } from './plan.ts'
import type { DemoCase, DemoCast } from './plan.ts'
import { planRatings, ratedWeeks } from './ratings.ts'
import type { DemoClosing } from './ratings.ts'
import { photoSides, sceneName, scenePhoto } from './scenes.ts'
import type { Side } from './scenes.ts'

/** Where the drawn photos are kept. */
export interface PhotoKeeper {
  write(name: PhotoName, bytes: Uint8Array): Promise<void>
}

export interface DemoLoopOptions {
  /** The steps end at this instant, ISO 8601. */
  now: string
  /** Without it, photos are named in the log and have no files. */
  photos?: PhotoKeeper | undefined
}

/** Open incidents reported within these days before the data's end are taken up. */
const recentDays = 90
/** They have no accounts: nobody signs in as one of them. */
const crewId = (name: string): string => uuidOf(`wangge demo crew ${name}`)
const mediaType = 'image/jpeg'

export async function hasDemoSteps(db: Database): Promise<boolean> {
  const [row] = await db.query('select 1 from public.incidents where is_generated limit 1')
  return row !== undefined
}

/**
 * Takes up the demo's recent open incidents and drives them by commands at past instants, in one transaction.
 * Closed incidents, and those people have worked on, stay as they are.
 * @returns the number of steps
 */
export async function takeDemoSteps(
  tx: Database,
  city: DemoCity,
  { now, photos }: DemoLoopOptions,
): Promise<number> {
  const cases = await readCases(tx, city)
  const cast = await gatherCast(tx, city, now)
  const album = new Album()
  const [dates] = await tx.query<{ until: string }>(
    'select demo_until::text as until from public.city_settings',
  )
  const { starts, steps } = planSteps(cases, cast, album.photoOf, {
    nowMs: Date.parse(now),
    seed: `${city.id} ${dates?.until}`,
  })
  if (photos) await album.keep(tx, photos)
  await tx.query('select private.begin_demo_incidents($1::text::jsonb)', [JSON.stringify(starts)])
  await tx.query('select private.take_demo_steps($1::text::jsonb)', [JSON.stringify(steps)])
  await rateClosings(tx, city, cast, { now, seed: `${city.id} ${dates?.until}` })
  return steps.length
}

/** Call-backs and ratings of the demo's closings of two years, in the same transaction. */
async function rateClosings(
  tx: Database,
  city: DemoCity,
  cast: DemoCast,
  { now, seed }: { now: string; seed: string },
): Promise<void> {
  const areaCode = city.assignments['admin']?.areaCode
  if (areaCode === undefined) return
  const near = city.assignments['field_staff']?.areaCode ?? null
  const closings = await tx.query<DemoClosing & Record<string, unknown>>(
    `select i.id::text as id, private.closing_of(i.district_code, i.id) as closing,
       coalesce(own.parent_code, own.code) as community, i.department_code as department,
       (extract(epoch from i.closed_at) * 1000)::double precision as "closedAtMs",
       coalesce(private.is_within(own.path, worker.path), false) as "isNear"
     from public.incidents i
     join public.areas own on own.code = i.area_code
     join public.workflows w on w.code = i.workflow_code
     left join public.areas worker on worker.code = $1
     where i.stage = 'closed' and i.source is not null and i.department_code is not null
       and i.channel <> all (coalesce(w.trusted_channels, '{app}'))
       and i.closed_at >= $2::text::timestamptz - make_interval(days => $3) and i.closed_at < $2::text::timestamptz
       and not exists (select from public.callbacks c
         where c.district_code = i.district_code and c.incident_id = i.id)
       and not exists (select from public.ratings r
         where r.district_code = i.district_code and r.incident_id = i.id)
     order by i.id`,
    [near, now, ratedWeeks * 7],
  )
  const plan = planRatings(
    closings,
    {
      ...{ manager: cast.dispatcher, leader: cast.leader, crews: cast.crews },
      ...{ caller: cast.fieldCrew, nearCaller: cast.fieldWorker },
    },
    { nowMs: Date.parse(now), seed, areaCode },
  )
  await tx.query('select private.make_demo_ratings($1::text::jsonb)', [JSON.stringify(plan)])
}

/** Undoes the generated steps where nobody did anything else. */
export async function clearDemoSteps(tx: Database): Promise<void> {
  await tx.query('select private.clear_demo_ratings()')
  await tx.query('select private.clear_demo_incidents()')
}

async function readCases(tx: Database, city: DemoCity): Promise<DemoCase[]> {
  const near = city.assignments['field_staff']?.areaCode ?? null
  return tx.query<DemoCase & Record<string, unknown>>(
    `select i.id::text as id, i.category_code as category, i.department_code as department,
       w.trusted_channels is not null as "isVerified",
       (extract(epoch from i.reported_at) * 1000)::double precision as "reportedAtMs",
       coalesce(private.is_within(own.path, worker.path), false) as "isNear",
       (select jsonb_agg(jsonb_build_object('code', f.code, 'needsPhotos', f.needs_after_photos)
          order by f.sort, f.code)
        from public.filing_conditions f
        where f.category_code = i.category_code and f.is_active) as conditions
     from public.incidents i
     join public.workflows w on w.code = i.workflow_code
     join public.areas own on own.code = i.area_code
     cross join public.city_settings city
     left join public.areas worker on worker.code = $1
     where private.is_open(i.stage) and i.source is not null and not i.is_generated
       and i.department_code is not null
       and i.reported_at >= city.demo_until::timestamp at time zone city.time_zone - make_interval(days => $2)
       and exists (select from public.filing_conditions f
         where f.category_code = i.category_code and f.is_active)
       and not exists (select from public.incident_log l
         where l.district_code = i.district_code and l.incident_id = i.id and l.actor is not null)
     order by i.id`,
    [near, recentDays],
  )
}

/** Makes the crews where they are missing; roles of the demo's people begin before the first step. */
async function gatherCast(tx: Database, city: DemoCity, now: string): Promise<DemoCast> {
  const departments = await tx.query<{ code: string; name: string }>(
    'select code, name_en as name from public.departments order by code',
  )
  const area = city.assignments['admin']?.areaCode
  if (area === undefined) throw new Error('The demo says nothing about the role admin.')
  const since = new Date(Date.parse(now) - 2 * 365 * 86_400_000).toISOString()
  const crews = [
    { id: crewId('dispatcher'), name: 'Demo dispatcher', role: 'grid_manager', department: null },
    { id: crewId('leader'), name: 'Demo leader', role: 'leader', department: null },
    { id: crewId('field'), name: 'Demo field crew', role: 'field_staff', department: null },
    ...departments.map(({ code, name }) => ({
      id: crewId(`department ${code}`),
      name: `Demo crew: ${name}`,
      role: 'handler',
      department: code,
    })),
  ]
  await tx.query(
    `with crew as (
       select * from jsonb_to_recordset($1::text::jsonb) as c (id uuid, name text, role text, department text)
     ), known as (
       insert into public.profiles (user_id, display_name, locale)
       select c.id, c.name, city.locale from crew c cross join public.city_settings city
       on conflict (user_id) do nothing
     )
     insert into public.memberships (user_id, role, area_code, department_code, valid_from)
     select c.id, c.role, $2, c.department, $3::text::timestamptz from crew c
     on conflict (user_id, role, area_code, department_code)
       do update set valid_from = least(memberships.valid_from, excluded.valid_from)`,
    [JSON.stringify(crews), area, since],
  )
  const people = await tx.query<{ id: string; email: string }>(
    `update public.memberships m set valid_from = least(m.valid_from, $2::text::timestamptz)
     from auth.users u
     where u.id = m.user_id and u.email = any ($1::text[]) and m.valid_to is null
     returning m.user_id::text as id, u.email`,
    [demoAccounts.map(({ email }) => email), since],
  )
  const account = (role: string): string | null => {
    const email = demoAccounts.find((one) => one.role === role)?.email
    return people.find((one) => one.email === email)?.id ?? null
  }
  const handler = account('handler')
  const department = city.assignments['handler']?.departmentCode
  return {
    dispatcher: crewId('dispatcher'),
    leader: crewId('leader'),
    fieldCrew: crewId('field'),
    crews: Object.fromEntries(
      departments.map(({ code }) => [code, crewId(`department ${code}`)] as const),
    ),
    fieldWorker: account('field_staff'),
    handler: handler && department ? { id: handler, department } : null,
  }
}

/** Draws each photo once. */
class Album {
  readonly #drawn = new Map<string, { bytes: Uint8Array<ArrayBuffer>; hash: string }>()
  readonly #names = new Map<string, PhotoName>()

  readonly photoOf = (owner: string, category: string, side: Side, variant: number): object => {
    const key = `${sceneName(category)} ${side} ${variant}`
    let photo = this.#drawn.get(key)
    if (!photo) {
      const bytes = scenePhoto(category, side, variant)
      photo = { bytes, hash: createHash('sha256').update(bytes).digest('hex') }
      this.#drawn.set(key, photo)
    }
    const { hash, bytes } = photo
    this.#names.set(`${owner} ${hash}`, { owner, hash, mediaType })
    return { hash, mediaType, bytes: bytes.length, ...photoSides }
  }

  /** Through the same check as an upload. */
  async keep(tx: Database, keeper: PhotoKeeper): Promise<void> {
    const byHash = new Map([...this.#drawn.values()].map(({ hash, bytes }) => [hash, bytes]))
    for (const name of this.#names.values()) {
      const bytes = byHash.get(name.hash)!
      const verdict = judgePhoto(name, bytes)
      if (!verdict.ok) throw new Error(`A drawn photo was refused: ${verdict.fault}`)
      await keeper.write(name, bytes)
      await recordPhoto(tx, name, verdict)
    }
  }
}
