import { tableWhenRead, type ChartLook, type ChartView } from '../chart-view.ts'
import { kindOf, xmrOption, type XmrLines, type XmrPoint } from '../options/xmr.option.ts'

interface XmrData {
  /** Unique on a page. */
  fileName: string
  title: string
  /** Name of the measure. */
  measure: string
  /** In order of time; null while unknown. */
  points: readonly XmrPoint[] | null
  limits: (XmrLines & { points: number; isTrial: boolean }) | null
  target: number | null
  /** Null without a target. */
  assurance: 'always' | 'never' | 'chance' | null
  /** With the unit. */
  format: (value: number) => string
  narrow: (row: number) => void
}

/** A measure over time with its limits: tells a change of the process from chance. */
export function xmrView(data: XmrData, { theme, text }: ChartLook): ChartView {
  const { t } = text
  const points = data.points ?? []
  const { measure, target, format, limits } = data
  return {
    fileName: data.fileName,
    title: data.title,
    note: noteOf(data, points, text),
    option: xmrOption(points, limits, { value: measure, format, target }, theme, text),
    table: tableWhenRead(() => ({
      header: [
        t('charts.xmr.time'),
        measure,
        t('charts.answers'),
        t('charts.xmr.lowLimit'),
        t('charts.xmr.highLimit'),
        t('charts.xmr.reason'),
        t('charts.xmr.meaning'),
      ],
      rows: points.map((point) => {
        const { label, value, n, cause } = point
        const kind = kindOf(point)
        return [
          label,
          format(value),
          n,
          limits && format(limits.low),
          limits && format(limits.high),
          cause && t(`charts.xmr.cause.${cause.rule}-${cause.direction}`),
          kind && t(`charts.xmr.kind.${kind}`),
        ]
      }),
    })),
    height: 260,
    loading: data.points === null,
    empty: points.length === 0,
    hidden: 0,
    select: (row) => {
      if (row < points.length) data.narrow(row)
    },
  }
}

function noteOf(
  { limits, target, assurance, format }: XmrData,
  points: readonly XmrPoint[],
  { t, counted }: ChartLook['text'],
): string {
  if (!limits) return ''
  let note = t('charts.xmr.note', {
    share: format(limits.mean),
    low: format(limits.low),
    high: format(limits.high),
  })
  if (limits.isTrial) note = counted('charts.xmr.trial', { count: limits.points }, { note })
  const found = (['improvement', 'concern', 'special'] as const).flatMap((kind) => {
    const count = points.filter((point) => kindOf(point) === kind).length
    return count > 0 ? [{ kind, count }] : []
  })
  for (const { kind, count } of found)
    note = counted(`charts.xmr.found.${kind}`, { count }, { note })
  if (found.length === 0) note = t('charts.xmr.calm', { note })
  if (assurance !== null && target !== null)
    note = t(`charts.xmr.assurance.${assurance}`, { note, level: format(target) })
  return note
}
