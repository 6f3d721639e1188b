import { computed, type ComputedRef } from 'vue'
import { useI18n } from 'vue-i18n'
import type { Category } from '@/domain/city/category.ts'
import { useAreasStore } from '@/stores/areas.store.ts'
import { useCategoriesStore } from '@/stores/categories.store.ts'

/** Of a `USelectMenu`; `value` is a code. */
export interface CodeItem {
  value: string
  label: string
  description?: string
  icon?: string
}

/** Areas of all levels, with level and code. */
export function useAreaItems(): ComputedRef<CodeItem[]> {
  const { t } = useI18n()
  const areas = useAreasStore()
  return computed(() =>
    areas.list.map((area) => ({
      value: area.code,
      label: area.name,
      description: `${t(`domain.level.${area.level}`)} · ${area.code}`,
    })),
  )
}

/** Categories of all levels in the order of their tree, with those above them. */
export function useCategoryItems(): ComputedRef<CodeItem[]> {
  const { locale } = useI18n()
  const categories = useCategoriesStore()
  return computed(() => {
    const below = (all: readonly Category[], parents: readonly string[]): CodeItem[] =>
      all.flatMap((category) => {
        const label = categories.nameOf(category, locale.value)
        return [
          {
            value: category.code,
            label,
            icon: category.icon,
            ...(parents.length > 0 && { description: parents.join(' › ') }),
          },
          ...below(categories.children(category.code), [...parents, label]),
        ]
      })
    return below(categories.roots, [])
  })
}
