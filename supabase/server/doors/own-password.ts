import { isDemoEmail } from '../base/demo.ts'
import type { Database } from '../base/database-types.ts'
import { runPasswordJob } from '../owner/password-job.ts'
import type { PasswordVerdict } from '../owner/password-job.ts'
import { accountOf, passwordRefusals, replacePassword } from '../owner/passwords.ts'
import { objectIn } from '../wire/body.ts'
import { EvenTime } from '../wire/even-time.ts'
import { problem, tooMany } from '../wire/problem.ts'
import { RateLimit } from '../wire/rate-limit.ts'
import type { Forward, ForwardedCall } from './forward.ts'
import type { DoorContext, Guards } from './guards.ts'
import type { SessionEnder } from './session-ender.ts'

export interface OwnPasswordOptions {
  guards: Pick<Guards, 'inTurn'>
  forward: Forward
  /** With the owner's rights. */
  database(): Database
  sessions: SessionEnder
  onUnjournaledChange(): void
}

/** Right ones too: comparing and hashing are slow on purpose. */
const triesPerUser = { burst: 10, perSecond: 1 / 60 }
const passwordFields = new Set(['password', 'current_password'])

/** Ends the person's other sessions. Answers with the account, as Supabase does. */
export function changePassword(
  options: OwnPasswordOptions,
  ownUser: (context: DoorContext) => ForwardedCall,
): (context: DoorContext) => Promise<Response> {
  const { guards, forward, database, sessions, onUnjournaledChange } = options
  const tries = new RateLimit(triesPerUser.burst, triesPerUser.perSecond)
  const evenTime = new EvenTime()

  /** Null when replaced. */
  async function replace(
    context: DoorContext,
    current: string,
    next: string,
  ): Promise<'wrong' | Response | null> {
    const { userId, sessionId } = context.var.caller
    const account = await guards.inTurn(context, () => accountOf(database(), userId))
    if (!account?.passwordHash) return 'wrong'
    const { email, passwordHash } = account
    // Holds no turn: the database is not needed.
    const verdict = await runPasswordJob({ current, hash: passwordHash, next, email })
    if ('refused' in verdict) return verdict.refused === 'wrong' ? 'wrong' : refusal(verdict)
    const change = { from: passwordHash, to: verdict.nextHash, keepSession: sessionId }
    const ended = await guards.inTurn(context, () => replacePassword(database(), userId, change))
    // Another change came first.
    if (!ended) return 'wrong'
    onUnjournaledChange()
    await sessions.note(userId, ended)
    return null
  }

  return async (context) => {
    const { caller } = context.var
    // The client library always sends its code challenge.
    const given = Object.entries(objectIn(context.var.body) ?? {}).filter(
      ([, value]) => value !== null,
    )
    const { password, current_password: current } = Object.fromEntries(given)
    if (password === undefined || given.some(([field]) => !passwordFields.has(field))) {
      return problem(403, 'not_offered', 'Only the password can be changed here.')
    }
    if (isDemoEmail(caller.email)) {
      return problem(403, 'demo_account', 'The passwords of the demo accounts stay as they are.')
    }
    if (typeof password !== 'string') {
      return problem(400, 'validation_failed', 'A password is a text.')
    }
    if (typeof current !== 'string') {
      return problem(422, 'current_password_required', 'The current password is needed too.')
    }
    const waitSeconds = tries.take(caller.userId)
    if (waitSeconds > 0) return tooMany(waitSeconds)
    const outcome = await evenTime.answer(
      () => replace(context, current, password),
      (answer) => answer !== 'wrong',
    )
    if (outcome === 'wrong') {
      return problem(422, 'current_password_mismatch', 'The current password is wrong.')
    }
    return outcome ?? (await guards.inTurn(context, () => forward(ownUser(context))))
  }
}

/** In the shape supabase-js reads. */
function refusal({ refused }: Extract<PasswordVerdict, { refused: unknown }>): Response {
  if (refused === 'wrong' || refused === 'same') {
    return problem(422, 'same_password', 'The new password is the current one.')
  }
  const reasons = { weak_password: { reasons: [refused] } }
  return problem(422, 'weak_password', passwordRefusals[refused], {}, reasons)
}
