import { Worker } from 'node:worker_threads'
import type { Compiled, Wanted } from '../../../src/domain/publish/compile.ts'

/** In a thread: the audit takes up to minutes. Aborting ends it. */
export function compileInThread(wanted: Wanted, signal?: AbortSignal): Promise<Compiled> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted()
    const worker = new Worker(new URL('./compile-worker.ts', import.meta.url), {
      workerData: wanted,
    })
    const abort = (): void => void worker.terminate()
    signal?.addEventListener('abort', abort)
    worker.once('message', resolve)
    worker.once('error', reject)
    worker.once('exit', () => {
      signal?.removeEventListener('abort', abort)
      reject(signal?.aborted ? signal.reason : new Error('The audit ended without a result.'))
    })
  })
}
