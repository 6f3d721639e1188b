import { Worker } from 'node:worker_threads'
import type { PasswordIssue } from '../../../src/domain/account/password-rules.ts'

/** One change of a password, as far as it needs no database. */
export interface PasswordJob {
  current: string
  /** The hash that `current` is compared with. */
  hash: string
  next: string
  email: string
}

/** `wrong` when `current` does not match, `same` when `next` is `current`, else the rule's issue. */
export type PasswordVerdict = { refused: 'wrong' | 'same' | PasswordIssue } | { nextHash: string }

/** Jobs run one after the other: many at once would take the processor from everybody. */
let last: Promise<unknown> = Promise.resolve()

/** Compares, judges and hashes in a thread of its own: each takes the time of many requests. */
export function runPasswordJob(job: PasswordJob): Promise<PasswordVerdict> {
  const run = () =>
    new Promise<PasswordVerdict>((resolve, reject) => {
      const worker = new Worker(new URL('./password-worker.ts', import.meta.url), {
        workerData: job,
      })
      worker.once('message', resolve)
      worker.once('error', reject)
      worker.once('exit', () => reject(new Error('The password thread ended without a verdict.')))
    })
  const done = last.then(run)
  last = done.catch(() => undefined)
  return done
}
