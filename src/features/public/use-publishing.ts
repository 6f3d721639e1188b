import { computed, onScopeDispose, ref, shallowRef, watch } from 'vue'
import { isAbort, toAppError, type AppError } from '@/data/errors.ts'
import {
  publicationsRepo,
  type PublicationPreview,
  type PublishingState,
  type PublishingWish,
} from '@/data/publications.repo.ts'
import { monthFromNumber, monthNumber } from '@/domain/time/calendar.ts'
import type { AreaLevel, LocalMonth } from '@/domain/vocabulary.ts'
import { useServerQuery } from '@/stores/server-query.ts'
import { useSessionStore } from '@/stores/session.store.ts'

/** Months offered first: a quarter is quickly looked through. */
const usualMonths = 3

/** Lists publications, previews the next and publishes or withdraws. The server judges each act. */
export function usePublishing() {
  const session = useSessionStore()
  /** No server of ours runs on a Supabase. */
  const isElsewhere = computed(
    () => session.config?.tier === 'supabase' || state.error.value?.status === 404,
  )
  const state = useServerQuery<PublishingState>(() =>
    session.config?.tier === 'supabase'
      ? null
      : {
          key: ['publications'],
          ask: ({ call, signal }) => call((backend) => publicationsRepo(backend).state(signal)),
        },
  )

  /** Newest first. */
  const months = computed<LocalMonth[]>(() => {
    const { firstMonth, lastMonth } = state.data.value ?? {}
    if (!firstMonth || !lastMonth) return []
    const [first, last] = [monthNumber(firstMonth), monthNumber(lastMonth)]
    return Array.from({ length: last - first + 1 }, (_, at) => monthFromNumber(last - at))
  })
  const from = ref<LocalMonth | null>(null)
  const to = ref<LocalMonth | null>(null)
  const level = ref<AreaLevel | null>(null)
  watch(
    [months, () => state.data.value?.level],
    ([list, settled]) => {
      level.value = settled ?? level.value
      if (list.length === 0 || from.value || to.value) return
      ;[from.value, to.value] = usualSpan(list)
    },
    { immediate: true },
  )
  /** New months, else those told together last: others would give small figures away. */
  function usualSpan(list: readonly LocalMonth[]): [LocalMonth, LocalMonth] {
    const { countedMonths = [], publications: [newest] = [] } = state.data.value ?? {}
    const old = list.findIndex((month) => countedMonths.includes(month))
    if (old === 0 && newest) return [newest.from, newest.to]
    const count = Math.min(usualMonths, old < 0 ? list.length : Math.max(1, old))
    return [list[count - 1]!, list[0]!]
  }
  const wish = computed<PublishingWish | null>(() => {
    if (!from.value || !to.value || from.value > to.value || !level.value) return null
    return { from: from.value, to: to.value, level: level.value }
  })

  const preview = shallowRef<(PublicationPreview & { wish: PublishingWish }) | null>(null)
  const error = shallowRef<AppError | null>(null)
  const busy = ref<'preview' | 'publish' | 'withdraw' | null>(null)
  const done = ref<'published' | 'withdrawn' | null>(null)
  let asking: AbortController | null = null
  const cancel = (): void => asking?.abort()
  onScopeDispose(cancel)
  watch(wish, () => {
    cancel()
    preview.value = null
    error.value = null
  })

  async function act(
    name: NonNullable<typeof busy.value>,
    run: () => Promise<void>,
  ): Promise<void> {
    busy.value = name
    error.value = null
    done.value = null
    try {
      await run()
    } catch (failure) {
      if (!isAbort(failure)) error.value = toAppError(failure)
    } finally {
      busy.value = null
    }
  }
  const repo = () => publicationsRepo(session.backend!)

  const look = (): Promise<void> =>
    act('preview', async () => {
      const { value: wanted } = wish
      if (!wanted) return
      preview.value = null
      const { signal } = (asking = new AbortController())
      const found = await session.guard(() => repo().preview(wanted, signal))
      if (wish.value === wanted) preview.value = { ...found, wish: wanted }
    })
  const publish = (): Promise<void> =>
    act('publish', async () => {
      const { value: seen } = preview
      if (!seen) return
      await session.guard(() => repo().publish({ ...seen.wish, basis: seen.basis }))
      preview.value = null
      await state.reload()
      done.value = 'published'
    })
  const withdraw = (id: number): Promise<void> =>
    act('withdraw', async () => {
      await session.guard(() => repo().withdraw(id))
      await state.reload()
      done.value = 'withdrawn'
    })

  return {
    ...{ state, isElsewhere, months, from, to, level, wish },
    ...{ preview, error, busy, done, look, cancel, publish, withdraw },
  }
}
