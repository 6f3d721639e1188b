import { PostgresConnection } from '@supabase/lite/postgres'
import postgres from 'postgres'
import type { Database, SqlValue } from '../base/database-types.ts'
import { ServerError, messageOf } from '../base/errors.ts'
import { canary } from './canary.ts'
import type { Engine, OwnerTransaction } from './engine.ts'
import { databaseError, runTransaction } from './pglite-engine.ts'
import { RequestConnection } from './request-connection.ts'
import type { RequestSession } from './request-connection.ts'
import { apiRole, isSupabase, provisionLogin, provisionRoles } from './provision.ts'
import { valueParsers } from './values.ts'

const minVersion = 150000

/** Null unless it is a Supabase, which keeps its own roles, accounts and migrations. */
export async function openSupabase(databaseUrl: string): Promise<Database | null> {
  const pool = connect(databaseUrl)
  const owner = ownerOf(pool)
  try {
    if (await isSupabase(owner)) {
      const [known] = await owner.query(`select to_regclass('public.city_settings') as found`)
      if (known?.found) return { ...owner, isShared: true }
      throw new ServerError(
        'DATABASE_URL: this Supabase has no schema of ours; run supabase db push.',
      )
    }
  } catch (error) {
    await pool.end({ timeout: 1 })
    throw connectError(error)
  }
  await pool.end({ timeout: 1 })
  return null
}

function connect(databaseUrl: string): postgres.Sql {
  return postgres(databaseUrl, {
    max: 4,
    onnotice: () => undefined,
    connection: { TimeZone: 'UTC' },
    types: Object.fromEntries(
      Object.entries(valueParsers).map(([type, parse]) => [
        `oid${type}`,
        { to: Number(type), from: [Number(type)], serialize: String, parse },
      ]),
    ) as Record<string, postgres.PostgresType>,
  })
}

function connectError(error: unknown): ServerError {
  if (error instanceof ServerError) return error
  return new ServerError(`DATABASE_URL: ${messageOf(error) || 'the server does not answer'}.`)
}

/** Postgres 15 or newer, PostGIS 3.3 or newer, the owner's login. */
export async function openPostgres(databaseUrl: string): Promise<Engine> {
  const pool = connect(databaseUrl)
  const owner = ownerOf(pool)
  let apiPassword: string
  let fresh: boolean
  try {
    if (await isSupabase(owner)) {
      throw new ServerError(
        'DATABASE_URL: the schema auth belongs to somebody else there, as on a Supabase. That serves ' +
          'itself: start with SUPABASE_URL and SUPABASE_PUBLISHABLE_KEY; DATABASE_URL is for ' +
          'npm run import and npm run user.',
      )
    }
    await requireVersions(owner)
    const known = await owner.query(`select to_regclass('public.city_settings') is null as fresh`)
    fresh = known[0]?.fresh === true
    await provisionRoles(owner)
    apiPassword = await provisionLogin(owner)
  } catch (error) {
    await pool.end({ timeout: 1 })
    throw connectError(error)
  }
  const apiUrl = new URL(databaseUrl)
  apiUrl.username = apiRole
  apiUrl.password = apiPassword
  const connection = new RequestConnection(
    {
      url: apiUrl.href,
      postgresOptions: { max: 10, onnotice: () => undefined, types: jsonTextTypes },
    },
    ({ driver }) =>
      () =>
        sessionOf(driver),
  )
  return {
    tier: 'postgres',
    fresh,
    owner,
    begin: () => beginOn(pool),
    connection,
    schemaIsCurrent: () => undefined,
    async asOwnerConnection(work) {
      const ownerConnection = new PostgresConnection({
        url: databaseUrl,
        postgresOptions: { max: 1, onnotice: () => undefined },
      })
      try {
        return await work(ownerConnection)
      } finally {
        await ownerConnection.close()
      }
    },
    useApiLogin: async () => undefined,
    exclusively: (work) => work(),
    canary: () => canary(owner),
    dump: async () => null,
    async close() {
      await connection.close()
      await pool.end({ timeout: 5 })
    },
  }
}

/** Prepared statements save a round trip: unprepared, the driver asks for the parameters' types first. */
async function sessionOf(pool: postgres.Sql): Promise<RequestSession> {
  const session = await pool.reserve()
  return {
    async run(sql, params) {
      const rows = await session.unsafe(sql, params as postgres.ParameterOrJSON<never>[], {
        prepare: params.length > 0,
      })
      const isChange = ['INSERT', 'UPDATE', 'DELETE', 'MERGE'].includes(rows.command)
      return { rows: [...rows], ...(isChange ? { numAffectedRows: BigInt(rows.count) } : {}) }
    },
    release: () => session.release(),
  }
}

/** lite passes json as text; its own driver would encode it again. */
const jsonTextTypes = Object.fromEntries(
  [
    ['json', 114],
    ['jsonb', 3802],
  ].map(([name, type]) => [
    name,
    {
      to: type,
      from: [type],
      serialize: (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value)),
      parse: (text: string): unknown => JSON.parse(text),
    },
  ]),
) as Record<string, postgres.PostgresType>

async function requireVersions(owner: Database): Promise<void> {
  const [server] = await owner.query<{ version: number; name: string }>(
    `select current_setting('server_version_num')::int as version,
            current_setting('server_version') as name`,
  )
  if (!server || server.version < minVersion) {
    throw new ServerError(
      `DATABASE_URL: Postgres ${server?.name ?? '?'} is too old; version 15 or newer is needed.`,
    )
  }
  const [extension] = await owner.query<{ version: string }>(
    `select default_version as version from pg_available_extensions where name = 'postgis'`,
  )
  if (!extension) {
    throw new ServerError(
      'DATABASE_URL: this Postgres has no PostGIS. Install it (Debian: apt-get install ' +
        `postgresql-${Math.floor(server.version / 10000)}-postgis-3) and start again.`,
    )
  }
  const [major = 0, minor = 0] = extension.version.split('.').map(Number)
  if (major < 3 || (major === 3 && minor < 3)) {
    throw new ServerError(
      `DATABASE_URL: PostGIS ${extension.version} is too old; version 3.3 or newer is needed.`,
    )
  }
}

function ownerOf(pool: postgres.Sql): Database {
  return {
    query: <T>(sql: string, params: readonly SqlValue[] = []) =>
      run(pool, sql, params) as Promise<T[]>,
    async exec(sql) {
      try {
        await pool.unsafe(sql).simple()
      } catch (error) {
        throw databaseError(error)
      }
    },
    transaction: (fn) => runTransaction(() => beginOn(pool), fn),
    close: () => pool.end({ timeout: 5 }),
  }
}

async function beginOn(pool: postgres.Sql): Promise<OwnerTransaction> {
  const session = await pool.reserve()
  await session.unsafe('begin')
  return {
    query: (sql, params) => run(session, sql, params),
    async exec(sql) {
      try {
        await session.unsafe(sql).simple()
      } catch (error) {
        throw databaseError(error)
      }
    },
    async end(commit) {
      try {
        await run(session, commit ? 'commit' : 'rollback', [])
      } finally {
        session.release()
      }
    },
  }
}

async function run(
  session: postgres.Sql,
  sql: string,
  params: readonly SqlValue[],
): Promise<Record<string, unknown>[]> {
  try {
    return [...(await session.unsafe(sql, params as postgres.ParameterOrJSON<never>[]))]
  } catch (error) {
    throw databaseError(error)
  }
}
