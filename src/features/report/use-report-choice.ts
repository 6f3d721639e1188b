import { computed } from 'vue'
import { useRoute, useRouter } from 'vue-router'
import {
  isReportMonth,
  reportDays,
  reportMonths,
  usualReportMonth,
} from '@/domain/report/report-days.ts'
import type { Area } from '@/domain/city/area.ts'
import { comparedParent } from '@/parts/filter/compared-parent.ts'
import { useAreasStore } from '@/stores/areas.store.ts'
import { useSessionStore } from '@/stores/session.store.ts'
import { queryWriter } from '@/stores/view/query-writer.ts'
import { useFilterStore } from '@/stores/view/filter.store.ts'

const leads = ['grid_manager', 'leader', 'admin'] as const

export type ReportFault = 'unknown-period' | 'unknown-area'

/** The month and the area of the report, kept in the URL as `period` and `area`. */
export function useReportChoice() {
  const route = useRoute()
  const writer = queryWriter(useRouter())
  const areas = useAreasStore()
  const session = useSessionStore()
  const filter = useFilterStore()
  const led = computed(() =>
    session.memberships.filter(({ role }) => leads.some((one) => one === role)),
  )
  /** A department's members see parts of other areas alone: no ground for a report. */
  const isLed = (area: Area): boolean =>
    led.value.some(({ areaPath }) => area.path.startsWith(areaPath))

  const textOf = (key: string): string | null => {
    const value = route.query[key]
    return typeof value === 'string' && value !== '' ? value : null
  }
  const month = computed(() => {
    if (!filter.span) return null
    const asked = textOf('period')
    return asked === null ? usualReportMonth(filter.span) : asked
  })
  const usualArea = computed(() =>
    comparedParent(
      areas.list,
      null,
      led.value.map((one) => one.areaPath),
    ),
  )
  /** Those a report can be about: the usual one first, then by level. */
  const choices = computed<Area[]>(() =>
    areas.levels.flatMap((level) =>
      areas
        .atLevel(level)
        .filter((area) => level !== 'grid' && isLed(area))
        .toSorted((a, b) => a.name.localeCompare(b.name)),
    ),
  )
  const area = computed<Area | null>(() => {
    const code = textOf('area')
    if (code === null) return usualArea.value ?? choices.value[0] ?? null
    const found = areas.byCode(code)
    return found && isLed(found) ? found : null
  })
  const days = computed(() =>
    filter.span && month.value && isReportMonth(month.value)
      ? reportDays(month.value, filter.span)
      : null,
  )
  const fault = computed<ReportFault | null>(() => {
    if (!filter.span || !areas.loaded) return null
    if (!days.value) return 'unknown-period'
    return area.value ? null : 'unknown-area'
  })
  const months = computed(() => (filter.span ? reportMonths(filter.span) : []))
  const choose = (key: 'period' | 'area', value: string): void =>
    writer.patch({ [key]: value }, 'push')
  return { month, months, area, choices, days, fault, choose }
}
