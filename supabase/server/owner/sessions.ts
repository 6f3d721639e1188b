import type { Database } from '../base/database-types.ts'

/** One, all but one, or all. */
export type Ending = { session: string } | { others: string } | 'all'

/** Instants are ISO 8601. */
export interface SessionRow {
  id: string
  /** Null for sessions older than this column. */
  userAgent: string | null
  startedAt: string
  /** At most an hour before its last use. */
  renewedAt: string
}

const maxUserAgentLength = 300

/**
 * CTEs that end sessions of the person `$1` and list their ids in `ended`. `condition` is SQL about
 * `auth.sessions`. Access tokens hold for an hour without their session, so the ids are kept for
 * two.
 */
export const endingSessions = (condition = 'true'): string => `
  ended as (
    delete from auth.sessions where user_id = $1::uuid and (${condition}) returning id
  ), noted as (
    insert into wangge_server.ended_sessions (id) select id from ended on conflict do nothing
  ), forgotten as (
    delete from wangge_server.ended_sessions where ended_at < now() - interval '2 hours'
  )`

/** @returns the ended ids. */
export async function endSessions(db: Database, userId: string, ending: Ending): Promise<string[]> {
  const [condition, id] =
    ending === 'all'
      ? ['$2::uuid is null', null]
      : 'session' in ending
        ? ['id = $2::uuid', ending.session]
        : ['id <> $2::uuid', ending.others]
  const rows = await db.query<{ id: string }>(
    `with ${endingSessions(condition)} select id::text as id from ended`,
    [userId, id],
  )
  return rows.map((row) => row.id)
}

/** For ends found in the journal. */
export async function repeatEnds(db: Database, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return
  await db.query(
    `with again as (select unnest($1::text[]::uuid[]) as id), gone as (
       delete from auth.sessions where id in (select id from again)
     )
     insert into wangge_server.ended_sessions (id) select id from again on conflict do nothing`,
    [ids],
  )
}

/** Their access tokens may still hold. */
export async function readEndedSessions(db: Database): Promise<Set<string>> {
  const rows = await db.query<{ id: string }>(
    'select id::text as id from wangge_server.ended_sessions',
  )
  return new Set(rows.map(({ id }) => id))
}

/** Newest first. */
export async function listSessions(db: Database, userId: string): Promise<SessionRow[]> {
  // lite writes refreshed_at in UTC into a column without a zone
  return db.query<SessionRow & Record<string, unknown>>(
    `select id::text as id, user_agent as "userAgent",
            to_char(created_at at time zone 'UTC', $2) as "startedAt",
            to_char(coalesce(refreshed_at, created_at at time zone 'UTC'), $2) as "renewedAt"
       from auth.sessions where user_id = $1::uuid order by created_at desc, id`,
    [userId, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'],
  )
}

/**
 * False when the password changed since it was compared: a sign-in with the old one must not
 * outlive the change.
 */
export async function completeSession(
  db: Database,
  session: { id: string; passwordHash: string | null; userAgent: string | null },
): Promise<boolean> {
  const rows = await db.query(
    `update auth.sessions s set user_agent = left($2::text, ${maxUserAgentLength})
       from auth.users u
      where s.id = $1::uuid and u.id = s.user_id and u.encrypted_password = $3
     returning 1 as one`,
    [session.id, session.userAgent, session.passwordHash],
  )
  return rows.length > 0
}
