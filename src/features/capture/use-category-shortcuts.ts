import { until } from '@vueuse/core'
import { computed } from 'vue'
import type { Category } from '@/domain/city/category.ts'
import { useCategoriesStore } from '@/stores/categories.store.ts'
import { useKept } from '@/stores/outbox/use-kept.ts'

const mostRecent = 4

interface Kept {
  /** Latest first. */
  recent: string[]
  favourites: string[]
}

/** Recent and favourite categories, kept on this device by account. */
export function useCategoryShortcuts() {
  const categories = useCategoriesStore()
  const { value: kept, ready } = useKept<Kept>(
    () => 'capture.categories',
    () => ({ recent: [], favourites: [] }),
  )
  const known = (codes: readonly string[]): Category[] =>
    codes.flatMap((code) => {
      const category = categories.byCode(code)
      return category ? [category] : []
    })

  const favourites = computed(() => known(kept.value.favourites))
  const recent = computed(() =>
    known(kept.value.recent.filter((code) => !kept.value.favourites.includes(code))).slice(
      0,
      mostRecent,
    ),
  )
  const isFavourite = (code: string): boolean => kept.value.favourites.includes(code)

  async function change(next: (before: Kept) => Partial<Kept>): Promise<void> {
    await until(ready).toBe(true)
    kept.value = { ...kept.value, ...next(kept.value) }
  }
  const toggleFavourite = (code: string): Promise<void> =>
    change(({ favourites: before }) => ({
      favourites: before.includes(code) ? before.filter((one) => one !== code) : [...before, code],
    }))
  const noteUse = (code: string): Promise<void> =>
    change(({ recent: before }) => ({
      // Keeps more than shown: favourites are hidden from this list.
      recent: [code, ...before.filter((one) => one !== code)].slice(0, mostRecent * 3),
    }))
  return { ready, favourites, recent, isFavourite, toggleFavourite, noteUse }
}
export type CategoryShortcuts = ReturnType<typeof useCategoryShortcuts>
