import { parseArgs } from 'node:util'
import { roles } from '../../../src/domain/vocabulary.ts'
import type { Role } from '../../../src/domain/vocabulary.ts'
import { isSupabase } from '../backend/provision.ts'
import { openDatabase } from '../backend/open-database.ts'
import type { Database } from '../base/database-types.ts'
import { messageOf, ServerError } from '../base/errors.ts'
import {
  addPerson,
  endRole,
  grantRole,
  listPeople,
  removePerson,
  saveDepartment,
  setDefaultDepartment,
  setPassword,
} from '../owner/people.ts'
import type { MembershipChoice } from '../owner/people.ts'
import { generatePassword } from '../owner/passwords.ts'

const usage = `npm run user -- list
npm run user -- add EMAIL [--name NAME] --role ROLE --area CODE [--department CODE]
                    [--password PASSWORD] [--locale zh-CN|en]
npm run user -- role EMAIL --role ROLE --area CODE [--department CODE] [--end]
npm run user -- password EMAIL [--password PASSWORD]
npm run user -- remove EMAIL
npm run user -- department CODE --zh NAME --en NAME [--categories CODE,CODE]

  --role   ${roles.join(', ')}
  Without --password one is made and shown once.`

const text = { type: 'string' } as const
const options = {
  name: text,
  role: text,
  area: text,
  department: text,
  password: text,
  locale: text,
  zh: text,
  en: text,
  categories: text,
  end: { type: 'boolean' },
  help: { type: 'boolean' },
} as const
type Values = ReturnType<typeof parseArgs<{ options: typeof options }>>['values']

class UsageError extends Error {}

function needed(value: string | undefined, what: string): string {
  if (value === undefined || value.trim() === '') throw new UsageError(`${what} is needed.`)
  return value
}

function membershipOf(values: Values): MembershipChoice {
  const role = needed(values.role, '--role')
  if (!roles.includes(role as Role)) throw new UsageError(`--role is one of ${roles.join(', ')}.`)
  return {
    role: role as Role,
    areaCode: needed(values.area, '--area'),
    departmentCode: values.department ?? null,
  }
}

/** Prints a generated password, once. */
function sayPassword(values: Values, password: string): void {
  if (values.password === undefined) console.log(`Password (shown only now): ${password}`)
}

/** A Supabase stores accounts differently. */
async function requireOwnAccounts(db: Database): Promise<void> {
  if (!(await isSupabase(db))) return
  throw new ServerError(
    'This is a Supabase: accounts are made, changed and removed with its own tools. Roles are given ' +
      'here: npm run user -- role EMAIL --role ROLE --area CODE',
  )
}

async function list(db: Database): Promise<void> {
  const people = await listPeople(db)
  for (const { email, displayName, memberships } of people) {
    const parts = memberships.map(({ role, areaCode, departmentCode }) =>
      [role, areaCode, departmentCode].filter(Boolean).join(' '),
    )
    console.log([email ?? '(no address)', displayName, parts.join('; ') || 'no role'].join('\t'))
  }
  if (people.length === 0) console.log('Nobody has an account yet.')
}

function actionOf(positionals: string[], values: Values): (db: Database) => Promise<void> {
  const [verb, subject, ...rest] = positionals
  if (rest.length > 0) throw new UsageError(`What is "${rest.join(' ')}"?`)
  if (verb === 'list') return list
  if (verb === 'add') {
    const email = needed(subject, 'EMAIL')
    const membership = membershipOf(values)
    const password = values.password ?? generatePassword()
    return async (db) => {
      await requireOwnAccounts(db)
      const displayName = values.name ?? email.split('@')[0] ?? email
      await addPerson(
        db,
        { email, password, displayName, ...(values.locale ? { locale: values.locale } : {}) },
        membership,
      )
      console.log(`${email} can sign in as ${membership.role} in ${membership.areaCode}.`)
      sayPassword(values, password)
    }
  }
  if (verb === 'role') {
    const email = needed(subject, 'EMAIL')
    const membership = membershipOf(values)
    return async (db) => {
      await (values.end ? endRole : grantRole)(db, email, membership)
      console.log(
        `${email} is ${values.end ? 'no longer' : 'now'} ${membership.role} in ${membership.areaCode}.`,
      )
    }
  }
  if (verb === 'password') {
    const email = needed(subject, 'EMAIL')
    const password = values.password ?? generatePassword()
    return async (db) => {
      await requireOwnAccounts(db)
      await setPassword(db, email, password)
      console.log(`${email} has a new password; every session was ended.`)
      sayPassword(values, password)
    }
  }
  if (verb === 'remove') {
    const email = needed(subject, 'EMAIL')
    return async (db) => {
      await requireOwnAccounts(db)
      await removePerson(db, email)
      console.log(`${email} can no longer sign in. What the person did stays in the log.`)
    }
  }
  if (verb === 'department') {
    const code = needed(subject, 'CODE')
    const department = {
      code,
      nameZh: needed(values.zh, '--zh'),
      nameEn: needed(values.en, '--en'),
    }
    return async (db) => {
      await saveDepartment(db, department)
      await setDefaultDepartment(
        db,
        code,
        values.categories?.split(',').map((part) => part.trim()) ?? [],
      )
      console.log(`Department ${code} saved.`)
    }
  }
  throw new UsageError(`"${verb ?? ''}" is not something to do.`)
}

/** @returns 0 done, 1 refused, 2 wrong command line. */
async function main(args: string[]): Promise<number> {
  let db: Database | null = null
  try {
    const { values, positionals } = parseArgs({ args, allowPositionals: true, options })
    if (values.help) {
      console.log(usage)
      return 0
    }
    const action = actionOf(positionals, values)
    db = await openDatabase()
    await action(db)
    return 0
  } catch (error) {
    if (
      error instanceof UsageError ||
      (error as { code?: unknown }).code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION'
    ) {
      console.error(`${messageOf(error)}\n\n${usage}`)
      return 2
    }
    console.error(error instanceof ServerError ? error.message : error)
    return 1
  } finally {
    await db?.close()
  }
}

process.exitCode = await main(process.argv.slice(2))
