import type { ChartLook, ChartView } from '../chart-view.ts'
import { rankingOption, type RankedEntry } from '../options/ranking.option.ts'
import { bars, narrowBy } from './bars.ts'

interface AreaRankingData {
  /** Highest first; null while unknown. */
  areas: RankedEntry[] | null
  /** Displayed name of the level. */
  level: string
  narrow: (areaCode: string) => void
}

/** Incidents by area, without unselected areas at zero. */
export function areaRankingView(data: AreaRankingData, { theme, text }: ChartLook): ChartView {
  const { t } = text
  const areas = (data.areas ?? []).filter((area) => area.count > 0 || area.selected)
  const { shown, hidden, height } = bars(areas)
  return {
    fileName: 'areas',
    title: t('charts.ranking.title', { level: data.level }),
    note: t('charts.ranking.note'),
    option: rankingOption(shown, theme, text),
    table: {
      header: [t('charts.area'), t('charts.received'), t('charts.open'), t('charts.overdueNow')],
      rows: areas.map((area) => [area.name, area.count, area.open, area.overdue]),
    },
    height,
    loading: data.areas === null,
    empty: areas.length === 0,
    hidden,
    select: narrowBy(areas, data.narrow),
  }
}
