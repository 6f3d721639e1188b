import { BackendUnavailable } from '../backend/backend.ts'
import type { Backend } from '../backend/backend.ts'
import type { Database } from '../base/database-types.ts'
import type { Journal } from '../journal/journal.ts'
import { problem, tooMany } from '../wire/problem.ts'
import { RateLimit } from '../wire/rate-limit.ts'
import type { Forward } from './forward.ts'

export interface CommandIntakeOptions {
  forward: Forward
  /** With the owner's rights. */
  database(): Pick<Database, 'query'>
  backend: Pick<Backend, 'isReady' | 'receive'>
  /** Null on one's own Postgres, which keeps its own log. */
  journal: Pick<Journal, 'append'> | null
  onChange(): void
}

export interface CommandCall {
  userId: string
  /** Name the same user. */
  headers: Headers
  body: string
  commands: unknown
  /** No other arguments, and the answer as JSON. */
  isPlain: boolean
}

export const maxCommandBytes = 1024 * 1024
/** The database refuses more too, but after they were journaled. */
const maxCommands = 200
/** Bytes per user: tens of thousands of reports at once. */
const journaledPerUser = { burst: 64 * 1024 * 1024, perSecond: 16 * 1024 }
/** A role that ended since then costs a line of the journal: the database refuses the call. */
const roleKnownMs = 30_000
const maxRemembered = 1_000

/** Journal, ask, announce. */
export class CommandIntake {
  #options: CommandIntakeOptions
  #journaled = new RateLimit(journaledPerUser.burst, journaledPerUser.perSecond)
  /** Until when each person counts as one with a role. */
  #withRole = new Map<string, number>()

  constructor(options: CommandIntakeOptions) {
    this.#options = options
  }

  /**
   * Asks the database once the call is on disk; see `Journal`. @throws BackendUnavailable,
   * JournalFull
   */
  async apply({ userId, headers, body, commands, isPlain }: CommandCall): Promise<Response> {
    const { forward, backend, journal, onChange } = this.#options
    // The replay repeats arrays only.
    if (!Array.isArray(commands)) return problem(400, 'bad_commands', 'p_commands is an array.')
    if (commands.length > maxCommands) {
      return problem(413, 'too_many_commands', `A call holds at most ${maxCommands} commands.`)
    }
    const ask = async () =>
      (isPlain ? await this.#receipts(userId, body) : null) ??
      forward({ method: 'POST', path: '/rest/v1/rpc/apply_commands', headers, body })
    if (!journal) return ask().finally(onChange)
    // Not journaled: the client sends it again.
    if (!backend.isReady) throw new BackendUnavailable()
    const waitSeconds = this.#journaled.take(userId, Buffer.byteLength(body))
    if (waitSeconds > 0) return tooMany(waitSeconds)
    const entry = { user: userId, body, received: new Date().toISOString() }
    if (!(await this.#hasRole(userId))) {
      const response = await ask()
      // The person was given a role in between: the receipt waits for the disk.
      if (isAnythingApplied(await response.clone().text())) {
        const settled = await journal.append(entry)
        settled()
        onChange()
      }
      return response
    }
    const settled = await journal.append(entry)
    try {
      return await ask()
    } finally {
      settled()
      onChange()
    }
  }

  /** Without lite, half of a call's time. Null for a refused call. */
  async #receipts(userId: string, body: string): Promise<Response | null> {
    const receipts = await this.#options.backend.receive(userId, body)
    if (receipts === null) return null
    const headers = {
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
    }
    return new Response(receipts, { headers })
  }

  /** Without one the database refuses their commands: nothing to journal. */
  async #hasRole(userId: string): Promise<boolean> {
    if ((this.#withRole.get(userId) ?? 0) > Date.now()) return true
    const rows = await this.#options.database().query(
      `select 1 as found from public.memberships
        where user_id = $1::uuid and valid_from <= now() and (valid_to is null or valid_to > now())
        limit 1`,
      [userId],
    )
    if (rows.length === 0) return false
    if (this.#withRole.size >= maxRemembered) this.#withRole.clear()
    this.#withRole.set(userId, Date.now() + roleKnownMs)
    return true
  }
}

function isAnythingApplied(receipts: string): boolean {
  return /"outcome" *: *"(applied|replayed|conflict)"/.test(receipts)
}
