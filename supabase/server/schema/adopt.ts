import { readFileSync } from 'node:fs'
import type { Database } from '../base/database-types.ts'
import { ServerError } from '../base/errors.ts'
import type { Migration } from './migration.ts'
import { compareSchemas, differenceLines, hashed } from './compare.ts'
import { describeSchema } from './describe.ts'

interface KnownSchema {
  versions: string[]
  objects: Record<string, string>
}

/** The squashed migrations make the schema of 0.1.0. */
export const squashedUpTo = '20260401001100'

const maxLines = 5

/**
 * Gives a database of 0.1.0 the history of the squashed migrations without running them. Throws
 * ServerError when its schema differs or it is older.
 */
export async function adoptOldHistory(
  db: Database,
  known: ReadonlySet<string>,
  migrations: readonly Migration[],
): Promise<boolean> {
  const old = readKnownSchema()
  const found = old.versions.filter((version) => known.has(version))
  if (found.length === 0) return false
  if (found.length < old.versions.length) {
    throw new ServerError(
      `This database has ${found.length} of the ${old.versions.length} migrations of Wangge 0.1.0. ` +
        'Start it once with 0.1.0, which applies the others, and then with this version.',
    )
  }
  await db.transaction(async (tx) => {
    const actual = hashed(await describeSchema(tx))
    const expected = new Map(Object.entries(old.objects))
    const lines = differenceLines(compareSchemas(expected, actual))
    if (lines.length > 0) throw new ServerError(refusal(lines))
    await tx.query(
      'delete from supabase_migrations.schema_migrations where version = any ($1::text[])',
      [old.versions],
    )
    for (const { version, name } of migrations.filter((m) => m.version <= squashedUpTo)) {
      await tx.query(
        'insert into supabase_migrations.schema_migrations (version, name) values ($1, $2)',
        [version, name],
      )
    }
  })
  return true
}

function refusal(lines: string[]): string {
  const more = lines.length - maxLines
  return [
    'This database was made by Wangge 0.1.0, but its schema was changed since. Nothing was done to it.',
    ...lines.slice(0, maxLines).map((line) => `  ${line}`),
    ...(more > 0 ? [`  and ${more} more`] : []),
    'Put these objects back as 0.1.0 made them, then start again.',
  ].join('\n')
}

function readKnownSchema(): KnownSchema {
  const file = new URL('schema-0.1.0.json', import.meta.url)
  return JSON.parse(readFileSync(file, 'utf8')) as KnownSchema
}
