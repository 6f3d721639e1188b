import { PostgresConnection } from '@supabase/lite/postgres'
import { Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler } from 'kysely'
import type { DatabaseConnection, Driver, QueryResult } from 'kysely'

/** One session of a database: what is sent first is done first, also when nobody waited. */
export interface RequestSession {
  run(sql: string, params: readonly unknown[]): Promise<QueryResult<unknown>>
  release(): void
}

/** Opens a session that nobody else uses until it is released. */
export type OpenRequestSession = () => Promise<RequestSession>

type Vars = Parameters<PostgresConnection['withContext']>[0]
type Work<T> = (db: Kysely<unknown>) => Promise<T>
type ContextOptions = Parameters<PostgresConnection['withContext']>[2]

const requestRoles = ['anon', 'authenticated']

/** Sets at once the same settings that lite sets by eleven statements. */
const contextSql = `
  select set_config('role', $1, true), set_config('request.jwt.claim.role', $1, true),
    set_config('request.jwt.claim.sub', $2, true), set_config('request.jwt.claims', $3, true),
    set_config('request.method', $4, true), set_config('request.path', $5, true),
    set_config('request.headers', $6, true), set_config('storage.operation', '', true),
    set_config('response.status', '', true), set_config('response.headers', '', true)`

/**
 * lite's connection over sessions of ours. A call of a function sends `begin` and its context along
 * with itself: round trips cost more than the function.
 */
export class RequestConnection extends PostgresConnection {
  #open: OpenRequestSession
  #mayShorten = false

  constructor(
    config: ConstructorParameters<typeof PostgresConnection>[0],
    openSession: (connection: PostgresConnection) => OpenRequestSession,
  ) {
    super(config)
    this.#open = openSession(this)
    this.kysely = kyselyOver(driverOver(this.#open))
  }

  /** Call after lite's first request, which must go lite's way. */
  shortenCalls(): void {
    this.#mayShorten = true
  }

  /**
   * One statement as a person, in a transaction of its own, without lite: in one round trip.
   *
   * @throws the database's error; nothing is stored then
   */
  async runAs(
    user: string,
    path: string,
    sql: string,
    params: readonly unknown[],
  ): Promise<QueryResult<unknown>> {
    const session = await this.#open()
    try {
      const sent = [
        session.run('begin', []),
        session.run(contextSql, contextAs(user, path)),
        session.run(sql, params),
        // After an error it rolls back.
        session.run('commit', []),
      ]
      await Promise.allSettled(sent)
      const [, , result] = await Promise.all(sent)
      return result!
    } catch (error) {
      await session.run('rollback', []).catch(() => undefined)
      throw error
    } finally {
      session.release()
    }
  }

  override async withContext<T>(vars: Vars, work: Work<T>, options?: ContextOptions): Promise<T> {
    const rpc = options?.rpc
    const context = rpc && !rpc.readOnly ? contextOf(vars, rpc) : null
    const isPlain = !options?.transaction && !options?.forceRollback
    if (!this.#mayShorten || !context || !isPlain) return super.withContext(vars, work, options)
    const session = await this.#open()
    try {
      return await inContext(session, context, work)
    } finally {
      session.release()
    }
  }
}

/** For `runAs`; see `contextSql`. */
const contextAs = (user: string, path: string): string[] => [
  'authenticated',
  user,
  JSON.stringify({ sub: user, role: 'authenticated' }),
  'POST',
  path,
  '{}',
]

/** Null for another role: lite decides. */
function contextOf(
  vars: Vars,
  rpc: NonNullable<NonNullable<ContextOptions>['rpc']>,
): string[] | null {
  const auth = (vars?.auth ?? {}) as { role?: unknown; uid?: unknown; jwt?: unknown }
  const role = auth.role || 'anon'
  if (typeof role !== 'string' || !requestRoles.includes(role)) return null
  const claims = auth.jwt && typeof auth.jwt === 'object' ? JSON.stringify(auth.jwt) : ''
  const headers = JSON.stringify(rpc.requestHeaders ?? {})
  return [role, String(auth.uid ?? ''), claims, rpc.method, rpc.path, headers]
}

/** lite's last statement of a call. Nothing depends on these words but a round trip. */
const lastStatement = /^\s*select current_setting\('response\.status', true\)/i

/** When the context fails, the transaction refuses the work behind it. */
async function inContext<T>(session: RequestSession, context: string[], work: Work<T>): Promise<T> {
  const given = Promise.all([session.run('begin', []), session.run(contextSql, context)])
  given.catch(() => undefined)
  let committed: Promise<unknown> | null = null
  const commit = () => {
    committed ??= session.run('commit', [])
    committed.catch(() => undefined)
    return committed
  }
  const inside: RequestSession = {
    run(sql, params) {
      const result = session.run(sql, params)
      if (lastStatement.test(sql)) void commit()
      return result
    },
    release: () => undefined,
  }
  try {
    const result = await work(kyselyOver(driverOver(async () => inside)))
    await given
    await commit()
    return result
  } catch (error) {
    await session.run('rollback', []).catch(() => undefined)
    await given
    throw error
  }
}

function kyselyOver(driver: Driver): Kysely<unknown> {
  return new Kysely({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => driver,
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  })
}

interface Connection extends DatabaseConnection {
  session: RequestSession
}

function driverOver(open: OpenRequestSession): Driver {
  const run = (connection: DatabaseConnection, sql: string) =>
    (connection as Connection).session.run(sql, [])
  return {
    init: async () => undefined,
    acquireConnection: async (): Promise<Connection> => {
      const session = await open()
      return {
        session,
        executeQuery: ({ sql, parameters }) => session.run(sql, parameters) as Promise<never>,
        async *streamQuery() {
          throw new Error('Requests do not stream.')
        },
      }
    },
    beginTransaction: async (connection) => void (await run(connection, 'begin')),
    commitTransaction: async (connection) => void (await run(connection, 'commit')),
    rollbackTransaction: async (connection) => void (await run(connection, 'rollback')),
    releaseConnection: async (connection) => (connection as Connection).session.release(),
    destroy: async () => undefined,
  }
}
