import { createHash } from 'node:crypto'
import type { Description } from './describe.ts'

export interface SchemaDifference {
  missing: string[]
  unexpected: string[]
  changed: string[]
}

export function compareSchemas(expected: Description, actual: Description): SchemaDifference {
  return {
    missing: [...expected.keys()].filter((name) => !actual.has(name)),
    unexpected: [...actual.keys()].filter((name) => !expected.has(name)),
    changed: [...expected.keys()].filter(
      (name) => actual.has(name) && actual.get(name) !== expected.get(name),
    ),
  }
}

export function differenceLines({ missing, unexpected, changed }: SchemaDifference): string[] {
  return [
    ...missing.map((name) => `missing: ${name}`),
    ...changed.map((name) => `different: ${name}`),
    ...unexpected.map((name) => `not expected: ${name}`),
  ]
}

export function hashed(description: Description): Description {
  return new Map(
    [...description].map(([name, text]) => [
      name,
      createHash('sha256').update(text).digest('hex').slice(0, 16),
    ]),
  )
}
