import { randomUUID } from 'node:crypto'
import { sign } from 'hono/jwt'
import type { Database } from '../base/database-types.ts'
import { ServerError } from '../base/errors.ts'

/** Somebody who may read the report of an area, and as whom the command reads it. */
export interface Reader {
  userId: string
  email: string
}

export interface ReportArea {
  code: string
  name: string
  path: string
}

/** @param code null for the top one. @throws ServerError where there is no such area */
export async function reportArea(db: Database, code: string | null): Promise<ReportArea> {
  const [area] = await db.query<ReportArea>(
    `select code, name, path from public.areas
      where case when $1::text is null then parent_code is null else code = $1 end
      order by code limit 1`,
    [code],
  )
  if (area) return area
  throw new ServerError(
    code === null
      ? 'The city has no areas yet: import them first (npm run import).'
      : `There is no area with the code "${code}".`,
  )
}

/** Finds the closest leader of the area. @throws ServerError where nobody does */
export async function readerOf(db: Database, area: ReportArea): Promise<Reader> {
  const [reader] = await db.query<Reader>(
    `select u.id::text as "userId", u.email
       from public.memberships m
       join public.areas a on a.code = m.area_code
       join auth.users u on u.id = m.user_id
      where m.role in ('leader', 'grid_manager', 'admin')
        and m.valid_from <= now() and (m.valid_to is null or m.valid_to > now())
        and starts_with($1, a.path)
      order by length(a.path) desc, m.role = 'leader' desc, m.role = 'admin' desc, u.email
      limit 1`,
    [area.path],
  )
  if (reader) return reader
  throw new ServerError(
    `Nobody leads "${area.name}", so nobody may read its report. Give somebody the role: ` +
      `npm run user -- role EMAIL --role leader --area ${area.code}`,
  )
}

/** Long enough to load the largest city. */
const sessionSeconds = 600

/**
 * A session as the app keeps it, signed with the data folder's secret: it ends by itself and cannot be
 * renewed.
 */
export async function readerSession(reader: Reader, jwtSecret: string): Promise<object> {
  const iat = Math.floor(Date.now() / 1000)
  const exp = iat + sessionSeconds
  const { userId: sub, email } = reader
  const who = { role: 'authenticated', aud: 'authenticated' }
  const claims = { ...who, sub, email, session_id: randomUUID(), iat, exp }
  return {
    access_token: await sign(claims, jwtSecret, 'HS256'),
    token_type: 'bearer',
    expires_in: sessionSeconds,
    expires_at: exp,
    refresh_token: 'none',
    user: { id: sub, email, ...who, app_metadata: {}, user_metadata: {}, created_at: '' },
  }
}
