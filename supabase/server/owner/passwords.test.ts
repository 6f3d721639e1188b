import { compare } from 'bcryptjs'
import { expect, test } from 'vitest'
import { passwordIssue } from '../../../src/domain/account/password-rules.ts'
import { runPasswordJob } from './password-job.ts'
import { generatePassword, hashPassword, hashWithoutRule } from './passwords.ts'

const email = 'mei.zhang@city.example'
const good = 'umbrella tractor violin'

test('generated passwords pass the rule', async () => {
  const made = Array.from({ length: 200 }, generatePassword)
  expect(new Set(made).size).toBe(200)
  for (const password of made) expect(await passwordIssue(password, email)).toBeNull()
})

test.each([
  ['k7#Wq!9zp', 'at least 10 characters'],
  ['Vq8#kLw2'.repeat(9) + 'x', 'at most 72 bytes'],
  ['mei.zhang2026', 'e-mail address'],
  ['password123', 'easy to guess'],
])('commands refuse %s', async (password, message) => {
  await expect(hashPassword(password, email)).rejects.toThrow(message)
})

test('commands hash a good one', async () => {
  expect(await compare(good, await hashPassword(good, email))).toBe(true)
})

test('the thread compares before it judges', async () => {
  const job = { current: good, hash: await hashWithoutRule(good), next: `${good} 2`, email }
  const taken = await runPasswordJob(job)
  expect('nextHash' in taken && (await compare(`${good} 2`, taken.nextHash))).toBe(true)
  const weak = { ...job, next: 'password123' }
  expect(await runPasswordJob(weak)).toEqual({ refused: 'common' })
  expect(await runPasswordJob({ ...weak, current: 'other' })).toEqual({ refused: 'wrong' })
  expect(await runPasswordJob({ ...job, next: good })).toEqual({ refused: 'same' })
})
