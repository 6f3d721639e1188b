import { randomInt } from 'node:crypto'
import { hash } from 'bcryptjs'
import {
  maxPasswordBytes,
  minPasswordCharacters,
  passwordIssue,
} from '../../../src/domain/account/password-rules.ts'
import type { PasswordIssue } from '../../../src/domain/account/password-rules.ts'
import type { Database } from '../base/database-types.ts'
import { ServerError } from '../base/errors.ts'
import { endingSessions } from './sessions.ts'

/** As in lite's own sign-up. */
const bcryptCost = 10
/** Without 0, 1, l and o: passwords are read aloud. */
const passwordAlphabet = 'abcdefghijkmnpqrstuvwxyz23456789'

export const passwordRefusals: Record<PasswordIssue, string> = {
  short: `A password needs at least ${minPasswordCharacters} characters.`,
  long: `A password may have at most ${maxPasswordBytes} bytes.`,
  email: 'The password is made of the e-mail address. Choose another.',
  common: 'This password is easy to guess. Choose another, for example four unrelated words.',
}

/** 80 bits. */
export function generatePassword(): string {
  const group = (): string =>
    Array.from({ length: 4 }, () => passwordAlphabet[randomInt(passwordAlphabet.length)]).join('')
  return [group(), group(), group(), group()].join('-')
}

/** @throws ServerError */
export async function hashPassword(password: string, email: string): Promise<string> {
  const issue = await passwordIssue(password, email)
  if (issue) throw new ServerError(passwordRefusals[issue])
  return hashWithoutRule(password)
}

/** For the demo accounts. */
export function hashWithoutRule(password: string): Promise<string> {
  return hash(password, bcryptCost)
}

/** Null without an account. */
export async function passwordHashOf(db: Database, email: string): Promise<string | null> {
  const [row] = await db.query<{ hash: string | null }>(
    'select encrypted_password as hash from auth.users where lower(email) = $1',
    [email],
  )
  return row?.hash ?? null
}

export async function accountOf(
  db: Database,
  userId: string,
): Promise<{ email: string; passwordHash: string | null } | null> {
  const [row] = await db.query<{ email: string; passwordHash: string | null }>(
    `select coalesce(email, '') as email, encrypted_password as "passwordHash"
       from auth.users where id = $1::uuid`,
    [userId],
  )
  return row ?? null
}

/**
 * Also ends all sessions except `keepSession`.
 * @returns the ended sessions' ids; null when the hash is no longer `from`.
 */
export async function replacePassword(
  db: Database,
  userId: string,
  { from, to, keepSession }: { from: string; to: string; keepSession: string },
): Promise<string[] | null> {
  const [row] = await db.query<{ isReplaced: boolean; ids: string[] }>(
    `with account as (
       update auth.users set encrypted_password = $3, updated_at = now()
        where id = $1::uuid and encrypted_password = $2 returning id
     ), ${endingSessions('id <> $4::uuid and exists (select from account)')}
     select exists (select from account) as "isReplaced",
            coalesce((select jsonb_agg(id) from ended), '[]') as ids`,
    [userId, from, to, keepSession],
  )
  return row?.isReplaced ? row.ids : null
}
