import type { WeekHours } from '@/domain/answers/week-hours.ts'
import type { ChartLook, ChartView } from '../chart-view.ts'
import { weekHoursOption } from '../options/week-hours.option.ts'

const weekdayKeys = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const

/** Reports by weekday and hour; `week` is null while unknown. */
export function weekHoursView(
  { week }: { week: WeekHours | null },
  { theme, text }: ChartLook,
): ChartView {
  const { t } = text
  const counts = week?.counts ?? new Uint32Array(weekdayKeys.length * 24)
  const weekdays = weekdayKeys.map((key) => t(`charts.weekHours.${key}`))
  const hours = Array.from({ length: 24 }, (_, hour) => `${String(hour).padStart(2, '0')}:00`)
  const at = (weekday: number, hour: number): string =>
    `${weekdays[weekday]} ${hours[hour]}–${String(hour).padStart(2, '0')}:59`
  const busiest = counts.indexOf(Math.max(...counts))
  return {
    fileName: 'week-hours',
    title: t('charts.weekHours.title'),
    note: week?.total
      ? text.counted(
          'charts.weekHours.note',
          { count: week.total, most: counts[busiest]! },
          { at: at(Math.floor(busiest / 24), busiest % 24) },
        )
      : '',
    option: weekHoursOption(counts, { weekdays, at }, theme, text),
    table: {
      header: [t('charts.weekHours.weekday'), ...hours],
      rows: weekdays.map((name, day) => [name, ...counts.subarray(day * 24, day * 24 + 24)]),
    },
    height: 220,
    loading: week === null,
    empty: week?.total === 0,
    hidden: 0,
    wide: true,
  }
}
