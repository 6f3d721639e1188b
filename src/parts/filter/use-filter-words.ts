import { computed, type ComputedRef } from 'vue'
import { useI18n } from 'vue-i18n'
import { fileName } from '@/domain/export/file-name.ts'
import { encodeFilter } from '@/domain/filter/filter-url.ts'
import { useAreasStore } from '@/stores/areas.store.ts'
import { useCategoriesStore } from '@/stores/categories.store.ts'
import { useColumnsStore } from '@/stores/columns.store.ts'
import { useSessionStore } from '@/stores/session.store.ts'
import { useFilterStore } from '@/stores/view/filter.store.ts'
import { useChipWords } from '@/ui/use-chip-words.ts'
import { useFormat } from '@/ui/use-format.ts'

/** The filter as a file, a picture or a sheet says it. */
export interface FilterWords {
  city: string
  period: string
  /** All of the filter but the period. */
  parts: string[]
  /** Of the data, in the city's time; empty while unknown. */
  asOf: string
  /** City, what, period and filter. Without an ending. */
  fileName(what: string): string
  /** For programs: what an address and `asOf` say. */
  parameters: Record<string, unknown>
}

export function useFilterWords(): ComputedRef<FilterWords> {
  const { t } = useI18n()
  const format = useFormat()
  const session = useSessionStore()
  const areas = useAreasStore()
  const categories = useCategoriesStore()
  const columns = useColumnsStore()
  const filter = useFilterStore()
  const words = useChipWords({
    areaName: (code) => areas.nameByCode(code),
    categoryOf: categories.byCode,
  })
  return computed(() => {
    const city = session.config?.city.name ?? ''
    const { period } = filter.effective
    const drilled = filter.filter.areas.length === 0 && filter.drill
    const parts = [
      ...(drilled ? [areas.nameByCode(drilled)] : []),
      ...filter.activeChips
        .filter(({ part }) => part !== 'period')
        .map((chip) => words(chip).value),
    ]
    return {
      city,
      period: period
        ? t('ui.dayRange', {
            from: format.value.localDay(period.from),
            to: format.value.localDay(period.to),
          })
        : t('ui.preset.all'),
      parts,
      asOf: columns.asOf ? format.value.instant(columns.asOf) : '',
      fileName: (what) =>
        fileName([city, what, ...(period ? [period.from, period.to] : []), ...parts]),
      parameters: {
        city,
        period,
        filter: encodeFilter(filter.filter, filter.drill, filter.against),
        asOf: columns.asOf ?? '',
      },
    }
  })
}
