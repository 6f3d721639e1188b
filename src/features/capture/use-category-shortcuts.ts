import { computed } from 'vue'
import type { Category } from '@/domain/category.ts'
import { useCategoriesStore } from '@/stores/categories.store.ts'
import { useKept } from '@/stores/use-kept.ts'

const mostRecent = 4

interface Kept {
  /** Latest first. */
  recent: string[]
  favourites: string[]
}

/** The categories somebody uses: remembered on this device, under the account. */
export function useCategoryShortcuts() {
  const categories = useCategoriesStore()
  const { value: kept } = useKept<Kept>(
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

  function toggleFavourite(code: string): void {
    const { favourites: before, recent: stays } = kept.value
    kept.value = {
      recent: stays,
      favourites: before.includes(code) ? before.filter((one) => one !== code) : [...before, code],
    }
  }
  function noteUse(code: string): void {
    const { favourites: stay, recent: before } = kept.value
    // Favourites are left out when shown, so a few more are kept than shown.
    const next = [code, ...before.filter((one) => one !== code)].slice(0, mostRecent * 3)
    kept.value = { favourites: stay, recent: next }
  }
  return { favourites, recent, isFavourite, toggleFavourite, noteUse }
}
export type CategoryShortcuts = ReturnType<typeof useCategoryShortcuts>
