import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')
const schemas = join(root, 'supabase/schemas')

function codesOfTheServer(): string[] {
  const sql = readdirSync(schemas)
    .filter((file) => /_(command_types|commands|workflow)\.sql$/.test(file))
    .map((file) => readFileSync(join(schemas, file), 'utf8'))
    .join('\n')
  const found = [
    ...sql.matchAll(/reject_command\('([a-z_]+)'/g),
    ...sql.matchAll(/return private\.rejected_receipt\([^;]*?,\s*'([a-z_]+)'[,)]/g),
    ...sql.matchAll(/'code', '([a-z_]+)'/g),
  ]
  // invalid_workflow is for those who write workflows, by SQL
  return [...new Set(found.map(([, code]) => code!))]
    .filter((code) => code !== 'invalid_workflow')
    .sort()
}

/** Reads the names of guards from the SQL functions that ask them. */
function guardsOfTheServer(): string[] {
  const sql = readFileSync(join(schemas, '12_workflow.sql'), 'utf8')
  const asked = sql.slice(
    sql.indexOf('function private.failing_row_guards'),
    sql.indexOf('function private.failing_guard('),
  )
  const found = asked.matchAll(/then '([a-z_]+)'/g)
  return [...new Set([...found].map(([, guard]) => guard!))].sort()
}

describe('sentences for receipts', () => {
  const codes = codesOfTheServer()

  it('are looked for under the codes the server uses', () => {
    expect(codes).toEqual(
      expect.arrayContaining([
        ...['outside_city', 'incident_closed', 'conflict', 'refused', 'unknown_incident'],
        ...['invalid_command', 'wrong_actor', 'id_taken', 'id_reused'],
      ]),
    )
  })

  for (const locale of ['en', 'zh-CN'])
    it(`name every guard of a step, and no other, in ${locale}`, () => {
      const file = join(root, 'src/locales', locale, 'receipt.json')
      const { guard } = JSON.parse(readFileSync(file, 'utf8')) as { guard: Record<string, string> }
      expect(guardsOfTheServer()).toContain('not_held')
      expect(Object.keys(guard).sort()).toEqual(guardsOfTheServer())
    })

  for (const locale of ['en', 'zh-CN'])
    it(`say what happened and what to do for every code, in ${locale}`, () => {
      const file = join(root, 'src/locales', locale, 'receipt.json')
      const { error } = JSON.parse(readFileSync(file, 'utf8')) as {
        error: Record<string, { what?: string; next?: string }>
      }
      const silent = codes.filter((code) => !error[code]?.what || !error[code].next)
      expect(silent).toEqual([])
    })
})
