import { computed, type WritableComputedRef } from 'vue'
import { useRoute, useRouter } from 'vue-router'
import { queryWriter } from './query-writer.ts'

/** Kept in the URL, so that a link shows the same view. Changes add no history step. */
export function useQueryChoice<Choice extends string | null>(
  key: string,
  choices: () => readonly Choice[],
  usual: () => Choice,
): WritableComputedRef<Choice> {
  const route = useRoute()
  const writer = queryWriter(useRouter())
  return computed({
    get: () => choices().find((choice) => choice === route.query[key]) ?? usual(),
    set: (next) => writer.patch({ [key]: next === usual() ? null : next }, 'replace'),
  })
}
