import { cityBox, cityTimeZone, createCity } from '../../../tests/bench/generate/city.ts'
import { generateIncidents } from '../../../tests/bench/generate/incidents.ts'
import type { Database, SqlValue } from '../../server/base/database-types.ts'
import { openTestDatabase } from '../harness/index.ts'
import type { DatabaseKind, TestDatabase } from '../harness/index.ts'

const person = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`

/** `stranger` is signed in and a member of nothing. */
export const people = {
  admin: person(1),
  missionManager: person(2),
  handler: person(3),
  stranger: person(4),
} as const
export type Person = keyof typeof people

/** The handler's department. */
export const department = 'public_works'

/** The demo city with generated incidents and a few people, and calls as one of them. */
export interface ReadWorld {
  db: TestDatabase
  missionCode: string
  /** Calls a function of the API; JSON parameters are written `$1::text::jsonb`. */
  call<T>(who: Person, expression: string, params?: SqlValue[]): Promise<T>
}

export { cityBox, cityTimeZone }

export async function openReadWorld(kind: DatabaseKind, rows: number): Promise<ReadWorld> {
  const db = await openTestDatabase({ kind })
  await createCity(db)
  await generateIncidents(db, { rows, seed: 7 })
  const [mission] = await db.query<{ code: string }>(
    `select code from public.areas where level = 'community' and name = 'Mission'`,
  )
  const missionCode = mission!.code
  for (const [name, id] of Object.entries(people)) {
    await db.query('insert into public.profiles (user_id, display_name) values ($1, $2)', [
      id,
      name,
    ])
  }
  await db.query(
    `insert into public.memberships (user_id, role, area_code, department_code)
     values ($1, 'admin', 'SF', null), ($2, 'grid_manager', $3, null), ($4, 'handler', 'SF', $5)`,
    [people.admin, people.missionManager, missionCode, people.handler, department],
  )
  return {
    db,
    missionCode,
    call: <T>(who: Person, expression: string, params: SqlValue[] = []) =>
      db.asUser(people[who], async (tx) => {
        const [row] = await tx.query<{ result: T }>(`select public.${expression} as result`, params)
        return row!.result
      }),
  }
}

/** Fields in which new incidents differ; the rest is the same for all. */
export interface NewIncident {
  id: string
  /** First day of the month; reported on its second day. */
  month: string
  areaCode: string
  departmentCode?: string | null
  reportedBy?: string | null
}

/** Stores an incident as a command would, at the area's own point. */
export async function storeIncident(db: Database, incident: NewIncident): Promise<void> {
  await db.query(
    `insert into public.incidents (district_code, id, category_code, area_code, department_code,
       lon, lat, qx, qy, reported_at, month, reported_by, source, source_id)
     select 'SF', $1::text::uuid, 'street_cleaning', a.code, $4,
       extensions.st_x(p.at), extensions.st_y(p.at), 1, 1,
       $2::text::date + interval '40 hours', $2::text::date, $5::text::uuid, 'test', $1
     from public.areas a, lateral (select extensions.st_pointonsurface(a.geom) as at) p
     where a.code = $3`,
    [
      incident.id,
      incident.month,
      incident.areaCode,
      incident.departmentCode ?? null,
      incident.reportedBy ?? null,
    ],
  )
}
