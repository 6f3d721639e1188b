import { describe, expect, it } from 'vitest'
import { passwordIssue, plainPasswordIssue } from './password-rules.ts'

const email = 'mei.zhang@renewal-office.example.org'

describe('passwordIssue', () => {
  it.each([
    ['nine chars', 'k7#Wq!9zp', 'short'],
    ['nine characters of two code units each', '😀'.repeat(9), 'short'],
    ['more bytes than bcrypt reads', 'Vq8#'.repeat(18) + 'x', 'long'],
    ['more bytes in few characters', '网'.repeat(25), 'long'],
    ['the address', email, 'email'],
    ['the address in capitals', email.toUpperCase(), 'email'],
    ['its first half with a year', 'mei.zhang2026', 'email'],
    ['a word of it, repeated', 'renewalrenewal', 'email'],
    ['two words of it', 'zhang-renewal-1', 'email'],
    ['a common password', 'password123', 'common'],
    ['digits in order', '1234567890', 'common'],
    ['a row of the keyboard', 'qwertyuiop', 'common'],
    ['one letter', 'aaaaaaaaaaaa', 'common'],
    ['the product and a year', 'wangge2026', 'common'],
    ['a common password with substitutions', 'P@ssw0rd1234', 'common'],
    ['a date', '2026-11-27!', 'common'],
  ])('refuses %s', async (_, password, issue) => {
    expect(await passwordIssue(password, email)).toBe(issue)
  })

  it.each([
    ['four random groups', 'k3wq-p9tz-mm4x-c7vh'],
    ['unrelated words', 'umbrella tractor violin'],
    ['Chinese words', '清晨巷口卖豆浆的老人'],
    ['exactly 72 bytes', 'Vq8#kLw2'.repeat(9)],
    ['a word of the address inside much else', 'zhang rides umbrellas nightly'],
  ])('takes %s', async (_, password) => {
    expect(await passwordIssue(password, email)).toBeNull()
  })

  it('needs no address', async () => {
    expect(await passwordIssue('umbrella tractor violin', '')).toBeNull()
    expect(plainPasswordIssue('', '')).toBe('short')
  })
})
