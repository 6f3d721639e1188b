import { parentPort, workerData } from 'node:worker_threads'
import { compare } from 'bcryptjs'
import { passwordIssue } from '../../../src/domain/account/password-rules.ts'
import type { PasswordJob, PasswordVerdict } from './password-job.ts'
import { hashWithoutRule } from './passwords.ts'

async function judge({ current, hash, next, email }: PasswordJob): Promise<PasswordVerdict> {
  if (!(await compare(current, hash))) return { refused: 'wrong' }
  if (next === current) return { refused: 'same' }
  const issue = await passwordIssue(next, email)
  return issue ? { refused: issue } : { nextHash: await hashWithoutRule(next) }
}

parentPort?.postMessage(await judge(workerData as PasswordJob))
