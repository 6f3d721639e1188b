import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** One break of the code that some test must see. */
export interface Mutant {
  name: string
  /** Path from the root; `migrations` is the last migration that holds `find`. */
  file: string
  /** Code that stands exactly once in the file. */
  find: string
  replace: string
  /** The fewest test files that see it, each a path or `path -t name`. */
  tests: string[]
  /** Seen on PostgreSQL only. */
  onPostgres?: boolean
  /** The break makes a test wait for ever: its timeout counts as seen. */
  timesOut?: boolean
  /** Why no test can see it: the broken code behaves the same. */
  equivalent?: string
}

export type Break = Omit<Mutant, 'file' | 'tests'> & { tests?: string[] }

/** Breaks of one file, seen by `tests` where a break names no others. */
export function breaksOf(file: string, tests: string[], breaks: Break[]): Mutant[] {
  return breaks.map((one) => ({ file, tests, ...one }))
}

const migrations = 'supabase/migrations'

/**
 * The file of a mutant and its text, both whole and broken.
 * @throws Error when `find` does not stand exactly once in it, or a later migration replaces that place
 */
export function breakIn(root: string, { name, file, find, replace }: Mutant) {
  const read = (path: string): string => readFileSync(join(root, path), 'utf8')
  const paths =
    file === 'migrations'
      ? readdirSync(join(root, migrations))
          .toSorted()
          .map((entry) => join(migrations, entry))
      : [file]
  const path = paths.findLast((one) => read(one).includes(find)) ?? file
  const whole = paths.includes(path) ? read(path) : ''
  const count = whole.split(find).length - 1
  if (count !== 1) throw new Error(`${name}: ${count} places in ${path} hold ${find}`)
  const inside = functionAround(whole, whole.indexOf(find))
  const later = paths.slice(paths.indexOf(path) + 1)
  const head = `create or replace function ${inside}(`
  if (inside && later.some((one) => read(one).toLowerCase().includes(head)))
    throw new Error(`${name}: a later migration than ${path} replaces ${inside}`)
  return { path, whole, broken: whole.replace(find, () => replace) }
}

/** The SQL function in whose body a place lies, or null. */
function functionAround(sql: string, at: number): string | null {
  const [head] = [...sql.slice(0, at).matchAll(/create or replace function ([\w.]+)\(/gi)].slice(-1)
  if (!head) return null
  const quotes = sql.slice(head.index, at).match(/\$(function)?\$/gi) ?? []
  return quotes.length % 2 === 1 ? head[1]!.toLowerCase() : null
}
