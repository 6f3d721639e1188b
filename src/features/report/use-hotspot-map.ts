import { computed, shallowRef, watch } from 'vue'
import { useI18n } from 'vue-i18n'
import type { Hotspots } from '@/domain/answers/hotspots.ts'
import { outlinesOf, type Outlines } from '@/stores/area-outlines.ts'
import { useAreasStore } from '@/stores/areas.store.ts'
import type { AreaShape } from '@/ui/AreaShapes.vue'
import type { LegendItem } from '@/ui/Legend.vue'

/** By class of Gi*: the theme's own colours, so that paper turns light with the page. */
const fills: Record<number, string> = {
  3: 'color-mix(in oklch, var(--ui-error) 90%, var(--ui-bg))',
  2: 'color-mix(in oklch, var(--ui-error) 60%, var(--ui-bg))',
  1: 'color-mix(in oklch, var(--ui-error) 32%, var(--ui-bg))',
  0: 'var(--ui-bg-accented)',
  [-1]: 'color-mix(in oklch, var(--ui-info) 32%, var(--ui-bg))',
  [-2]: 'color-mix(in oklch, var(--ui-info) 60%, var(--ui-bg))',
  [-3]: 'color-mix(in oklch, var(--ui-info) 90%, var(--ui-bg))',
}

interface Judged {
  hotspots: Hotspots
  isInside: (idx: number) => boolean
}

/** Areas hotter and colder than chance explains. Null until their outlines are there. */
export function useHotspotMap(judged: () => Judged) {
  const { t } = useI18n()
  const areas = useAreasStore()
  const outlines = shallowRef<Outlines | null>(null)
  watch(
    () => judged().hotspots.options.level,
    async (level) => {
      const found = await areas.features(level).catch(() => null)
      if (found && judged().hotspots.options.level === level) outlines.value = outlinesOf(found)
    },
    { immediate: true },
  )
  const nameOf = (code: number): string => {
    const part = code === 0 ? 'none' : `${code > 0 ? 'hot' : 'cold'}.${Math.abs(code)}`
    return t(`hotspots.class.chance.${part}`)
  }
  const judgedAreas = computed(() => {
    const { hotspots, isInside } = judged()
    return [...hotspots.areas]
      .map((idx, at) => ({
        area: areas.byIdx(idx),
        code: hotspots.obstacle ? 0 : hotspots.classes[at]!,
      }))
      .flatMap(({ area, code }) => (area && isInside(area.idx) ? { area, code } : []))
  })
  const map = computed<AreaShape[] | null>(() => {
    const { value: drawn } = outlines
    if (!drawn) return null
    return judgedAreas.value.map(({ area, code }) => ({
      ...{ code: area.code, name: area.name, outline: drawn.get(area.code) ?? null },
      ...{ shade: 0, fill: fills[code]!, figure: nameOf(code) },
    }))
  })
  const legend = computed<LegendItem[]>(() =>
    [...new Set(judgedAreas.value.map(({ code }) => code))]
      .toSorted((a, b) => b - a)
      .map((code) => ({ key: code, color: fills[code]!, label: nameOf(code) })),
  )
  return { map, legend }
}
