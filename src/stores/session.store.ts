import { acceptHMRUpdate, defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import { createBackend, type Backend } from '../data/client.ts'
import { loadConfig, type ConfigWait } from '../data/config.ts'
import { AppError, isAbort, toAppError } from '../data/errors.ts'
import { sessionRepo, type SessionContext, type SessionRepo } from '../data/session.repo.ts'
import type { AppConfig } from '../domain/config.ts'
import type { Role } from '../domain/vocabulary.ts'

export type SessionStatus = 'starting' | 'signed-out' | 'signed-in'
export type SignedOutReason = 'left' | 'expired' | null

interface StartOptions {
  signal?: AbortSignal
  /** For tests and other hosts: where configuration and data come from. */
  fetch?: typeof globalThis.fetch
  origin?: string
  storage?: Storage
}

/** Who is here: the server's configuration, the signed-in person and what they may see. */
export const useSessionStore = defineStore('session', () => {
  const status = ref<SessionStatus>('starting')
  const config = shallowRef<AppConfig | null>(null)
  const context = shallowRef<SessionContext | null>(null)
  const email = ref<string | null>(null)
  /** Why nobody is signed in; null before anybody was. */
  const signedOutReason = ref<SignedOutReason>(null)
  /** Full path of the page that an expired session interrupted, to return to. */
  const returnTo = ref<string | null>(null)
  /** Why start is still waiting for the server. */
  const wait = shallowRef<ConfigWait | null>(null)
  const startError = shallowRef<AppError | null>(null)

  const backend = shallowRef<Backend | null>(null)
  let repo: SessionRepo | null = null

  const memberships = computed(() => context.value?.memberships ?? [])
  const roles = computed<Role[]>(() => [...new Set(memberships.value.map((one) => one.role))])
  const hasRole = (...wanted: Role[]): boolean => wanted.some((role) => roles.value.includes(role))
  /** Keys every cache of what this person sees; null when nobody is signed in. */
  const scope = computed(() =>
    config.value && context.value
      ? `${config.value.instanceId}|${context.value.userId}|${context.value.scopeKey}`
      : null,
  )

  /** Waits for the server, then takes up a kept session. Ends in `signed-in` or `signed-out`. */
  async function start(options: StartOptions = {}): Promise<void> {
    startError.value = null
    try {
      config.value = await loadConfig({
        signal: options.signal,
        fetch: options.fetch,
        onWait: (reason) => (wait.value = reason),
      })
      wait.value = null
      backend.value = createBackend(config.value, options)
      repo = sessionRepo(backend.value)
      repo.onSignedOut(() => expire())
      if (await repo.hasSession()) await loadContext()
      else status.value = 'signed-out'
    } catch (error) {
      if (isAbort(error)) return
      const failure = toAppError(error)
      if (failure.kind === 'unauthorized') expire()
      else startError.value = failure
    }
  }

  async function signIn(address: string, password: string): Promise<void> {
    await needed().signIn(address.trim(), password)
    await loadContext()
    signedOutReason.value = null
  }

  /** Leaves; caches of what this person saw are erased by the stores that hold them. */
  async function signOut(): Promise<void> {
    forget('left')
    await needed().signOut()
  }

  /** @throws AppError code `wrong_password` when `current` is wrong */
  async function changePassword(current: string, next: string): Promise<void> {
    if (!email.value) throw new AppError('unauthorized', 'nobody is signed in')
    await needed().changePassword(email.value, current, next)
  }

  /** Asks again who is here, after the server said that the scope changed. */
  async function refreshContext(signal?: AbortSignal): Promise<void> {
    await guard(async () => {
      context.value = await needed().context(signal)
    })
  }

  let refreshing: Promise<boolean> | null = null
  /**
   * Runs a call; when the server refuses the session, renews it once and tries again. A session
   * that cannot be renewed ends: the state becomes signed-out with the reason kept.
   */
  async function guard<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call()
    } catch (error) {
      if (!(error instanceof AppError) || error.kind !== 'unauthorized') throw error
      // One renewal serves all calls that were refused at the same time.
      refreshing ??= needed()
        .refresh()
        .finally(() => (refreshing = null))
      if (await refreshing) return call()
      expire()
      throw error
    }
  }

  async function loadContext(): Promise<void> {
    await guard(async () => {
      const found = await needed().context()
      email.value = await needed().email()
      context.value = found
    })
    status.value = 'signed-in'
  }

  function expire(): void {
    if (status.value === 'signed-out') return
    const had = status.value === 'signed-in'
    forget('expired')
    if (had && typeof location !== 'undefined') returnTo.value = location.pathname + location.search
    void needed().signOut()
  }

  function forget(reason: SignedOutReason): void {
    context.value = null
    email.value = null
    returnTo.value = null
    signedOutReason.value = reason
    status.value = 'signed-out'
  }

  function needed(): SessionRepo {
    if (!repo) throw new AppError('server', 'the session has not started', { code: 'not_started' })
    return repo
  }

  return {
    status,
    config,
    context,
    email,
    memberships,
    roles,
    scope,
    signedOutReason,
    returnTo,
    wait,
    startError,
    backend,
    start,
    signIn,
    signOut,
    changePassword,
    refreshContext,
    guard,
    hasRole,
  }
})

if (import.meta.hot) import.meta.hot.accept(acceptHMRUpdate(useSessionStore, import.meta.hot))
