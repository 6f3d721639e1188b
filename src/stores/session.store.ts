import { acceptHMRUpdate, defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import { createBackend, type Backend } from '@/data/client.ts'
import { isConfig, loadConfig, type ConfigWait } from '@/data/config.ts'
import { openDeviceStore, type DeviceStore, type KeptPerson } from '@/device/device-store.ts'
import { AppError, isAbort, toAppError } from '@/data/errors.ts'
import { forgetProblems } from '@/data/problems.ts'
import {
  sessionRepo,
  type OwnSession,
  type SessionContext,
  type SessionRepo,
} from '@/data/session.repo.ts'
import { wait as pause } from '@/data/wait.ts'
import type { AppConfig } from '@/domain/city/config.ts'
import type { Role } from '@/domain/vocabulary.ts'

export type SessionStatus = 'starting' | 'signed-out' | 'signed-in'
export type SignedOutReason = 'left' | 'expired' | null

interface StartOptions {
  signal?: AbortSignal
  fetch?: typeof globalThis.fetch
  origin?: string
  storage?: Storage
  device?: DeviceStore
}

/** Milliseconds. */
const longestPause = 30_000

/**
 * The signed-in person is kept for an offline start. Only the auth server's refusal ends a kept
 * session.
 */
export const useSessionStore = defineStore('session', () => {
  const status = ref<SessionStatus>('starting')
  const config = shallowRef<AppConfig | null>(null)
  const context = shallowRef<SessionContext | null>(null)
  const email = ref<string | null>(null)
  const signedOutReason = ref<SignedOutReason>(null)
  /** Path that an expired session interrupted. */
  const returnTo = ref<string | null>(null)
  /** Of the person whose session expired, for the sign-in form; gone with the page. */
  const returnEmail = ref<string | null>(null)
  const wait = shallowRef<ConfigWait | null>(null)
  const startError = shallowRef<AppError | null>(null)

  /** Confirmed by the server since the page opened. */
  const verified = ref(false)
  /** The person whose session expired. */
  const interrupted = shallowRef<(Pick<KeptPerson, 'userId' | 'unsent'> & { name: string }) | null>(
    null,
  )

  const backend = shallowRef<Backend | null>(null)
  /** Incremented at sign-out. Answers to earlier requests are dropped. */
  let visit = 0
  let repo: SessionRepo | null = null
  let device = openDeviceStore()
  let host: StartOptions = {}

  const memberships = computed(() => context.value?.memberships ?? [])
  const roles = computed<Role[]>(() => [...new Set(memberships.value.map((one) => one.role))])
  const hasRole = (...wanted: Role[]): boolean => wanted.some((role) => roles.value.includes(role))
  /** Cache key prefix; null when signed out. */
  const scope = computed(() =>
    config.value && context.value
      ? `${config.value.instanceId}|${context.value.userId}|${context.value.scopeKey}`
      : null,
  )

  /** Opens with the kept person, or waits for the server. */
  async function start(options: StartOptions = {}): Promise<void> {
    startError.value = null
    host = options
    device = options.device ?? openDeviceStore()
    try {
      const known = await device.readConfig()
      const kept = isConfig(known) ? known : null
      const person = kept && (await device.readPerson(kept.instanceId))
      if (kept) openBackend(kept)
      if (kept && person?.state === 'in') {
        context.value = person.context
        email.value = person.email
        status.value = 'signed-in'
        void confirm()
      } else if (kept && (person || !needed().isKept())) {
        if (person?.state === 'expired') remember(person)
        // A renewal running at sign-out may have restored the session.
        if (needed().isKept()) void needed().signOut()
        status.value = 'signed-out'
        void confirm()
      } else await startFresh()
    } catch (error) {
      if (isAbort(error)) return
      const failure = toAppError(error)
      if (failure.kind === 'unauthorized') expire()
      else startError.value = failure
    }
  }

  async function startFresh(): Promise<void> {
    const found = await loadConfig({
      signal: host.signal,
      fetch: host.fetch,
      onWait: (reason) => (wait.value = reason),
    })
    wait.value = null
    await device.writeConfig(found)
    openBackend(found)
    if (await needed().hasSession()) await loadContext()
    else status.value = 'signed-out'
  }

  function openBackend(found: AppConfig): void {
    config.value = found
    backend.value = createBackend(found, host)
    const opened = sessionRepo(backend.value)
    repo = opened
    // auth-js ended the session. No `signOut` here: another tab may have begun a new one.
    opened.onSignedOut(() => {
      if (repo === opened) end()
    })
    opened.onSignedIn((userId) => {
      if (repo === opened && context.value && context.value.userId !== userId) void takeOver()
    })
  }

  /** Another tab signed in somebody else: hides the previous data until the new context loads. */
  async function takeOver(): Promise<void> {
    forget(null)
    status.value = 'starting'
    try {
      await loadContext()
    } catch {
      forget('expired')
    }
  }

  async function confirm(): Promise<void> {
    for (let failures = 0; ; failures++) {
      try {
        const { signal, fetch } = host
        const found = await loadConfig({ signal, fetch, isPatient: true, maxMs: longestPause })
        await takeConfig(found)
        if (status.value === 'signed-in' && !verified.value) {
          if (await needed().hasSession()) await loadContext()
          else expire()
        }
        return
      } catch (error) {
        if (isAbort(error) || status.value !== 'signed-in') return
        await pause(Math.min(longestPause, 1000 * 2 ** failures))
      }
    }
  }

  async function takeConfig(found: AppConfig): Promise<void> {
    const before = config.value
    await device.writeConfig(found)
    if (before?.instanceId !== found.instanceId) {
      // Another database with other users; the old outbox stays.
      openBackend(found)
      if (status.value === 'signed-in') forget('expired')
    } else if (JSON.stringify(before) !== JSON.stringify(found)) {
      const isSameDoor =
        before.supabaseUrl === found.supabaseUrl && before.publishableKey === found.publishableKey
      if (isSameDoor) config.value = found
      else openBackend(found)
    }
  }

  /** Asks once whether the city has another street map by now. Without an answer nothing changes. */
  async function lookAtCity(): Promise<void> {
    try {
      const signal = AbortSignal.timeout(5_000)
      const found = await loadConfig({ signal, fetch: host.fetch })
      if (found.instanceId === config.value?.instanceId) await takeConfig(found)
    } catch {
      // The next look asks again.
    }
  }

  async function signIn(address: string, password: string): Promise<void> {
    await needed().signIn(address.trim(), password)
    await loadContext()
    signedOutReason.value = null
    interrupted.value = null
  }

  /** Stores `left` first: a page opened meanwhile would sign in again. */
  async function signOut(): Promise<void> {
    const gone = whoIsHere()
    visit++
    if (gone) await device.changePerson(gone, (person) => ({ ...person, state: 'left' }))
    forget('left')
    await needed().signOut()
  }

  /** For the sign-in page. */
  async function keepUnsent(unsent: number): Promise<void> {
    const here = whoIsHere()
    if (here) await device.changePerson(here, (person) => ({ ...person, unsent }))
  }

  /** For an outbox that cannot be opened. */
  async function keptUnsent(): Promise<number> {
    const here = whoIsHere()
    const person = here && (await device.readPerson(here.instanceId))
    return person && person.userId === here.userId ? person.unsent : 0
  }

  /** Ids differ between instances, so `isMe` also compares e-mail addresses. */
  async function peopleOfDevice(): Promise<
    (Pick<KeptPerson, 'instanceId' | 'userId'> & { isMe: boolean })[]
  > {
    return (await device.readPeople()).map((person) => ({
      instanceId: person.instanceId,
      userId: person.userId,
      isMe:
        person.userId === context.value?.userId ||
        (person.email !== null && person.email === email.value),
    }))
  }

  function whoIsHere(): Pick<KeptPerson, 'instanceId' | 'userId'> | null {
    if (!config.value || !context.value) return null
    return { instanceId: config.value.instanceId, userId: context.value.userId }
  }

  /** Ends other sessions too. @throws AppError with the codes of `SessionRepo.changePassword` */
  const changePassword = (current: string, next: string): Promise<void> =>
    guard(() => needed().changePassword(current, next))

  /** Only on our own server. */
  const ownSessions = (signal?: AbortSignal): Promise<OwnSession[]> =>
    guard(() => needed().sessions(signal))
  const endSession = (id: string): Promise<void> => guard(() => needed().endSession(id))
  const endOtherSessions = (): Promise<void> => guard(() => needed().endOtherSessions())

  async function refreshContext(signal?: AbortSignal): Promise<void> {
    const began = visit
    await guard(async () => {
      const found = await needed().context(signal)
      if (began === visit) context.value = found
    })
    await keepPerson(began)
  }

  let refreshing: Promise<boolean> | null = null
  /** Renews a refused session once and retries. If that fails, the session expires. */
  async function guard<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call()
    } catch (error) {
      if (!(error instanceof AppError) || error.kind !== 'unauthorized') throw error
      // Calls refused together share one renewal.
      refreshing ??= needed()
        .refresh()
        .finally(() => (refreshing = null))
      if (await refreshing) return call()
      expire()
      throw error
    }
  }

  async function loadContext(): Promise<void> {
    const began = visit
    await guard(async () => {
      const found = await needed().context()
      const address = await needed().email()
      if (began !== visit) return
      email.value = address
      context.value = found
    })
    await keepPerson(began)
    if (began !== visit) return
    verified.value = true
    status.value = 'signed-in'
  }

  async function keepPerson(began: number): Promise<void> {
    const here = whoIsHere()
    if (!here || !context.value) return
    const before = await device.readPerson(here.instanceId)
    // After a sign-out meanwhile, do not store the person as `in`.
    if (began !== visit) return
    const isSame = before?.userId === here.userId
    await device.writePerson({
      ...here,
      email: email.value,
      context: context.value,
      state: 'in',
      signedInAt: isSame && before.state === 'in' ? before.signedInAt : Date.now(),
      unsent: isSame ? before.unsent : 0,
    })
  }

  function expire(): void {
    if (end()) void needed().signOut()
  }

  /** False when already signed out. */
  function end(): boolean {
    if (status.value === 'signed-out') return false
    const had = status.value === 'signed-in'
    const gone = whoIsHere()
    const address = email.value
    forget('expired')
    returnEmail.value = address
    if (had && typeof location !== 'undefined') returnTo.value = location.pathname + location.search
    if (gone)
      void device.changePerson(gone, (person) => {
        if (person.state !== 'in') return person
        const expired: KeptPerson = { ...person, state: 'expired' }
        remember(expired)
        return expired
      })
    return true
  }

  const remember = ({ userId, unsent, context: { displayName: name } }: KeptPerson): void =>
    void (interrupted.value = { userId, unsent, name })

  function forget(reason: SignedOutReason): void {
    visit++
    context.value = null
    email.value = null
    returnTo.value = null
    returnEmail.value = null
    verified.value = false
    signedOutReason.value = reason
    status.value = 'signed-out'
    forgetProblems()
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
    returnEmail,
    wait,
    startError,
    backend,
    verified,
    interrupted,
    start,
    lookAtCity,
    signIn,
    signOut,
    changePassword,
    ownSessions,
    endSession,
    endOtherSessions,
    refreshContext,
    keepUnsent,
    keptUnsent,
    peopleOfDevice,
    guard,
    hasRole,
  }
})

if (import.meta.hot) import.meta.hot.accept(acceptHMRUpdate(useSessionStore, import.meta.hot))
