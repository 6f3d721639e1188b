import { createHash } from 'node:crypto'
import type { Description } from './describe.ts'

/** The names of objects that only one side has, or that differ. */
export interface SchemaDifference {
  missing: string[]
  unexpected: string[]
  changed: string[]
}

/** Compares what is there with what should be. */
export function compareSchemas(expected: Description, actual: Description): SchemaDifference {
  return {
    missing: [...expected.keys()].filter((name) => !actual.has(name)),
    unexpected: [...actual.keys()].filter((name) => !expected.has(name)),
    changed: [...expected.keys()].filter(
      (name) => actual.has(name) && actual.get(name) !== expected.get(name),
    ),
  }
}

/** One line for each difference; none for equal schemas. */
export function differenceLines({ missing, unexpected, changed }: SchemaDifference): string[] {
  return [
    ...missing.map((name) => `missing: ${name}`),
    ...changed.map((name) => `different: ${name}`),
    ...unexpected.map((name) => `not expected: ${name}`),
  ]
}

/** The description with a hash in the place of each text, for keeping in a file. */
export function hashed(description: Description): Description {
  return new Map(
    [...description].map(([name, text]) => [
      name,
      createHash('sha256').update(text).digest('hex').slice(0, 16),
    ]),
  )
}
