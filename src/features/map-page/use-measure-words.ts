import { computed, type ComputedRef } from 'vue'
import { useI18n } from 'vue-i18n'
import { measureOf, type AreaMeasure } from '@/domain/measure/index.ts'
import type { AreaFigures, Measure, Reading } from '@/domain/measure/measure.ts'
import { minHouseholds } from '@/domain/measure/rates.ts'
import { rateDigits } from '@/domain/measure/round.ts'
import { useCounted } from '@/ui/use-counted.ts'
import { useFormat } from '@/ui/use-format.ts'

export interface MeasureWords {
  value(value: number, unit: Measure['unit']): string
  /** The value, or why there is none. */
  reading(reading: Reading): string
  interval(figures: AreaFigures): string | null
  /** Which areas are hatched. */
  few: string
}

export function useMeasureWords(measure: () => AreaMeasure): ComputedRef<MeasureWords> {
  const { t } = useI18n()
  const counted = useCounted()
  const format = useFormat()

  function changeWord(ratio: number): string {
    if (ratio === Number.POSITIVE_INFINITY) return t('map-page.measure.new')
    const size = format.value.wholePercent(Math.abs(ratio - 1))
    return ratio < 1 ? `−${size}` : `+${size}`
  }
  function valueWord(value: number, unit: Measure['unit']): string {
    if (unit === 'hours') return format.value.duration(value)
    if (unit === 'change') return changeWord(value)
    return unit === 'rate'
      ? format.value.decimal(value, rateDigits(value))
      : format.value.count(value)
  }

  return computed(() => {
    const name = measure()
    const { unit, minIncidents, interval: intervalOf } = measureOf(name)
    const few = counted('map-page.measure.few', { count: minIncidents })
    const end = (value: number): string => valueWord(value, unit)
    return {
      value: valueWord,
      reading: ({ verdict, value }) => {
        if (value !== null) return end(value)
        if (verdict === 'not_reached') return t('map-page.measure.not-reached')
        return verdict === 'unknown' ? t('map-page.measure.unknown') : t('map-page.none')
      },
      interval: (figures) => {
        const interval = intervalOf(figures)
        if (!interval || interval.low === null) return null
        return interval.high === null
          ? t('map-page.measure.interval-open', { low: end(interval.low) })
          : t('map-page.class-range', { low: end(interval.low), high: end(interval.high) })
      },
      few:
        name === 'per_households'
          ? counted('map-page.measure.few-households', { count: minHouseholds }, { part: few })
          : few,
    }
  })
}
