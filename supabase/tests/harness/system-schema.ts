import { App } from '@supabase/lite'
import type { Connection } from '@supabase/lite'
import { provisionGrants, provisionRoles } from '../../server/backend/provision.ts'
import type { Database } from '../../server/base/database-types.ts'
import { migrate, readMigrations } from '../../server/owner/migrate.ts'
import type { Migration } from '../../server/schema/migration.ts'

/** Makes all that the server makes at its first start: roles, lite's system schema, our migrations. */
export async function provision(
  db: Database,
  connection: Connection,
  migrations: Migration[] = readMigrations(),
): Promise<void> {
  await provisionSystem(db, connection)
  await provisionOurs(db, migrations)
}

/** The part without migrations. */
export async function provisionSystem(db: Database, connection: Connection): Promise<void> {
  await provisionRoles(db)
  const app = new App({
    connection,
    auth: { enabled: true, jwt_secret: 'only-for-tests-only-for-tests-only-for-tests' },
  })
  await app.ensureSystemSchema()
}

/** The rest. */
export async function provisionOurs(
  db: Database,
  migrations: Migration[] = readMigrations(),
): Promise<void> {
  await migrate(db, migrations)
  await provisionGrants(db)
}
