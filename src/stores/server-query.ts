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

interface Asking<T> {
  signal: AbortSignal
  /** Renews an expired session once. @throws when the question was aborted */
  call<R>(run: (backend: Backend) => Promise<R>): Promise<R>
  shown(): T | undefined
  /** Shows kept data, or the first pages, before the answer. */
  show(data: T): void
}

export interface Question<T> {
  /** Without the session's scope. */
  key: EntryKey
  ask(asking: Asking<T>): Promise<T>
}

interface PagedQuestion<Page> {
  key: EntryKey
  /** @param after null for the first page, else the previous page's `next` */
  ask(call: Asking<Page>['call'], signal: AbortSignal, after: unknown): Promise<Page>
}

interface Options {
  /** A change asks again. */
  revision?: () => unknown
  refetchOnReconnect?: boolean
  refetchOnWindowFocus?: boolean
}

export interface ServerAnswer<T> {
  /** Null before the first answer; stays after an error. */
  data: ComputedRef<T | null>
  busy: ComputedRef<boolean>
  error: Readonly<Ref<AppError | null>>
  reload(): Promise<void>
}

/** Milliseconds. */
const gcTime = 60_000
const root = 'server'

/**
 * Asks the server through Pinia Colada. A new question aborts the previous one; a new scope erases
 * all answers. A question that failed offline is repeated when a poll succeeds.
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

/** A reload fetches as many pages as are loaded. */
export function useServerPages<Page extends { next?: unknown }>(
  question: () => PagedQuestion<Page> | null,
  { revision }: Pick<Options, 'revision'>,
): ServerAnswer<UseInfiniteQueryData<Page, unknown>> & {
  hasMore: Readonly<Ref<boolean>>
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
    // `loadNextPage` would abort a running reload.
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

/** Colada recognizes an abort only by the signal's own reason. */
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
  // A question asked again before its abort finished joins the aborted call. Ask once more.
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
