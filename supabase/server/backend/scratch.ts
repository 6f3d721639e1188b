import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Database } from '../base/database-types.ts'
import { createLite } from './lite.ts'
import { openPglite } from './pglite-engine.ts'
import { provisionRoles } from './provision.ts'
import { loadSecrets } from '../base/secrets.ts'

/** An empty PGlite with roles and schema `auth`, no migrations; gone when closed. */
export async function openScratchDatabase(): Promise<Database> {
  const folder = mkdtempSync(join(tmpdir(), 'wangge-schema-'))
  const engine = await openPglite(folder, null, false, () => undefined)
  await provisionRoles(engine.owner)
  await engine.asOwnerConnection((connection) =>
    createLite(connection, loadSecrets(folder), 'http://127.0.0.1').ensureSystemSchema(),
  )
  return {
    ...engine.owner,
    async close() {
      await engine.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
