import { acceptHMRUpdate, defineStore } from 'pinia'
import { computed, inject, markRaw, shallowRef, watch, type InjectionKey } from 'vue'
import type { Backend } from '@/data/client.ts'
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

/** The outside world of the outbox; given by `app.provide` where it is not the browser's own. */
export interface OutboxOutside {
  open: (options: OpenOptions) => Promise<Outbox>
}
export const outboxOutsideKey: InjectionKey<OutboxOutside> = Symbol('outbox outside')
const browserOutside = (): OutboxOutside => ({
  // IndexedDB's library stays out of what a first visit loads.
  open: async (options) => (await import('@/sync/index.ts')).openOutbox(options),
})

export type OutboxPhase = 'closed' | 'opening' | 'open' | 'failed'

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
 * The signed-in person's outbox: opened with the session, closed with it, never shared between two
 * people or two servers. Pages watch `revision` and ask `outbox` again.
 */
export const useOutboxStore = defineStore('outbox', () => {
  const outside = inject(outboxOutsideKey, browserOutside, true)
  const session = useSessionStore()
  const forms = useUnsavedStore()

  const phase = shallowRef<OutboxPhase>('closed')
  /** Why it could not be opened. */
  const error = shallowRef<OutboxError | null>(null)
  /** Null until open: pages that need it right away await `whenOpen()`. */
  const outbox = shallowRef<Outbox | null>(null)
  const counts = shallowRef<Readonly<Record<ItemState, number>>>(nothing)
  const sendStatus = shallowRef<SendStatus>({ kind: 'idle' })
  /** Grows with every change of drafts or queue, in this tab or another. */
  const revision = shallowRef(0)

  /** What would be lost with the device: drafts, and everything the server has not received. */
  const unsent = computed(
    () =>
      counts.value.draft +
      counts.value.queued +
      counts.value.sending +
      counts.value.conflict +
      counts.value.rejected,
  )
  /** What goes by itself once there is a network. */
  const underway = computed(() => counts.value.queued + counts.value.sending)
  /**
   * What lies unsent on this device for servers of before. Only its own person may see into a queue; of
   * others' no more is known than how much there is.
   */
  const elsewhere = shallowRef<readonly (WaitingQueue & { isMine: boolean })[]>([])
  /** What the server refused or what conflicts with its version. */
  const stuck = computed(() => counts.value.conflict + counts.value.rejected)
  /** What goes nowhere without the person, what waits for an earlier server included. */
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

  /** The open outbox. @throws OutboxError; AppError kind `unauthorized` when nobody is signed in */
  async function whenOpen(): Promise<Outbox> {
    if (outbox.value) return outbox.value
    // Somebody has just come: the outbox before theirs is closed first.
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

  /** Asks anew what waits for servers of before. */
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

  /** One count at a time, and one more when something changed meanwhile. */
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
        if (outbox.value === current) counts.value = found
      }
    } catch (failure) {
      if (outbox.value === current) report('outbox-read', failure)
    } finally {
      counting = false
    }
  }

  /** Nobody gets at it any more; it closes once the forms have put into it what they hold. */
  async function close(): Promise<void> {
    generation++
    const current = outbox.value
    // Begun before anything else: the page goes away with the session.
    const saved = current && saveForms()
    outbox.value = null
    opening = null
    phase.value = 'closed'
    counts.value = nothing
    elsewhere.value = []
    sendStatus.value = { kind: 'idle' }
    // Whoever comes next waits only for the sender: a photo may take a while, and has its own store.
    await current?.stop()
    void saved?.then(() => current?.close())
  }
  const saveForms = (): Promise<void> =>
    forms.saveAll().catch((failure: unknown) => report('draft', failure))

  /** Sends in the name of this one person only; renews the session once where it ran out. */
  function transportFor(userId: string): Transport {
    const asOwner = async <T>(call: (backend: Backend) => Promise<T>): Promise<T> => {
      const { backend, context } = session
      // before `guard`, which would end the other person's session over it
      if (context?.userId !== userId || !backend)
        throw new AppError('unauthorized', 'somebody else is signed in', { code: 'other_user' })
      return session.guard(() => call(backend))
    }
    return {
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

  /** Tries again after `failed`. */
  async function reopen(): Promise<void> {
    await close()
    openForOwner()
    await whenOpen()
  }

  watch(
    ownerKey,
    (key) => {
      // Closed at once, opened when all that came before is closed: two quick changes must not cross.
      changing = Promise.allSettled([close(), changing]).then(() => {
        if (key !== null && ownerKey.value === key) openForOwner()
      })
    },
    // A page that is made for whoever has just come already asks for their outbox.
    { immediate: true, flush: 'sync' },
  )
  // A session renewed or signed in again wakes a queue that waits for it.
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
