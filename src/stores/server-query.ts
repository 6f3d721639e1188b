import {
  toCacheKey,
  useInfiniteQuery,
  useQuery,
  useQueryCache,
  type EntryKey,
  type UseInfiniteQueryData,
  type UseQueryEntry,
  type UseQueryReturn,
} from '@pinia/colada'
import { defineStore } from 'pinia'
import { computed, watch, type ComputedRef, type Ref } from 'vue'
import type { Backend } from '@/data/client.ts'
import { toAppError, type AppError } from '@/data/errors.ts'
import { useColumnsStore } from './columns.store.ts'
import { useSessionStore } from './session.store.ts'

/** What a question may use while it is asked. */
interface Asking<T> {
  signal: AbortSignal
  /** Calls the server; renews an expired session once. @throws when the question was left meanwhile */
  call<R>(run: (backend: Backend) => Promise<R>): Promise<R>
  /** The data shown now. */
  shown(): T | undefined
  /** Shows data before the answer: the device's own, or the first pages. */
  show(data: T): void
}

export interface Question<T> {
  /** Names the question. The session's scope is put before it. */
  key: EntryKey
  ask(asking: Asking<T>): Promise<T>
}

interface PagedQuestion<Page> {
  key: EntryKey
  /** @param after null for the first page, else the `next` of the page before */
  ask(call: Asking<Page>['call'], signal: AbortSignal, after: unknown): Promise<Page>
}

interface Options {
  /** A change asks again; the data shown stay until the answer. */
  revision?: () => unknown
  refetchOnReconnect?: boolean
  refetchOnWindowFocus?: boolean
}

export interface ServerAnswer<T> {
  /** The last answer; null before the first one. An error leaves it in place. */
  data: ComputedRef<T | null>
  busy: ComputedRef<boolean>
  error: Readonly<Ref<AppError | null>>
  reload(): Promise<void>
}

/** Answers of pages that were left are kept this long. */
const gcTime = 60_000
const root = 'server'

/**
 * Asks the server through Pinia Colada, once for all who ask the same. A new question aborts the
 * one before, answers are erased with the session's scope, and a question that failed without a
 * network is asked again as soon as the server answers a poll.
 * @param question null for none
 */
export function useServerQuery<T>(
  question: () => Question<T> | null,
  { revision, ...options }: Options = {},
): ServerAnswer<T> {
  const session = useSessionStore()
  const cache = useQueryCache()
  useErasure()
  const query = useQuery<T, AppError>(() => {
    const asked = question()
    return {
      ...base(session, asked),
      ...options,
      query: ({ signal, entry }) => {
        const stored = entry as UseQueryEntry<T, AppError>
        const show = (data: T): void => {
          if (signal.aborted) return
          const { status, error } = stored.state.value
          cache.setEntryState(
            stored,
            status === 'error' ? { status, error, data } : { status: 'success', error: null, data },
          )
        }
        const shown = (): T | undefined => stored.state.value.data
        return told(signal, () =>
          asked!.ask({ signal, shown, show, call: calling(session, signal) }),
        )
      },
    }
  })
  return keepAsking(query, () => question()?.key, revision)
}

/** The same for an answer of several pages; asking again brings as many as are there. */
export function useServerPages<Page extends { next?: unknown }>(
  question: () => PagedQuestion<Page> | null,
  { revision }: Pick<Options, 'revision'>,
): ServerAnswer<UseInfiniteQueryData<Page, unknown>> & {
  hasMore: Readonly<Ref<boolean>>
  /** Resolves when the next page has come or failed. */
  loadMore(): Promise<void>
} {
  const session = useSessionStore()
  useErasure()
  const query = useInfiniteQuery<Page, AppError, unknown>(() => {
    const asked = question()
    return {
      ...base(session, asked),
      initialPageParam: null,
      getNextPageParam: ({ next }) => next,
      query: ({ signal, pageParam }) =>
        told(signal, () => asked!.ask(calling(session, signal), signal, pageParam)),
    }
  })
  let loading: Promise<void> | null = null
  async function loadNext(): Promise<void> {
    // `loadNextPage` would abort a reload that is under way.
    if (query.isLoading.value) await query.refresh()
    if (query.hasNextPage.value) await query.loadNextPage()
  }
  return {
    ...keepAsking(query, () => question()?.key, revision),
    hasMore: query.hasNextPage,
    loadMore: () => (loading ??= loadNext().finally(() => (loading = null))),
  }
}

type Session = ReturnType<typeof useSessionStore>

const base = (session: Session, question: { key: EntryKey } | null) => ({
  key: [root, session.scope, ...(question?.key ?? [])],
  enabled: question !== null && session.scope !== null && session.backend !== null,
  staleTime: 0,
  gcTime,
  refetchOnWindowFocus: false,
  refetchOnReconnect: false,
})

const calling =
  (session: Session, signal: AbortSignal): Asking<unknown>['call'] =>
  async (run) => {
    const answer = await session.guard(() => run(session.backend!))
    signal.throwIfAborted()
    return answer
  }

/** Colada knows an abort by the signal's own reason; any other failure is an error. */
async function told<T>(signal: AbortSignal, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (failure) {
    signal.throwIfAborted()
    throw toAppError(failure)
  }
}

function keepAsking<T>(
  query: UseQueryReturn<T, AppError>,
  key: () => EntryKey | undefined,
  revision: () => unknown = () => null,
): ServerAnswer<T> {
  const session = useSessionStore()
  const columns = useColumnsStore()
  const hash = () => toCacheKey(key())
  const isAsked = () => hash() !== undefined && session.scope !== null && session.backend !== null
  const reload = async (): Promise<void> => {
    if (isAsked()) await query.refetch()
  }
  watch([revision, hash], ([, now], [, before]) => {
    if (now === before) void reload()
  })
  watch(
    () => columns.answers,
    () => {
      if (query.error.value?.kind === 'offline') void reload()
    },
  )
  // A question taken up again before its abort was through joins the aborted call.
  watch(
    () => isAsked() && query.status.value === 'pending' && !query.isLoading.value,
    (isForgotten) => {
      if (isForgotten) void query.refresh()
    },
  )
  return {
    data: computed(() => query.data.value ?? null),
    busy: computed(() => query.isLoading.value),
    error: query.error,
    reload,
  }
}

/** Empties every answer when the person leaves or may see other things than before. */
const useErasure = defineStore('query-erasure', () => {
  const session = useSessionStore()
  const cache = useQueryCache()
  watch(
    () => session.scope,
    () => {
      for (const entry of cache.getEntries({ key: [root] })) {
        cache.cancel(entry)
        cache.setEntryState(entry, { status: 'pending', data: undefined, error: null })
      }
    },
    { flush: 'sync' },
  )
  return {}
})
