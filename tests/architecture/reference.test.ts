import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { readSchemas } from '../../supabase/server/schema/plan.ts'
import { apiReference, referenceFile } from '../../supabase/server/schema/reference.ts'

const schemas = readSchemas().join('\n')

/** The schemas with another text instead of one that must be there. */
const changed = (from: string, to: string): string => {
  expect(schemas).toContain(from)
  return schemas.replace(from, to)
}

describe('the reference of the API', () => {
  it('is what `npm run schema -- --reference` writes', () => {
    expect(readFileSync(referenceFile, 'utf8')).toBe(apiReference(schemas))
  })

  it('describes every function in public', () => {
    const names = [...schemas.matchAll(/function public\.(\w+)\([^)]*\)\s+returns/g)].map(
      ([, name]) => name,
    )
    expect(names.length).toBeGreaterThan(15)
    const headings = apiReference(schemas).matchAll(/^## (\w+)$/gm)
    expect([...headings].map(([, name]) => name)).toEqual(names.sort())
  })

  it('refuses a function that lacks a description, its result, its errors or a grant', () => {
    const comment = /((?:^-- .*\n)+)create or replace function public\.department_list/m.exec(
      schemas,
    )![1]!
    const lines = comment.trimEnd().split('\n')
    for (const line of lines)
      expect(() => apiReference(changed(comment, comment.replace(`${line}\n`, '')))).toThrow(
        'public.department_list: its comment needs',
      )
    expect(() => apiReference(changed(', public.department_list()\n', '\n'))).toThrow(
      'public.department_list is granted to nobody',
    )
    expect(() =>
      apiReference(
        changed('public.department_list() returns jsonb', 'public.department_list() returns text'),
      ),
    ).toThrow('public.department_list returns text, not jsonb')
  })
})
