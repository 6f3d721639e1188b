import type { Description } from './describe.ts'

export interface NextMigration {
  sql: string
  /** A person must write their statements. */
  toWrite: string[]
}

interface Difference {
  name: string
  before: string | undefined
  after: string | undefined
}

/**
 * Anything that cannot be derived becomes a failing statement. `schemas`, the text of the schema
 * files, orders functions: a called one comes first.
 */
export function nextMigration(
  migrated: Description,
  wanted: Description,
  schemas: string,
): NextMigration {
  const differences = [...new Set([...migrated.keys(), ...wanted.keys()])]
    .map((name) => ({ name, before: migrated.get(name), after: wanted.get(name) }))
    .filter(({ before, after }) => before !== after)
  const of = (kind: string) => differences.filter(({ name }) => name.startsWith(`${kind} `))
  const parts = newRelations(differences)
  const isPartOfNew = ({ name }: Difference) => parts.some((part) => name.startsWith(part))

  const functions = of('function').sort((a, b) => place(a, schemas) - place(b, schemas))
  const [policies, triggers, indexes] = [of('policy'), of('trigger'), of('index')]
  const constraints = of('constraint').filter((difference) => !isPartOfNew(difference))
  const derived = new Set([...functions, ...policies, ...triggers, ...indexes, ...constraints])
  const rights = differences.filter(({ name }) => name.startsWith('grants on '))
  const rest = differences.filter((d) => !derived.has(d) && !rights.includes(d) && !isPartOfNew(d))
  const rowSecurity = rest.filter(onlyEnablesRowSecurity)
  const toWrite = rest.filter((d) => !rowSecurity.includes(d)).map(describeDifference)

  const replaced = functions.filter(needsDrop)
  const statements = [
    ...gone(policies).map(({ name }) => `drop policy ${ownName(name)} on ${ownerName(name)};`),
    ...gone(triggers).map(({ name }) => `drop trigger ${ownName(name)} on ${ownerName(name)};`),
    ...gone(indexes).map(({ name }) => `drop index ${name.slice('index '.length)};`),
    ...gone(constraints).map(
      ({ name }) => `alter table ${ownerName(name)} drop constraint ${ownName(name)};`,
    ),
    ...replaced.map(({ name }) => `drop ${name};`),
    ...(toWrite.length > 0 ? [placeholder(toWrite)] : []),
    ...come(functions).map(({ after }) => `${after!.trimEnd()};`),
    ...come(constraints).map(
      ({ name, after }) =>
        `alter table ${ownerName(name)} add constraint ${ownName(name)} ${after};`,
    ),
    ...come(indexes).map(({ after }) => `${after};`),
    ...come(triggers).map(({ after }) => `${after};`),
    ...rowSecurity.map(({ name }) => `alter ${name} enable row level security;`),
    ...come(policies).map(({ after }) => `${after};`),
    ...grantsAgain(rights, replaced, wanted).flatMap(({ name, after }) => grantLines(name, after)),
  ]
  return { sql: statements.length > 0 ? `${statements.join('\n\n')}\n` : '', toWrite }
}

const gone = (list: Difference[]) => list.filter(({ before }) => before !== undefined)
const come = (list: Difference[]) => list.filter(({ after }) => after !== undefined)

/** `public.areas.areas_path_idx` → `areas_path_idx`; a quoted name may hold dots. */
function ownName(name: string): string {
  return /\.("(?:[^"]|"")*"|[^.]*)$/.exec(name)![1]!
}

/** `policy public.areas."Some name"` → `public.areas`. */
function ownerName(name: string): string {
  return name.slice(name.indexOf(' ') + 1, name.length - ownName(name).length - 1)
}

/** Names of parts that come with new tables and types. */
function newRelations(differences: Difference[]): string[] {
  return differences
    .filter(({ name, before }) => /^(table|type) /.test(name) && before === undefined)
    .flatMap(({ name }) => {
      const relation = name.slice(name.indexOf(' ') + 1)
      return [`column ${relation}.`, `constraint ${relation}.`, `row of ${relation} `]
    })
}

function place({ name }: Difference, schemas: string): number {
  const called = name.slice('function '.length, name.indexOf('('))
  return schemas.indexOf(`function ${called}(`)
}

/** `create or replace` changes neither the result nor names or defaults of parameters. */
function needsDrop({ before, after }: Difference): boolean {
  const signature = (text: string) => text.slice(0, text.indexOf('\n LANGUAGE'))
  return before !== undefined && (after === undefined || signature(before) !== signature(after))
}

function onlyEnablesRowSecurity({ name, before, after }: Difference): boolean {
  return name.startsWith('table ') && before !== undefined && after === `${before} rls`
}

function describeDifference({ name, before, after }: Difference): string {
  if (before === undefined) return `new ${name} (copy it from the schema file): ${after}`
  return after === undefined ? `gone ${name}` : `changed ${name}: ${before} → ${after}`
}

/** Fails when applied. */
function placeholder(toWrite: string[]): string {
  return [
    '-- Write the statements for these changes here, then delete this block:',
    ...toWrite.map((line) => `--   ${line.replaceAll('\n', ' ')}`),
    `do $$ begin raise exception 'this migration is not finished'; end $$;`,
  ].join('\n')
}

/** A dropped function loses its grants. */
function grantsAgain(rights: Difference[], replaced: Difference[], wanted: Description) {
  const lost = replaced
    .map(({ name }) => `grants on ${name}`)
    .filter((name) => wanted.has(name) && !rights.some((right) => right.name === name))
    .map((name) => ({ name, before: undefined, after: wanted.get(name) }))
  const dropped = new Set(
    replaced.filter(({ after }) => after === undefined).map(({ name }) => `grants on ${name}`),
  )
  return [...rights, ...lost].filter(({ name }) => !dropped.has(name))
}

/** Input: `authenticated: EXECUTE; anon: SELECT, UPDATE`. */
function grantLines(name: string, after: string | undefined): string[] {
  const column = /^grants on column (.*)\.([^.]+)$/.exec(name)
  const object = column ? column[1]! : name.slice('grants on '.length)
  const on = (privilege: string) => (column ? `${privilege} (${column[2]})` : privilege)
  return [
    `revoke ${on('all')} on ${object} from public, anon, authenticated, service_role;`,
    ...(after ? after.split('; ') : []).map((grant) => {
      const [role, privileges] = grant.split(': ') as [string, string]
      return `grant ${privileges.split(', ').map(on).join(', ').toLowerCase()} on ${object} to ${role};`
    }),
  ]
}
