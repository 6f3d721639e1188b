import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { openTestDatabase } from '../../tests/harness/index.ts'
import type { TestDatabase } from '../../tests/harness/index.ts'
import { loadSmallCity } from '../testing/kit.ts'
import { replacePassword } from './passwords.ts'
import { addPerson, endRole, grantRole, listPeople, removePerson, setPassword } from './people.ts'
import { completeSession, readEndedSessions } from './sessions.ts'

let db: TestDatabase
let email: string
let id: string
let sessionId: string
let count = 0
beforeAll(async () => {
  db = await openTestDatabase({ kind: 'pglite' })
  await loadSmallCity(db)
})
afterAll(() => db?.close())
beforeEach(async () => {
  email = `person${++count}@city.example`
  const person = { email, displayName: 'P', passwordHash: 'the first hash' }
  id = await addPerson(db, person, { role: 'field_staff', areaCode: 'CITY' })
  sessionId = randomUUID()
  await db.query(
    `insert into auth.sessions (id, user_id, created_at) values ($1::uuid, $2::uuid, now())`,
    [sessionId, id],
  )
})

const rolesOf = async (address: string) =>
  (await listPeople(db))
    .find((person) => person.email === address)
    ?.memberships.map(({ role, departmentCode }) => departmentCode ?? role)
const sessions = () => db.query('select id from auth.sessions where user_id = $1::uuid', [id])
const hash = async () => {
  const [row] = await db.query<{ hash: string }>(
    'select encrypted_password as hash from auth.users where id = $1::uuid',
    [id],
  )
  return row?.hash
}

test('a removed person has no account, no role and no session; their name stays with the log', async () => {
  await removePerson(db, email)
  expect(await hash()).toBeUndefined()
  expect(await db.query('select 1 from auth.identities where user_id = $1::uuid', [id])).toEqual([])
  expect(await sessions()).toEqual([])
  expect(await readEndedSessions(db)).toContain(sessionId)
  const valid = await db.query(
    `select 1 from public.memberships where user_id = $1::uuid and (valid_to is null or valid_to > now())`,
    [id],
  )
  expect(valid).toEqual([])
  const [profile] = await db.query(
    'select display_name as name from public.profiles where user_id = $1::uuid',
    [id],
  )
  expect(profile).toEqual({ name: 'P' })
  await expect(removePerson(db, email)).rejects.toThrow('nobody with the address')
  expect(await rolesOf('admin@wangge.demo')).toEqual(['admin'])
})

test('one role is ended, the others stay, and it can be given again', async () => {
  await grantRole(db, email, { role: 'handler', areaCode: 'CITY', departmentCode: 'parks' })
  await grantRole(db, email, { role: 'handler', areaCode: 'CITY', departmentCode: 'public_works' })
  const field = { role: 'field_staff', areaCode: 'CITY' } as const
  await endRole(db, email, field)
  expect(await rolesOf(email)).toEqual(['parks', 'public_works'])
  await expect(endRole(db, email, field)).rejects.toThrow('does not have the role')
  await endRole(db, email, { role: 'handler', areaCode: 'CITY', departmentCode: 'parks' })
  expect(await rolesOf(email)).toEqual(['public_works'])
  await grantRole(db, email, field)
  expect(await rolesOf(email)).toEqual(['field_staff', 'public_works'])
})

test('a role that names nothing is refused', async () => {
  for (const [choice, message] of [
    [{ role: 'handler', areaCode: 'CITY' }, 'needs a department'],
    [{ role: 'handler', areaCode: 'CITY', departmentCode: 'none' }, 'needs a department'],
    [{ role: 'admin', areaCode: 'CITY', departmentCode: 'parks' }, 'Only a handler'],
    [{ role: 'admin', areaCode: 'NOWHERE' }, 'no area'],
  ] as const)
    await expect(grantRole(db, email, choice)).rejects.toThrow(message)
  expect(await rolesOf(email)).toEqual(['field_staff'])
})

test('an address has one account, whatever its case', async () => {
  const person = { email: ` ${email.toUpperCase()}`, displayName: 'Q', passwordHash: 'x' }
  await expect(addPerson(db, person)).rejects.toThrow('has an account already')
})

test('a password by command ends every session of the person', async () => {
  await setPassword(db, email, 'seven lanterns over granite')
  expect(await hash()).toMatch(/^\$2/)
  expect(await sessions()).toEqual([])
  expect(await readEndedSessions(db)).toContain(sessionId)
})

test('of two changes of one password the later is refused', async () => {
  const change = { from: 'the first hash', keepSession: randomUUID() }
  expect(await replacePassword(db, id, { ...change, to: 'the second' })).toEqual([sessionId])
  expect(await replacePassword(db, id, { ...change, to: 'the third' })).toBeNull()
  expect(await hash()).toBe('the second')
})

test('a session that a sign-in began is complete only with the password of now', async () => {
  const session = { id: sessionId, userAgent: 'a browser' }
  expect(await completeSession(db, { ...session, passwordHash: 'an older hash' })).toBe(false)
  expect(await completeSession(db, { ...session, passwordHash: null })).toBe(false)
  expect(await completeSession(db, { ...session, passwordHash: 'the first hash' })).toBe(true)
})
