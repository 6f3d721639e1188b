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

/** The categories somebody uses: remembered on this device, under the account. */
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

  /** Changes what is kept, not what stands here before that has been read. */
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
      // Favourites are left out when shown, so a few more are kept than shown.
      recent: [code, ...before.filter((one) => one !== code)].slice(0, mostRecent * 3),
    }))
  return { favourites, recent, isFavourite, toggleFavourite, noteUse }
}
export type CategoryShortcuts = ReturnType<typeof useCategoryShortcuts>
