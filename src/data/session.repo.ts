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
  weeks: number
  /** Last day of the data, in the city. */
  until: LocalDay
  /** `until` is over a month ago. */
  isOld: boolean
}

export interface SessionContext {
  userId: string
  displayName: string
  locale: string | null
  memberships: Membership[]
  /** Changes with the person's rights. */
  scopeKey: string
  /** Missing in what older versions kept. */
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

/** Instants are ISO 8601. */
export interface OwnSession {
  id: string
  userAgent: string | null
  startedAt: string
  lastUsedAt: string
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

/** Supabase's reasons, mapped to ours. */
const ruleWords: Record<string, string> = { length: 'short', characters: 'common', pwned: 'common' }

/** From our server and Supabase. */
const wrongPasswordCodes = ['current_password_mismatch', 'invalid_credentials']

const authError = (backend: Backend, error: AuthFailure): AppError => {
  // auth-js gives network failures this name, with the proxy's status.
  const status = error.name === 'AuthRetryableFetchError' ? 0 : (error.status ?? 0)
  return errorFromAnswer(error, status, status === 429 ? backend.retryAfterSeconds() : null)
}

/** Null for other failures. */
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
  // Until then auth-js may wait for a network.
  let hasLooked = false
  void auth.initialize().then(() => (hasLooked = true))

  /** For calls that auth-js lacks, or whose refusals it ignores. */
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
     * Forgets the session at once. auth-js would first wait for a network, then might end the next
     * person's session.
     */
    async signOut(): Promise<void> {
      const token = backend.keptSession.accessToken()
      backend.keptSession.remove()
      if (token) void auth.admin.signOut(token, 'local').catch(() => {})
      // Tells the other tabs.
      if (hasLooked) await auth.signOut({ scope: 'local' })
    },

    isKept: (): boolean => backend.keptSession.accessToken() !== null,

    /** Renews the session where needed. */
    async hasSession(): Promise<boolean> {
      const { data, error } = await backend.unlessStuck(() => auth.getSession())
      if (error) throw authError(backend, error)
      return data.session !== null
    },

    /** False when the server refuses for good. */
    async refresh(): Promise<boolean> {
      const { data, error } = await backend.unlessStuck(() => auth.refreshSession())
      if (!error) return data.session !== null
      const failure = authError(backend, error)
      if (failure.kind === 'offline' || failure.kind === 'server') throw failure
      return false
    },

    /**
     * The server also ends the other sessions.
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

    /** Newest first. */
    async sessions(signal?: AbortSignal): Promise<OwnSession[]> {
      const answer: unknown = await (await ask('sessions', { signal: signal ?? null })).json()
      if (v.is(sessionsSchema, answer)) return answer
      throw new AppError('server', 'the sessions have another form', { code: 'bad_answer' })
    },

    /** Accepts an already ended session. */
    async endSession(id: string): Promise<void> {
      await ask(`sessions/${encodeURIComponent(id)}`, { method: 'DELETE' }).catch((error) => {
        if (!(error instanceof AppError && error.code === 'session_unknown')) throw error
      })
    },

    async endOtherSessions(): Promise<void> {
      await ask('logout?scope=others', { method: 'POST' })
    },

    async email(): Promise<string | null> {
      const { data } = await backend.unlessStuck(() => auth.getSession())
      return data.session?.user.email ?? null
    },

    onSignedOut(listener: () => void): () => void {
      const { data } = auth.onAuthStateChange((event) => {
        if (event === 'SIGNED_OUT') listener()
      })
      return () => data.subscription.unsubscribe()
    },

    /** Also for sign-ins in other tabs. */
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
