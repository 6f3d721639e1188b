import { existsSync } from 'node:fs'
import { connectAdminSocket } from '../owner/admin-client.ts'
import { adminSocketPath } from '../owner/admin-socket.ts'
import { Backend } from './backend.ts'
import type { Database } from '../base/database-types.ts'
import { ServerError } from '../base/errors.ts'
import { describeHolder, lockHolder, takeLock } from '../owner/lock.ts'
import { loadSecrets } from '../base/secrets.ts'
import { databaseName, settingsFrom } from '../base/settings.ts'

export type { Database } from '../base/database-types.ts'

/**
 * Uses a plain connection to a Supabase, the running server's socket, or the folder or
 * `DATABASE_URL` itself, held until `close()`. `command` tells others who holds it.
 */
export async function openDatabase(
  env: Record<string, string | undefined> = process.env,
  command = process.env.npm_lifecycle_event
    ? `npm run ${process.env.npm_lifecycle_event}`
    : 'a command',
): Promise<Database> {
  const { dataDir, databaseUrl } = settingsFrom(env)
  const database = databaseName(databaseUrl)
  if (databaseUrl) {
    const { openSupabase } = await import('./postgres-engine.ts')
    const supabase = await openSupabase(databaseUrl)
    if (supabase) return supabase
  }
  const holder = lockHolder(dataDir)
  if (holder) {
    const held = `The data folder ${dataDir} is in use by ${describeHolder(holder)}`
    // The running server must use the database of DATABASE_URL.
    if (database && holder.database !== database) {
      const its = holder.database ?? 'the database in the folder'
      throw new ServerError(
        `${held}, on ${its}, but DATABASE_URL names ${database}. Unset DATABASE_URL, stop that ` +
          'process, or choose another DATA_DIR.',
      )
    }
    const socket = adminSocketPath(dataDir)
    if (existsSync(socket)) return connectAdminSocket(socket)
    throw new ServerError(`${held}.`)
  }
  const lock = takeLock(dataDir, command, database)
  try {
    const backend = await Backend.open({
      dataDir,
      databaseUrl,
      secrets: loadSecrets(dataDir),
      siteUrl: 'http://127.0.0.1',
    })
    return {
      ...backend.database(),
      async close() {
        await backend.close()
        lock.release()
      },
    }
  } catch (error) {
    lock.release()
    throw error
  }
}
