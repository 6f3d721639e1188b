import { computed, shallowRef, watch, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { classBreaks, classOf } from '@/domain/answers/class-breaks.ts'
import { rollUp } from '@/domain/city/roll-up.ts'
import { outlinesOf, type Outlines } from '@/stores/area-outlines.ts'
import { useAreasStore } from '@/stores/areas.store.ts'
import type { AreaShape } from '@/ui/AreaShapes.vue'
import { useFormat } from '@/ui/use-format.ts'
import type { ReportContents } from './use-report-answers.ts'

const shades = 5

export interface ReportMapData {
  shapes: AreaShape[]
  /** The lowest value of each shade, formatted. */
  lows: string[]
}

/** The areas below, by what was reported and by how satisfied residents are. */
export function useReportMaps(contents: Readonly<Ref<ReportContents | null>>) {
  const { t } = useI18n()
  const format = useFormat()
  const areas = useAreasStore()

  const outlines = shallowRef<Outlines | null>(null)
  watch(
    () => contents.value?.areaLevel ?? null,
    async (level) => {
      if (!level) return
      const found = await areas.features(level).catch(() => null)
      if (!found || level !== contents.value?.areaLevel) return
      outlines.value = outlinesOf(found)
    },
    { immediate: true },
  )

  function mapOf(
    valueOf: (idx: number) => number | null,
    said: (value: number) => string,
  ): ReportMapData | null {
    const own = contents.value
    if (!own?.areaLevel || !outlines.value) return null
    const rows = areas
      .children(own.area.code)
      .map((area) => ({ ...area, value: valueOf(area.idx) }))
    const values = rows.flatMap(({ value }) => value ?? [])
    const breaks = classBreaks(values, shades)
    return {
      lows: values.length > 0 ? [Math.min(...values), ...breaks].map(said) : [],
      shapes: rows.map(({ code, name, value }) => ({
        ...{ code, name, outline: outlines.value!.get(code) ?? null },
        ...{ shade: classOf(value, breaks) },
        figure: value === null ? t('satisfaction.tooFew') : said(value),
      })),
    }
  }
  const reported = computed(() => {
    const sums = contents.value && rollUp(contents.value.incidents.now.byArea, areas.list)
    return mapOf((idx) => sums?.[idx] ?? 0, format.value.count)
  })
  const satisfied = computed(() => {
    const shares = new Map(
      (contents.value?.fair?.ranking.ranked ?? []).map(({ idx, share }) => [idx, share]),
    )
    return mapOf((idx) => shares.get(idx) ?? null, format.value.percent)
  })
  return { reported, satisfied }
}
