import * as v from 'valibot'
import { roles, type Role } from '@/domain/vocabulary.ts'
import { callRpc, type Backend } from './client.ts'
import { AppError, errorFromAnswer, type ErrorAnswer } from './errors.ts'

export interface Membership {
  role: Role
  areaCode: string
  areaPath: string
  areaName: string
  departmentCode: string | null
}

export interface SessionContext {
  userId: string
  displayName: string
  locale: string | null
  memberships: Membership[]
  /** Changes when what the person may see changes. */
  scopeKey: string
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
})

interface AuthFailure extends ErrorAnswer {
  name?: string
}

const authError = (backend: Backend, error: AuthFailure): AppError => {
  // auth-js gives a network failure this name and the status 0 or the proxy's.
  const status = error.name === 'AuthRetryableFetchError' ? 0 : (error.status ?? 0)
  return errorFromAnswer(error, status, status === 429 ? backend.retryAfterSeconds() : null)
}

export const sessionRepo = (backend: Backend) => {
  const { auth } = backend.supabase
  // Until auth-js has looked at the kept session, it may be waiting for a network to renew it.
  let hasLooked = false
  void auth.initialize().then(() => (hasLooked = true))
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
     * Checks the current password in a client of its own, so that a wrong one leaves the session
     * as it is, then sets the new one.
     * @throws AppError code `wrong_password` when the current password is wrong
     */
    async changePassword(email: string, current: string, next: string): Promise<void> {
      const { error: wrong } = await backend
        .probe()
        .auth.signInWithPassword({ email, password: current })
      if (wrong) {
        const failure = authError(backend, wrong)
        if (failure.kind !== 'unauthorized') throw failure
        throw new AppError('invalid', 'the current password is wrong', {
          status: failure.status,
          code: 'wrong_password',
        })
      }
      const { error } = await auth.updateUser({ password: next })
      if (error) throw authError(backend, error)
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
