import { setTimeout as pause } from 'node:timers/promises'
import { patient } from './patience.ts'

/**
 * Looks until the answer is truthy or the limit is over.
 * @param limitMs on an idle machine; a busy one gets more
 * @returns the last answer
 */
export async function lookUntil<T>(
  look: () => T | Promise<T>,
  limitMs = 30_000,
  everyMs = 50,
): Promise<T> {
  const deadline = performance.now() + patient(limitMs)
  for (;;) {
    const answer = await look()
    if (answer || performance.now() >= deadline) return answer
    await pause(everyMs)
  }
}
