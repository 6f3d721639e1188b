import { Worker } from 'node:worker_threads'
import type { PasswordIssue } from '../../../src/domain/account/password-rules.ts'

export interface PasswordJob {
  current: string
  /** Of `current`. */
  hash: string
  next: string
  email: string
}

/** `wrong`: `current` does not match. `same`: `next` equals `current`. */
export type PasswordVerdict = { refused: 'wrong' | 'same' | PasswordIssue } | { nextHash: string }

/** Many jobs at once would take the processor from everybody. */
let last: Promise<unknown> = Promise.resolve()

/** In a thread: each step takes the time of many requests. */
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
