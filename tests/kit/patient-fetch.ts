import { lookUntil } from './look-until.ts'
import { patience } from './patience.ts'

const tooManyRequests = 429
/** Above this load a server may send a call away that would wait too long. */
const idlePatience = 1.5
const limitMs = 10_000
const everyMs = 200

/**
 * `fetch` that asks again as the app does: after a connection that the server closed while it was
 * idle, and after a 429 of a busy machine.
 * @throws the last failure
 */
export async function patientFetch(
  input: string | URL | Request,
  init?: RequestInit,
): Promise<Response> {
  let last: Response | undefined
  let failure: unknown
  const ask = async (): Promise<Response | null> => {
    try {
      // a copy, so that a body can be sent once more
      last = await fetch(input instanceof Request ? input.clone() : input, init)
    } catch (error) {
      if (!wasConnectionClosed(error)) throw error
      failure = error
      return null
    }
    const isBusy = last.status === tooManyRequests && patience() > idlePatience
    return isBusy ? null : last
  }
  const answer = (await lookUntil(ask, limitMs, everyMs)) ?? last
  if (answer) return answer
  throw failure
}

function wasConnectionClosed(error: unknown): boolean {
  const cause = error instanceof TypeError ? (error.cause as { code?: string } | undefined) : null
  return cause?.code === 'UND_ERR_SOCKET' || cause?.code === 'ECONNRESET'
}
