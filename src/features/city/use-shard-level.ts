import { computed, onScopeDispose, ref, shallowRef, watch } from 'vue'
import { cityRepo, type ShardState } from '@/data/city.repo.ts'
import { isAbort, toAppError, type AppError } from '@/data/errors.ts'
import type { AreaLevel } from '@/domain/vocabulary.ts'
import { useServerQuery } from '@/stores/server-query.ts'
import { useSessionStore } from '@/stores/session.store.ts'

/** Milliseconds between two questions while keys move. */
const pollMs = 1_000

/** The city's shard level and its change. The server judges, and moves the keys on its own. */
export function useShardLevel() {
  const session = useSessionStore()
  /** No server of ours runs on a Supabase. */
  const isElsewhere = computed(
    () => session.config?.tier === 'supabase' || state.error.value?.status === 404,
  )
  const state = useServerQuery<ShardState>(() =>
    session.config?.tier === 'supabase'
      ? null
      : {
          key: ['shard-level'],
          ask: ({ call, signal }) => call((backend) => cityRepo(backend).shardState(signal)),
        },
  )
  const move = computed(() => state.data.value?.lastMove ?? null)
  const isMoving = computed(() => move.value !== null && move.value.finishedAt === null)
  let timer: ReturnType<typeof setTimeout> | undefined
  watch(
    [isMoving, state.busy],
    () => {
      clearTimeout(timer)
      if (isMoving.value && !state.busy.value) timer = setTimeout(() => void state.reload(), pollMs)
    },
    { immediate: true },
  )
  onScopeDispose(() => clearTimeout(timer))

  const error = shallowRef<AppError | null>(null)
  const isSending = ref(false)
  async function choose(level: AreaLevel): Promise<void> {
    isSending.value = true
    error.value = null
    try {
      await session.guard(() => cityRepo(session.backend!).setShardLevel(level))
    } catch (failure) {
      if (!isAbort(failure)) error.value = toAppError(failure)
    } finally {
      isSending.value = false
      await state.reload()
    }
  }
  return { state, isElsewhere, move, isMoving, error, isSending, choose }
}
