import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import type { PGlite } from '@electric-sql/pglite'
import { DatabaseError } from '../base/database-types.ts'
import type { Database, SqlValue } from '../base/database-types.ts'
import { ServerError, messageOf } from '../base/errors.ts'
import { listSnapshots } from '../journal/snapshot-files.ts'
import { wayBack } from '../journal/snapshot-check.ts'
import { canary } from './canary.ts'
import { engineInUse, majorOfEngine, majorOfFolder } from './engine-version.ts'
import type { EnginePackages } from './engine-version.ts'
import type { Engine, OwnerTransaction } from './engine.ts'
import type { BackendStep } from './messages.ts'
import { installedPostgis } from './postgis-bundle.ts'
import type { RequestConnection } from './request-connection.ts'
import { apiRole } from './provision.ts'
import { sharedBuffersFor } from './shared-buffers.ts'
import { valueParsers } from './values.ts'

/** Work of an upgrade. */
export const upgradingFolder = 'upgrading'

/**
 * Makes the database from `archive` (a zstd-compressed tar) or from nothing, and anew after an
 * interruption. Beside snapshots only a restore makes one.
 */
export async function openPglite(
  dataDir: string,
  archive: string | null,
  isRestore: boolean,
  progress: (step: BackendStep) => void,
  packages: EnginePackages = engineInUse,
): Promise<Engine> {
  refuseHalfUpgraded(dataDir)
  const folder = join(dataDir, 'pg')
  const unfinished = join(dataDir, 'pg.unfinished')
  if (existsSync(unfinished)) rmSync(folder, { recursive: true, force: true })
  const fresh = !existsSync(join(folder, 'PG_VERSION'))
  if (fresh && !isRestore) await refuseToForget(dataDir)
  if (fresh) {
    mkdirSync(dataDir, { recursive: true })
    writeFileSync(unfinished, '')
  }
  const installed = join(dataDir, 'pg.installed')
  if (fresh) rmSync(installed, { force: true })
  // Otherwise the extension is there once the schema is current.
  const hasPostgis = fresh ? archive !== null : existsSync(installed)
  progress(!fresh ? 'opening' : archive ? 'unpacking' : 'creating')
  const engine = (await import(packages.pglite)) as typeof import('@electric-sql/pglite')
  const { postgis } = (await import(
    packages.postgis
  )) as typeof import('@electric-sql/pglite-postgis')
  const isInUse = packages.pglite === engineInUse.pglite
  const pg = new engine.PGlite({
    dataDir: folder,
    extensions: { postgis: hasPostgis && isInUse ? installedPostgis() : postgis },
    parsers: valueParsers,
    startParams: [
      ...engine.PGlite.defaultStartParams,
      ...['-c', `shared_buffers=${sharedBuffersFor(folder)}`],
    ],
    ...(fresh && archive ? { loadDataDir: blobFromArchive(archive) } : {}),
  })
  // Loaded while the database's code compiles.
  const { connectionTo } = await import('./pglite-connection.ts')
  try {
    await pg.waitReady
  } catch (error) {
    if (fresh) throw error
    refuseOtherMajor(dataDir, packages)
    throw new ServerError(
      `The database in ${folder} cannot be opened (${messageOf(error)}). ${await wayBack(dataDir)}`,
      { cause: error },
    )
  }
  // The next start completes a later failure.
  rmSync(unfinished, { force: true })
  return pgliteEngine(pg, connectionTo(pg), fresh, () => writeFileSync(installed, ''))
}

function refuseHalfUpgraded(dataDir: string): void {
  if (!existsSync(join(dataDir, upgradingFolder))) return
  throw new ServerError(
    `An upgrade of ${dataDir} was broken off. Run npm run upgrade again: it begins anew with the old database.`,
  )
}

function refuseOtherMajor(dataDir: string, { pglite }: EnginePackages): void {
  const [made, inUse] = [majorOfFolder(dataDir), majorOfEngine(pglite)]
  if (made === null || made === inUse) return
  throw new ServerError(
    `The database in ${dataDir} was made by Postgres ${made}, and this version brings Postgres ${inUse}. ` +
      'Run npm run upgrade once; it keeps the old database beside the new one.',
  )
}

/** A folder that lost its database must not look new. */
async function refuseToForget(dataDir: string): Promise<void> {
  if (listSnapshots(dataDir).length === 0) return
  throw new ServerError(
    `${dataDir} holds snapshots of a city, and no database. ${await wayBack(dataDir)}`,
  )
}

function blobFromArchive(path: string): Blob {
  return new Blob([new Uint8Array(zstdDecompressSync(readFileSync(path)))])
}

function pgliteEngine(
  pg: PGlite,
  connection: RequestConnection,
  fresh: boolean,
  schemaIsCurrent: () => void,
): Engine {
  let apiLogin = false
  let tail: Promise<unknown> = Promise.resolve()

  function exclusively<T>(work: () => Promise<T>): Promise<T> {
    const result = tail.then(work)
    tail = result.catch(() => undefined)
    return result
  }

  async function asOwner<T>(work: () => Promise<T>): Promise<T> {
    if (!apiLogin) return work()
    // RESET has no initial value here.
    await pg.exec('set session authorization postgres')
    try {
      return await work()
    } finally {
      await pg.exec(`set session authorization ${apiRole}`)
    }
  }

  async function query(sql: string, params: readonly SqlValue[]) {
    try {
      const result = await pg.query<Record<string, unknown>>(sql, [...params])
      return result.rows
    } catch (error) {
      throw databaseError(error)
    }
  }

  async function exec(sql: string) {
    try {
      await pg.exec(sql)
    } catch (error) {
      // A script may have failed between its own begin and commit.
      await pg.exec('rollback')
      throw databaseError(error)
    }
  }

  function begin(): Promise<OwnerTransaction> {
    return new Promise((resolve, reject) => {
      exclusively(() =>
        asOwner(async () => {
          await pg.exec('begin')
          await new Promise<void>((done) => {
            resolve({
              query,
              async exec(sql) {
                try {
                  await pg.exec(sql)
                } catch (error) {
                  throw databaseError(error)
                }
              },
              async end(commit) {
                try {
                  await query(commit ? 'commit' : 'rollback', [])
                } finally {
                  done()
                }
              },
            })
          })
        }),
      ).catch(reject)
    })
  }

  /** Inside one turn: a snapshot's own canary between write and read would look like a loss. */
  const canaryNow = () => canary({ query: query as Database['query'] })

  const owner: Database = {
    query: <T>(sql: string, params: readonly SqlValue[] = []) =>
      exclusively(() => asOwner(() => query(sql, params))) as Promise<T[]>,
    exec: (sql) => exclusively(() => asOwner(() => exec(sql))),
    transaction: (fn) => runTransaction(begin, fn),
    close: async () => undefined,
  }

  return {
    tier: 'embedded',
    fresh,
    owner,
    begin,
    connection,
    schemaIsCurrent,
    exclusively,
    asOwnerConnection: (work) => exclusively(() => asOwner(() => work(connection))),
    async useApiLogin() {
      await exclusively(() => pg.exec(`set session authorization ${apiRole}`))
      apiLogin = true
    },
    canary: () => exclusively(() => asOwner(canaryNow)),
    dump: () =>
      exclusively(() =>
        asOwner(async () => {
          // A copy of a database that drops writes would end their replay.
          const value = await canaryNow()
          await pg.exec('checkpoint')
          const tar = await pg.dumpDataDir('none')
          const copy = new Uint8Array(await tar.arrayBuffer())
          if (!Buffer.from(copy.buffer).includes(value)) {
            throw new Error('The copy of the database lacks what it acknowledged.')
          }
          return copy
        }),
      ),
    close: () => exclusively(() => pg.close()),
  }
}

export async function runTransaction<T>(
  begin: () => Promise<OwnerTransaction>,
  fn: (tx: Database) => Promise<T>,
): Promise<T> {
  const transaction = await begin()
  const tx: Database = {
    query: <R>(sql: string, params: readonly SqlValue[] = []) =>
      transaction.query(sql, params) as Promise<R[]>,
    exec: (sql) => transaction.exec(sql),
    transaction: () => Promise.reject(new Error('Transactions do not nest.')),
    close: async () => undefined,
  }
  let result: T
  try {
    result = await fn(tx)
  } catch (error) {
    await transaction.end(false)
    throw error
  }
  await transaction.end(true)
  return result
}

/** From either driver's error. */
export function databaseError(error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error
  const { code, detail } = error as { code: unknown; detail?: unknown }
  return new DatabaseError(
    error.message,
    String(code),
    typeof detail === 'string' ? detail : undefined,
  )
}
