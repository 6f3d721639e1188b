import { randomUUID } from 'node:crypto'
import { roles } from '../../../src/domain/vocabulary.ts'
import type { Role } from '../../../src/domain/vocabulary.ts'
import type { Database } from '../base/database-types.ts'
import { ServerError } from '../base/errors.ts'
import { hashPassword } from './passwords.ts'
import { endingSessions } from './sessions.ts'

/**
 * Stored where `@supabase/lite` keeps accounts. On a Supabase, its own tools make accounts; only
 * `grantRole` is used.
 */
export type NewPerson = {
  email: string
  displayName: string
  /** BCP 47. Default: the city's. */
  locale?: string
} & ({ password: string } | { /** Bcrypt. */ passwordHash: string })

export interface MembershipChoice {
  role: Role
  areaCode: string
  /** For handlers only. */
  departmentCode?: string | null
}

export interface PersonRow {
  email: string | null
  displayName: string
  memberships: { role: Role; areaCode: string; departmentCode: string | null }[]
}

function cleanEmail(email: string): string {
  const clean = email.trim().toLowerCase()
  if (clean.length > 255 || !/^[^\s@"<>]+@[^\s@"<>.]+(\.[^\s@"<>.]+)+$/.test(clean)) {
    throw new ServerError(`"${email}" is not an e-mail address.`)
  }
  return clean
}

async function checkMembership(db: Database, choice: MembershipChoice): Promise<void> {
  if (!roles.includes(choice.role)) {
    throw new ServerError(`There is no role "${choice.role}". Roles: ${roles.join(', ')}.`)
  }
  const [area] = await db.query('select 1 from public.areas where code = $1', [choice.areaCode])
  if (!area) throw new ServerError(`There is no area with the code "${choice.areaCode}".`)
  if (choice.role !== 'handler' && choice.departmentCode) {
    throw new ServerError(`Only a handler has a department; ${choice.role} has none.`)
  }
  if (choice.role !== 'handler') return
  const departments = await db.query<{ code: string }>(
    'select code from public.departments order by code',
  )
  const codes = departments.map(({ code }) => code)
  if (!choice.departmentCode || !codes.includes(choice.departmentCode)) {
    const known =
      codes.length > 0 ? codes.join(', ') : 'none yet; add one with `npm run user -- department`'
    throw new ServerError(`A handler needs a department. Departments: ${known}.`)
  }
}

async function userIdOf(db: Database, email: string): Promise<string> {
  const clean = cleanEmail(email)
  const [user] = await db.query<{ id: string }>(
    'select id::text as id from auth.users where lower(email) = $1',
    [clean],
  )
  if (!user) throw new ServerError(`There is nobody with the address ${clean}.`)
  return user.id
}

/**
 * The account can sign in at once.
 * @returns the user's id.
 * @throws ServerError when the address is taken or a value is unusable; nothing is kept.
 */
export async function addPerson(
  db: Database,
  person: NewPerson,
  membership?: MembershipChoice,
): Promise<string> {
  const email = cleanEmail(person.email)
  const displayName = person.displayName.trim()
  if (displayName === '' || displayName.length > 100) {
    throw new ServerError('A display name has 1 to 100 characters.')
  }
  const [taken] = await db.query('select 1 from auth.users where lower(email) = $1', [email])
  if (taken) throw new ServerError(`${email} has an account already.`)
  if (membership) await checkMembership(db, membership)
  const id = randomUUID()
  const password =
    'passwordHash' in person ? person.passwordHash : await hashPassword(person.password, email)
  // One statement is one transaction, over the socket too.
  await db.query(
    `with given as (
       select $1::uuid as id, $2::text as email, $3::text as password, $4::text as name,
         $5::text as locale, $6::text as role, $7::text as area, $8::text as department
     ), account as (
       insert into auth.users (id, aud, role, email, encrypted_password, email_confirmed_at,
         raw_app_meta_data, raw_user_meta_data, created_at, updated_at)
       select id, 'authenticated', 'authenticated', email, password, now(),
         '{"provider": "email", "providers": ["email"]}'::jsonb,
         jsonb_build_object('email', email, 'sub', id, 'email_verified', true,
           'phone_verified', false), now(), now()
       from given
     ), identity as (
       insert into auth.identities (id, provider, provider_id, user_id, identity_data, created_at, updated_at)
       select gen_random_uuid(), 'email', id::text, id,
         jsonb_build_object('email', email, 'sub', id, 'email_verified', false,
           'phone_verified', false), now(), now()
       from given
     ), profile as (
       insert into public.profiles (user_id, display_name, locale)
       select id, name, coalesce(locale, (select c.locale from public.city_settings c)) from given
     )
     insert into public.memberships (user_id, role, area_code, department_code)
     select id, role, area, department from given where role is not null`,
    [
      id,
      email,
      password,
      displayName,
      person.locale ?? null,
      membership?.role ?? null,
      membership?.areaCode ?? null,
      membership?.departmentCode ?? null,
    ],
  )
  return id
}

/**
 * Gives or restarts a role. Creates a missing profile (on a Supabase).
 * @throws ServerError naming the missing account, area or department.
 */
export async function grantRole(
  db: Database,
  email: string,
  choice: MembershipChoice,
): Promise<void> {
  const id = await userIdOf(db, email)
  await checkMembership(db, choice)
  await db.query(
    `with profile as (
       insert into public.profiles (user_id, display_name, locale)
       values ($1::uuid, split_part($2::text, '@', 1), (select locale from public.city_settings))
       on conflict (user_id) do nothing
     )
     insert into public.memberships (user_id, role, area_code, department_code)
     values ($1::uuid, $3::text, $4::text, $5::text)
     on conflict (user_id, role, area_code, department_code)
       do update set valid_to = null, valid_from = least(memberships.valid_from, now())`,
    [id, email.trim().toLowerCase(), choice.role, choice.areaCode, choice.departmentCode ?? null],
  )
}

/** The row stays as a record. @throws ServerError */
export async function endRole(
  db: Database,
  email: string,
  choice: MembershipChoice,
): Promise<void> {
  const id = await userIdOf(db, email)
  const ended = await db.query(
    `update public.memberships set valid_to = now()
     where user_id = $1::uuid and role = $2 and area_code = $3
       and ($4::text is null or department_code = $4) and (valid_to is null or valid_to > now())
     returning 1 as one`,
    [id, choice.role, choice.areaCode, choice.departmentCode ?? null],
  )
  if (ended.length === 0) {
    throw new ServerError(`${email} does not have the role ${choice.role} in ${choice.areaCode}.`)
  }
}

/**
 * Also ends all sessions.
 * @throws ServerError when the password is refused or the address is unknown.
 */
export async function setPassword(db: Database, email: string, password: string): Promise<void> {
  const id = await userIdOf(db, email)
  const hashed = await hashPassword(password, cleanEmail(email))
  await db.query(
    `with account as (
       update auth.users set encrypted_password = $2::text, updated_at = now() where id = $1::uuid
     ), ${endingSessions()}
     delete from auth.refresh_tokens where user_id = $1::uuid`,
    [id, hashed],
  )
}

/** The profile stays: the log refers to it. */
export async function removePerson(db: Database, email: string): Promise<void> {
  const id = await userIdOf(db, email)
  await db.query(
    `with roles as (
       update public.memberships set valid_to = now()
       where user_id = $1::uuid and (valid_to is null or valid_to > now())
     ), tokens as (
       delete from auth.refresh_tokens where user_id = $1::uuid
     ), ${endingSessions()}
     delete from auth.users where id = $1::uuid`,
    [id],
  )
}

/** With valid roles only. */
export async function listPeople(db: Database): Promise<PersonRow[]> {
  const [row] = await db.query<{ people: PersonRow[] }>(
    `select coalesce(jsonb_agg(jsonb_build_object(
       'email', u.email, 'displayName', coalesce(p.display_name, ''),
       'memberships', (select coalesce(jsonb_agg(jsonb_build_object(
           'role', m.role, 'areaCode', m.area_code, 'departmentCode', m.department_code)
           order by m.role, m.area_code), '[]')
         from public.memberships m
         where m.user_id = u.id and m.valid_from <= now() and (m.valid_to is null or m.valid_to > now())))
       order by u.email), '[]') as people
     from auth.users u left join public.profiles p on p.user_id = u.id`,
  )
  return row?.people ?? []
}

/** Adds or renames. @throws ServerError */
export async function saveDepartment(
  db: Database,
  department: { code: string; nameZh: string; nameEn: string },
): Promise<void> {
  if (!/^[a-z0-9_]{1,40}$/.test(department.code)) {
    throw new ServerError(
      `"${department.code}" is not a department code: a–z, 0–9 and _, at most 40.`,
    )
  }
  if (department.nameZh.trim() === '' || department.nameEn.trim() === '') {
    throw new ServerError('A department needs a Chinese and an English name.')
  }
  await db.query(
    `insert into public.departments (code, name_zh, name_en) values ($1, $2, $3)
     on conflict (code) do update set name_zh = excluded.name_zh, name_en = excluded.name_en`,
    [department.code, department.nameZh.trim(), department.nameEn.trim()],
  )
}

/** A top category includes its leaves. */
export async function setDefaultDepartment(
  db: Database,
  department: string,
  categories: readonly string[],
): Promise<void> {
  for (const category of categories) {
    const changed = await db.query(
      `update public.categories c set default_department = $1
       where c.code = $2 or starts_with(c.path, (select p.path from public.categories p where p.code = $2))
       returning 1 as one`,
      [department, category],
    )
    if (changed.length === 0)
      throw new ServerError(`There is no category with the code "${category}".`)
  }
}
