import * as v from 'valibot'
import { roles, type LocalDay, type Role } from '@/domain/vocabulary.ts'
import { callRpc, fetchSigned, type Backend } from './client.ts'
import { AppError, errorFromAnswer, type ErrorAnswer } from './errors.ts'

export interface Membership {
  role: Role
  areaCode: string
  areaPath: string
  areaName: string
  departmentCode: string | null
}

export interface DemoDates {
  /** Weeks added to the dates of the source. */
  weeks: number
  /** The last day of the demo's data, in the city. */
  until: LocalDay
  /** True when that is more than a month ago. */
  isOld: boolean
}

export interface SessionContext {
  userId: string
  displayName: string
  locale: string | null
  memberships: Membership[]
  /** Changes when what the person may see changes. */
  scopeKey: string
  /** How the demo's dates were moved; null, or missing in what an older version kept, elsewhere. */
  demo?: DemoDates | null
}

const contextSchema = v.object({
  userId: v.string(),
  displayName: v.string(),
  locale: v.nullable(v.string()),
  memberships: v.array(
    v.object({
      role: v.picklist(roles),
      areaCode: v.string(),
      areaPath: v.string(),
      areaName: v.string(),
      departmentCode: v.nullable(v.string()),
    }),
  ),
  scopeKey: v.string(),
  demo: v.nullish(v.object({ weeks: v.number(), until: v.string(), isOld: v.boolean() })),
})

/** A session of one's own account. Instants are ISO 8601. */
export interface OwnSession {
  id: string
  userAgent: string | null
  startedAt: string
  lastUsedAt: string
  /** The session of this device and browser. */
  isThis: boolean
}

const sessionsSchema = v.array(
  v.object({
    id: v.string(),
    userAgent: v.nullable(v.string()),
    startedAt: v.string(),
    lastUsedAt: v.string(),
    isThis: v.boolean(),
  }),
)

interface AuthFailure extends ErrorAnswer {
  name?: string
}

/** Why a Supabase refuses a new password, in the words of our rule; ours are the same. */
const ruleWords: Record<string, string> = { length: 'short', characters: 'common', pwned: 'common' }

/** Codes of a wrong current password: the door's, and those of a Supabase. */
const wrongPasswordCodes = ['current_password_mismatch', 'invalid_credentials']

const authError = (backend: Backend, error: AuthFailure): AppError => {
  // auth-js gives a network failure this name and the status 0 or the proxy's.
  const status = error.name === 'AuthRetryableFetchError' ? 0 : (error.status ?? 0)
  return errorFromAnswer(error, status, status === 429 ? backend.retryAfterSeconds() : null)
}

/** The code for a refused change of password; null for failures of another kind. */
function refusalCode(error: AuthFailure & { reasons?: string[] }): string | null {
  const { code } = error
  if (code && wrongPasswordCodes.includes(code)) return 'wrong_password'
  if (code === 'same_password') return code
  if (code !== 'weak_password') return null
  const reason = error.reasons?.[0] ?? 'common'
  return `weak_${ruleWords[reason] ?? reason}`
}

export const sessionRepo = (backend: Backend) => {
  const { auth } = backend.supabase
  // Until auth-js has looked at the kept session, it may be waiting for a network to renew it.
  let hasLooked = false
  void auth.initialize().then(() => (hasLooked = true))

  /** A call that auth-js does not know, or whose refusal it would pass over. */
  async function ask(path: string, init: RequestInit): Promise<Response> {
    const response = await fetchSigned(backend, `auth/v1/${path}`, init)
    if (response.ok) return response
    const answer = (await response.json().catch(() => ({}))) as ErrorAnswer
    const retryAfter = response.status === 429 ? backend.retryAfterSeconds() : null
    throw errorFromAnswer(answer, response.status, retryAfter)
  }

  return {
    /** @throws AppError kind `unauthorized` for a wrong e-mail or password */
    async signIn(email: string, password: string): Promise<void> {
      const { error } = await auth.signInWithPassword({ email, password })
      if (error) throw authError(backend, error)
    },

    /**
     * Forgets the session on this device at once; the server is told when it can be. Left to auth-js
     * this would first wait for a network, and then end the session of whoever signed in meanwhile.
     */
    async signOut(): Promise<void> {
      const token = backend.keptSession.accessToken()
      backend.keptSession.remove()
      if (token) void auth.admin.signOut(token, 'local').catch(() => {})
      // Tells the other tabs.
      if (hasLooked) await auth.signOut({ scope: 'local' })
    },

    /** Whether this device keeps a session, asking nobody. */
    isKept: (): boolean => backend.keptSession.accessToken() !== null,

    /** True when a session is kept and could be renewed where it had to be. */
    async hasSession(): Promise<boolean> {
      const { data, error } = await backend.unlessStuck(() => auth.getSession())
      if (error) throw authError(backend, error)
      return data.session !== null
    },

    /** Gets a fresh access token. False when the server refuses the session for good. */
    async refresh(): Promise<boolean> {
      const { data, error } = await backend.unlessStuck(() => auth.refreshSession())
      if (!error) return data.session !== null
      const failure = authError(backend, error)
      if (failure.kind === 'offline' || failure.kind === 'server') throw failure
      return false
    },

    /**
     * Sets a new password; the server compares the current one and ends the other sessions.
     * @throws AppError code `wrong_password`, `same_password` or `weak_<PasswordIssue>`
     */
    async changePassword(current: string, next: string): Promise<void> {
      const { error } = await backend.unlessStuck(() =>
        auth.updateUser({ password: next, current_password: current }),
      )
      if (!error) return
      const failure = authError(backend, error)
      const code = refusalCode(error)
      throw code ? new AppError('invalid', failure.message, { code, cause: error }) : failure
    },

    /** One's own sessions, the newest first. */
    async sessions(signal?: AbortSignal): Promise<OwnSession[]> {
      const answer: unknown = await (await ask('sessions', { signal: signal ?? null })).json()
      if (v.is(sessionsSchema, answer)) return answer
      throw new AppError('server', 'the sessions have another form', { code: 'bad_answer' })
    },

    /** Ends one of one's own sessions; one that had ended already is no failure. */
    async endSession(id: string): Promise<void> {
      await ask(`sessions/${encodeURIComponent(id)}`, { method: 'DELETE' }).catch((error) => {
        if (!(error instanceof AppError && error.code === 'session_unknown')) throw error
      })
    },

    /** Ends all of one's own sessions but this one. */
    async endOtherSessions(): Promise<void> {
      await ask('logout?scope=others', { method: 'POST' })
    },

    /** The e-mail of who is signed in. */
    async email(): Promise<string | null> {
      const { data } = await backend.unlessStuck(() => auth.getSession())
      return data.session?.user.email ?? null
    },

    /** Calls `listener` when auth-js gave the session up. Returns how to stop. */
    onSignedOut(listener: () => void): () => void {
      const { data } = auth.onAuthStateChange((event) => {
        if (event === 'SIGNED_OUT') listener()
      })
      return () => data.subscription.unsubscribe()
    },

    /** Calls `listener` when a session of `userId` began, in another tab too. Returns how to stop. */
    onSignedIn(listener: (userId: string) => void): () => void {
      const { data } = auth.onAuthStateChange((event, session) => {
        if (event === 'SIGNED_IN' && session) listener(session.user.id)
      })
      return () => data.subscription.unsubscribe()
    },

    context: (signal?: AbortSignal): Promise<SessionContext> =>
      callRpc(backend, 'session_context', {}, contextSchema, signal),
  }
}
export type SessionRepo = ReturnType<typeof sessionRepo>
