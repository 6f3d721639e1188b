import { acceptHMRUpdate, defineStore } from 'pinia'
import { computed, inject, markRaw, shallowRef, watch, type InjectionKey } from 'vue'
import type { Backend } from '@/data/client.ts'
import { knock } from '@/data/config.ts'
import { commandsRepo } from '@/data/commands.repo.ts'
import { AppError } from '@/data/errors.ts'
import { photosRepo } from '@/data/photos.repo.ts'
import { report } from '@/data/problems.ts'
import type {
  ItemState,
  OpenOptions,
  Outbox,
  OutboxError,
  SendStatus,
  Transport,
  WaitingQueue,
} from '@/sync/index.ts'
import { useSessionStore } from '../session.store.ts'
import { useUnsavedStore } from './unsaved.store.ts'

/** Tests replace it with `app.provide`. */
export interface OutboxOutside {
  open: (options: OpenOptions) => Promise<Outbox>
}
export const outboxOutsideKey: InjectionKey<OutboxOutside> = Symbol('outbox outside')
const browserOutside = (): OutboxOutside => ({
  // Keeps IndexedDB's library out of the first bundle.
  open: async (options) => (await import('@/sync/index.ts')).openOutbox(options),
})

export type OutboxPhase = 'closed' | 'opening' | 'open' | 'failed'

/** While a long queue is sent: each question takes the server's time from it. */
const arrivalsMs = 5000

const nothing: Record<ItemState, number> = {
  draft: 0,
  queued: 0,
  sending: 0,
  received: 0,
  conflict: 0,
  rejected: 0,
  replaced: 0,
}

/**
 * The signed-in person's outbox, never shared between people or servers. Pages reread it when
 * `revision` changes.
 */
export const useOutboxStore = defineStore('outbox', () => {
  const outside = inject(outboxOutsideKey, browserOutside, true)
  const session = useSessionStore()
  const forms = useUnsavedStore()

  const phase = shallowRef<OutboxPhase>('closed')
  const error = shallowRef<OutboxError | null>(null)
  /** Use `whenOpen()` to wait. */
  const outbox = shallowRef<Outbox | null>(null)
  const counts = shallowRef<Readonly<Record<ItemState, number>>>(nothing)
  const sendStatus = shallowRef<SendStatus>({ kind: 'idle' })
  /** Incremented when drafts or queue change, in any tab. */
  const revision = shallowRef(0)
  /**
   * Incremented when receipts came and the server may be asked again: once nothing is being sent, and
   * now and then while a long queue is.
   */
  const arrivals = shallowRef(0)

  /** Drafts and items not received. */
  const unsent = computed(
    () =>
      counts.value.draft +
      counts.value.queued +
      counts.value.sending +
      counts.value.conflict +
      counts.value.rejected,
  )
  /** Sent automatically once online. */
  const underway = computed(() => counts.value.queued + counts.value.sending)
  /** Unsent queues for earlier instances; of other people's only the size. */
  const elsewhere = shallowRef<readonly (WaitingQueue & { isMine: boolean })[]>([])
  /** Refused or in conflict. */
  const stuck = computed(() => counts.value.conflict + counts.value.rejected)
  /** Includes the person's items for earlier instances. */
  const needsPerson = computed(() =>
    elsewhere.value.reduce((sum, { isMine, unsent }) => sum + (isMine ? unsent : 0), stuck.value),
  )

  const owner = computed(() =>
    session.config && session.context
      ? { instanceId: session.config.instanceId, userId: session.context.userId }
      : null,
  )
  const ownerKey = computed(() => owner.value && `${owner.value.instanceId}|${owner.value.userId}`)

  let opening: Promise<Outbox> | null = null
  let generation = 0
  let changing: Promise<void> = Promise.resolve()

  /** @throws OutboxError; AppError kind `unauthorized` when nobody is signed in */
  async function whenOpen(): Promise<Outbox> {
    if (outbox.value) return outbox.value
    // Wait for the previous outbox to close.
    await changing
    if (outbox.value) return outbox.value
    if (!opening) throw new AppError('unauthorized', 'nobody is signed in')
    return opening
  }

  async function open(who: { instanceId: string; userId: string }): Promise<Outbox> {
    const mine = ++generation
    phase.value = 'opening'
    error.value = null
    const opened = markRaw(await outside.open({ ...who, transport: transportFor(who.userId) }))
    if (mine !== generation) {
      await opened.close()
      throw new AppError('unauthorized', 'another person signed in meanwhile')
    }
    outbox.value = opened
    phase.value = 'open'
    sendStatus.value = opened.status.value
    opened.status.subscribe((now) => {
      if (outbox.value === opened) sendStatus.value = now
    })
    opened.subscribe(() => void count(opened))
    await count(opened)
    opened.start()
    void lookElsewhere()
    return opened
  }

  async function lookElsewhere(): Promise<void> {
    const { value: current } = outbox
    if (!current) return
    try {
      const people = await session.peopleOfDevice()
      const isMe = (userId: string) =>
        userId === current.userId || people.some((one) => one.userId === userId && one.isMe)
      const queues = await current.waitingElsewhere(people)
      if (outbox.value === current)
        elsewhere.value = queues.map((queue) => ({ ...queue, isMine: isMe(queue.userId) }))
    } catch (failure) {
      report('outbox-read', failure)
    }
  }

  /** A change during a count causes one more. */
  let counting = false
  let countAgain = false
  async function count(current: Outbox): Promise<void> {
    if (outbox.value !== current) return
    revision.value++
    countAgain = true
    if (counting) return
    counting = true
    try {
      while (countAgain && outbox.value === current) {
        countAgain = false
        const found = await current.counts()
        if (outbox.value === current) noteCounts(found)
      }
    } catch (failure) {
      if (outbox.value === current) report('outbox-read', failure)
    } finally {
      counting = false
    }
  }

  /** Of the last rest or the last word of arrivals. */
  let restedAt = 0
  let toldOf = 0
  function noteCounts(found: Record<ItemState, number>): void {
    counts.value = found
    const now = Date.now()
    if (found.sending > 0 && now - restedAt < arrivalsMs) return
    restedAt = now
    if (found.received !== toldOf) arrivals.value++
    toldOf = found.received
  }

  /** The forms still save into the outbox before it closes. */
  async function close(): Promise<void> {
    generation++
    const current = outbox.value
    // Start saving first: the page disappears with the session.
    const saved = current && saveForms()
    outbox.value = null
    opening = null
    phase.value = 'closed'
    counts.value = nothing
    elsewhere.value = []
    sendStatus.value = { kind: 'idle' }
    // Wait only for the sender: a photo may still be saved, into its own account's store.
    await current?.stop()
    void saved?.then(() => current?.close())
  }
  const saveForms = (): Promise<void> =>
    forms.saveAll().catch((failure: unknown) => report('draft', failure))

  /** Sends only for this person. */
  function transportFor(userId: string): Transport {
    const asOwner = async <T>(call: (backend: Backend) => Promise<T>): Promise<T> => {
      const { backend, context } = session
      // Before `guard`, which would end the other person's session.
      if (context?.userId !== userId || !backend)
        throw new AppError('unauthorized', 'somebody else is signed in', { code: 'other_user' })
      return session.guard(() => call(backend))
    }
    return {
      knock: (signal) => knock(session.backend?.fetch ?? globalThis.fetch, signal),
      applyCommands: (commands, signal) =>
        asOwner((backend) => commandsRepo(backend).apply(commands, signal)),
      uploadPhoto: (photo, signal) =>
        asOwner((backend) => photosRepo(backend).upload(userId, photo, signal)),
    }
  }

  function openForOwner(): void {
    const who = owner.value
    if (!who) return
    const started = open(who)
    opening = started
    started.catch((failure: unknown) => {
      if (opening !== started) return
      error.value = failure as OutboxError
      phase.value = 'failed'
    })
  }

  /** Retries after `failed`. */
  async function reopen(): Promise<void> {
    await close()
    openForOwner()
    await whenOpen()
  }

  watch(
    ownerKey,
    (key) => {
      // Open only after all earlier closes: two quick changes must not overlap.
      changing = Promise.allSettled([close(), changing]).then(() => {
        if (key !== null && ownerKey.value === key) openForOwner()
      })
    },
    // Sync: a new page asks for the outbox immediately.
    { immediate: true, flush: 'sync' },
  )
  // A renewed session wakes a queue that waits for it.
  watch(
    () => session.context,
    (context) => {
      if (context) outbox.value?.resume(context.userId)
    },
  )

  return {
    phase,
    error,
    outbox,
    counts,
    sendStatus,
    revision,
    arrivals,
    unsent,
    underway,
    stuck,
    needsPerson,
    elsewhere,
    lookElsewhere,
    whenOpen,
    reopen,
    close,
  }
})

if (import.meta.hot) import.meta.hot.accept(acceptHMRUpdate(useOutboxStore, import.meta.hot))
