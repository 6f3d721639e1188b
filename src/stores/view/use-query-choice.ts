import { computed, type WritableComputedRef } from 'vue'
import { useRoute, useRouter } from 'vue-router'
import { queryWriter } from './query-writer.ts'

/**
 * One of several ways to look at the page, kept in the URL so that a link shows the same; the usual
 * one is not written. A change is no step of the browser's history: it narrows nothing.
 */
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
