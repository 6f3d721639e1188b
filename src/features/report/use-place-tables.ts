import { computed, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import type { PlaceFigures } from '@/domain/report/places.ts'
import type { AreaDot } from '@/ui/AreaShapes.vue'
import { useFormat } from '@/ui/use-format.ts'
import type { ReportRow } from './use-report-tables.ts'
import { useReportWords } from './use-report-words.ts'

/** Rows of each table: a month's report is read, not searched. */
const mostRows = 10

/** The first findings and repeat places; each place has the number of its dot on the map. */
export function usePlaceTables(places: Readonly<Ref<PlaceFigures>>) {
  const { t } = useI18n()
  const format = useFormat()
  const words = useReportWords()
  const count = (value: number) => ({ text: format.value.count(value) })
  const decimal = (value: number) => ({ text: format.value.decimal(value) })

  const least = 0.1
  const expected = (value: number) =>
    value < least
      ? { text: t('report.under', { high: format.value.decimal(least) }) }
      : decimal(value)

  const findings = computed<ReportRow[]>(() =>
    places.value.findings.slice(0, mostRows).map((one) => {
      const { decimal: said } = format.value
      const interval = words.interval(said(one.low), said(one.high))
      const p = one.p < 0.001 ? t('report.pSmall') : format.value.percent(one.p)
      return {
        ...{ key: `${one.area} ${one.category}`, name: words.spotName(one) },
        cells: [
          ...[count(one.observed), decimal(one.expected)],
          { text: t('report.times', { size: said(one.ratio) }), notes: [interval] },
          ...[{ text: p }, count(one.open)],
        ],
      }
    }),
  )
  const shown = computed(() => places.value.repeats.slice(0, mostRows))
  const repeats = computed<ReportRow[]>(() =>
    shown.value.map((one, at) => ({
      key: `${one.category} ${one.lngLat.join()}`,
      name: t('report.numbered', { id: format.value.count(at + 1), name: words.spotName(one) }),
      cells: [
        ...[count(one.count), count(one.days), count(Math.ceil(one.radiusMetres))],
        one.expected > 0 ? expected(one.expected) : { text: '–' },
        ...[count(one.open), { text: format.value.localDay(one.lastDay), isWhole: true }],
      ],
    })),
  )
  const dots = computed<AreaDot[]>(() =>
    shown.value.map((one, at) => ({
      ...{ lngLat: one.lngLat, label: format.value.count(at + 1), name: words.spotName(one) },
    })),
  )
  return { findings, repeats, dots }
}
