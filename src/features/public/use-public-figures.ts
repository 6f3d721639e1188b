import { ref, shallowRef, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { publishedFigures } from '@/data/figures.repo.ts'
import { isAbort, toAppError, type AppError } from '@/data/errors.ts'
import { classBreaks, classOf } from '@/domain/answers/class-breaks.ts'
import { judgedShare } from '@/domain/answers/satisfaction-judged.ts'
import type { HiddenReasons } from '@/domain/publish/compile.ts'
import {
  countIndex,
  shareIndex,
  shareMeasures,
  type CountMeasure,
  type PublicArea,
  type PublicCategory,
  type PublicFigures,
  type ShareMeasure,
} from '@/domain/publish/figures.ts'
import type { AreaShape } from '@/ui/AreaShapes.vue'
import { useCounted } from '@/ui/use-counted.ts'
import { useFormat } from '@/ui/use-format.ts'

export type PublicMeasure = CountMeasure | ShareMeasure
const shades = 5
const isShare = (measure: PublicMeasure): measure is ShareMeasure =>
  shareMeasures.some((one) => one === measure)

/** One figure as said, with the number that colours it; null is hidden. */
export interface ToldFigure {
  value: number | null
  /** Null where the figure is hidden. */
  text: string | null
  hint: string
  /** Of a preview, where the figure is hidden; else empty. */
  reason: string
}

/** Loads the newest publication; nobody signs in. */
export function usePublication() {
  const figures = shallowRef<PublicFigures | null>(null)
  const status = ref<'loading' | 'ready' | 'none' | 'error'>('loading')
  const error = shallowRef<AppError | null>(null)

  async function load(): Promise<void> {
    status.value = 'loading'
    try {
      figures.value = await publishedFigures()
      status.value = figures.value ? 'ready' : 'none'
    } catch (failure) {
      if (isAbort(failure)) return
      error.value = toAppError(failure)
      status.value = 'error'
    }
  }
  void load()
  return { figures, status, error, load }
}

/** Figures in words. @param reasons of a preview: why each is hidden */
export function usePublicFigures(
  figures: Readonly<Ref<PublicFigures>>,
  reasons: Readonly<Ref<HiddenReasons | null>>,
) {
  const { t, locale } = useI18n()
  const counted = useCounted()
  const format = useFormat()
  /** Empty where no reason is known. */
  function reasonAt(measure: PublicMeasure, at: number): string {
    const letter = reasons.value?.[measure][at] ?? '.'
    return letter === '.' ? '' : t(`publish.reason.${letter}`)
  }

  const areaName = (area: PublicArea | null): string =>
    area === null
      ? t('public.wholeCity', { name: figures.value.city })
      : area.isRest
        ? t('public.rest', { name: area.name })
        : area.name
  const categoryName = (category: PublicCategory | null): string =>
    category === null
      ? t('public.allCategories')
      : locale.value === 'zh-CN'
        ? category.nameZh
        : category.nameEn

  /** Null is the city, all months, all categories. */
  function told(
    measure: PublicMeasure,
    area: number | null,
    month: number | null = null,
    category: number | null = null,
  ): ToldFigure {
    const all = figures.value
    if (!isShare(measure)) {
      const at = countIndex(all, area, month, category)
      const value = all[measure][at] ?? null
      const text = value === null ? null : format.value.count(value)
      return { value, text, hint: '', reason: reasonAt(measure, at) }
    }
    const at = shareIndex(all, area, month)
    const [n, yes] = [all[measure].n[at] ?? null, all[measure].yes[at] ?? null]
    if (n === 0) return { value: null, text: '–', hint: t('public.noAnswers'), reason: '' }
    if (n === null || yes === null)
      return { value: null, text: null, hint: '', reason: reasonAt(measure, at) }
    const { share, low, high } = judgedShare({ count: yes, n })
    const { percent } = format.value
    const ends = { low: percent(low!), high: percent(high!) }
    const hint = counted('public.interval', { count: n }, ends)
    return { value: share, text: percent(share!), hint, reason: '' }
  }

  /** Areas of the smallest level with their shades, and the lowest value of each shade. */
  function shaded(measure: PublicMeasure): { shapes: AreaShape[]; lows: number[] } {
    const drawn = figures.value.areas.flatMap((area, at) =>
      area.outline ? [{ area, figure: told(measure, at) }] : [],
    )
    const values = drawn.flatMap(({ figure }) => figure.value ?? [])
    const breaks = classBreaks(values, shades)
    return {
      lows: values.length > 0 ? [Math.min(...values), ...breaks] : [],
      shapes: drawn.map(({ area, figure }) => ({
        ...{ code: area.code, name: areaName(area), outline: area.outline },
        ...{ shade: classOf(figure.value, breaks), figure: figure.text ?? t('public.notTold') },
      })),
    }
  }

  return { areaName, categoryName, told, shaded }
}
