import { refDebounced } from '@vueuse/core'
import { computed, type ComputedRef } from 'vue'
import { incidentsRepo, type IncidentSearch } from '@/data/incidents.repo.ts'
import { useServerQuery } from '@/stores/server-query.ts'
import { knownAddresses, type KnownAddress } from './known-addresses.ts'

/** Milliseconds after the last key. */
const patience = 300
const most = { rows: 30, characters: 200 }

/** Addresses reported before that match a text, as far as the person may see; none without a network. */
export function useKnownAddresses(text: () => string): {
  addresses: ComputedRef<readonly KnownAddress[]>
  isAsking: ComputedRef<boolean>
} {
  const shown = computed(() => text().trim().slice(0, most.characters))
  const asked = refDebounced(shown, patience)
  const answer = useServerQuery<{ text: string } & IncidentSearch>(() =>
    asked.value.length < 2
      ? null
      : {
          key: ['addresses', asked.value],
          ask: async ({ call, signal }) => ({
            text: asked.value,
            ...(await call((backend) =>
              incidentsRepo(backend).search(asked.value, most.rows, signal),
            )),
          }),
        },
  )
  const found = computed(() => (answer.data.value?.text === shown.value ? answer.data.value : null))
  return {
    addresses: computed(() => knownAddresses(found.value?.rows ?? [], shown.value)),
    isAsking: computed(
      () => shown.value.length > 1 && found.value === null && answer.error.value === null,
    ),
  }
}
