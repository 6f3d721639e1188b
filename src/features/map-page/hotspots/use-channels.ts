import { useDebounceFn } from '@vueuse/core'
import { computed, shallowRef, watch } from 'vue'
import { findingsRepo } from '@/data/findings.repo.ts'
import type { ChannelCount } from '@/domain/answers/channels.ts'
import { useServerQuery } from '@/stores/server-query.ts'
import { useFilterStore } from '@/stores/view/filter.store.ts'
import { useWorkStore } from '@/stores/work.store.ts'

/** A drag changes the filter every frame; the server is asked at its end. */
const settleMs = 300

/** Asks the server for channels, which the columns do not hold: in these areas and in the city. */
export function useChannels(areas: () => readonly string[]) {
  const filter = useFilterStore()
  const work = useWorkStore()
  const wanted = computed(() => {
    const codes = areas()
    if (!filter.periodKnown || codes.length === 0) return null
    return { filter: { ...filter.effective, areas: [] }, codes }
  })
  const asked = shallowRef(wanted.value)
  const settle = useDebounceFn(() => void (asked.value = wanted.value), settleMs)
  watch(wanted, () => void settle())
  const { data, error, reload } = useServerQuery<{ codes: string; counts: ChannelCount[] }>(
    () => {
      const { value: under } = asked
      return (
        under && {
          key: ['channels', JSON.stringify(under)],
          ask: async ({ call, signal }) => ({
            codes: under.codes.join(),
            counts: await call((backend) =>
              findingsRepo(backend).channels(under.filter, under.codes, signal),
            ),
          }),
        }
      )
    },
    { revision: () => work.dataRevision },
  )
  const channels = computed(() => (data.value?.codes === areas().join() ? data.value.counts : null))
  return { channels, error, reload }
}
