import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ServerError } from '../base/errors.ts'
import { migrationsFolder, readMigrations } from '../owner/migrate.ts'
import { runCommand } from './run-command.ts'
import { planMigration, readSchemas } from '../schema/plan.ts'
import { apiReference, referenceFile } from '../schema/reference.ts'
import { openScratchDatabase } from '../backend/scratch.ts'

/**
 * `npm run schema -- NAME` writes the migration that brings a database to supabase/schemas;
 * `npm run schema -- --reference` writes supabase/API.md from their comments.
 */
await runCommand(async ([name, ...rest]) => {
  if (name === '--reference' && rest.length === 0) {
    writeFileSync(referenceFile, apiReference(readSchemas().join('\n')))
    console.log(`Written: ${referenceFile}`)
    return
  }
  if (!name || !/^[a-z0-9_]+$/.test(name) || rest.length > 0)
    throw new ServerError(
      'Usage: npm run schema -- NAME (small letters, digits and _) or npm run schema -- --reference',
    )
  const migrations = readMigrations()
  const db = await openScratchDatabase()
  try {
    const { sql, toWrite } = await planMigration(
      db,
      migrations.map((migration) => migration.sql),
      readSchemas(),
    )
    if (sql === '') {
      console.log('The migrations give what supabase/schemas says. Nothing to write.')
      return
    }
    const file = join(migrationsFolder, `${versionNow()}_${name}.sql`)
    writeFileSync(file, sql)
    console.log(`Written: ${file}`)
    if (toWrite.length > 0) {
      console.log('Write the statements for these yourself, at the marked place in that file:')
      for (const line of toWrite) console.log(`  ${line}`)
      process.exitCode = 1
    }
  } finally {
    await db.close()
  }
})

/** UTC as 14 digits, the way the Supabase CLI names its files. */
function versionNow(): string {
  return new Date().toISOString().replace(/\D/g, '').slice(0, 14)
}
