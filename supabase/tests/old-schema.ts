import { readFileSync } from 'node:fs'
import type { Migration } from '../server/schema/migration.ts'

/** The migrations of 0.1.0, to build a database of that version with. */
export function oldMigrations(): Migration[] {
  const file = new URL('../../tests/fixtures/schema-0.1.0.sql', import.meta.url)
  return readFileSync(file, 'utf8')
    .split(/^-- migration /m)
    .slice(1)
    .map((section) => {
      const [, version = '', name = '', sql = ''] = /^(\d{14})_(\S+)\n([^]*)$/.exec(section) ?? []
      return { version, name, sql }
    })
}
