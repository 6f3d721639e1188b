import { setTimeout as wait } from 'node:timers/promises'
import { patience, patient } from './patience.ts'

const tooManyRequests = 429
/** Above this load a server may send a call away that would wait too long. */
const idlePatience = 1.5
const firstWaitMs = 100
/** For an idle machine. */
const maxWaitMs = 10_000

/**
 * `fetch` that asks again as the app does: after a connection that the server closed while it was
 * idle, and after a 429 of a busy machine.
 * @throws the last failure
 */
export async function patientFetch(
  input: string | URL | Request,
  init?: RequestInit,
): Promise<Response> {
  const until = performance.now() + patient(maxWaitMs)
  for (let waitMs = firstWaitMs; ; waitMs *= 2) {
    const isLast = performance.now() + waitMs > until
    try {
      // a copy, so that a body can be sent once more
      const answer = await fetch(input instanceof Request ? input.clone() : input, init)
      const isBusy = answer.status === tooManyRequests && patience() > idlePatience
      if (isLast || !isBusy) return answer
      await answer.body?.cancel()
    } catch (error) {
      if (isLast || !wasConnectionClosed(error)) throw error
    }
    await wait(waitMs)
  }
}

function wasConnectionClosed(error: unknown): boolean {
  const cause = error instanceof TypeError ? (error.cause as { code?: string } | undefined) : null
  return cause?.code === 'UND_ERR_SOCKET' || cause?.code === 'ECONNRESET'
}
