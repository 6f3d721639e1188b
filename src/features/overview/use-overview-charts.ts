import { computed } from 'vue'
import { useI18n } from 'vue-i18n'
import { intervalOption, type IntervalEntry } from '@/charts/options/interval.option.ts'
import { monthFlowOption } from '@/charts/options/month-flow.option.ts'
import { rankingOption } from '@/charts/options/ranking.option.ts'
import type { ChartText } from '@/charts/options/shared.option.ts'
import { useChartTheme } from '@/charts/use-chart-theme.ts'
import type { ClosingGroup } from '@/domain/answers/closing.ts'
import { firstDayOf, lastDayOf } from '@/domain/time/calendar.ts'
import { rollUp } from '@/domain/city/roll-up.ts'
import { useAreasStore } from '@/stores/areas.store.ts'
import { useCategoriesStore } from '@/stores/categories.store.ts'
import { useColumnsStore } from '@/stores/columns.store.ts'
import { useFilterStore } from '@/stores/view/filter.store.ts'
import { useSessionStore } from '@/stores/session.store.ts'
import { useFormat } from '@/ui/use-format.ts'
import { comparedParent, rankAreas } from './overview-areas.ts'
import { useCounted } from '@/ui/use-counted.ts'

/** Bars a chart shows at most; the table behind it holds all. */
const maxBars = 15

type Group = ClosingGroup & { idx: number }
interface NamedGroup extends Group {
  key: string
  name: string
  selected: boolean
}

/** What the overview draws: each chart's option, its table and what a click in it narrows. */
export function useOverviewCharts() {
  const { t, locale } = useI18n()
  const counted = useCounted()
  const format = useFormat()
  const theme = useChartTheme()
  const session = useSessionStore()
  const areas = useAreasStore()
  const categories = useCategoriesStore()
  const filter = useFilterStore()
  const columns = useColumnsStore()

  const text = computed<ChartText>(() => ({
    t,
    counted,
    number: (value, digits) => format.value.decimal(value, digits ?? 0),
    percent: (value) => format.value.percent(value),
  }))
  const parent = computed(() =>
    comparedParent(
      areas.list,
      filter.drill,
      session.memberships.map((one) => one.areaPath),
    ),
  )
  const compared = computed(() => (parent.value ? areas.children(parent.value.code) : []))
  const comparedLevel = computed(() => compared.value[0]?.level ?? 'grid')

  const months = computed(() => columns.projection?.months ?? [])
  const flow = computed(() => ({
    option: monthFlowOption(months.value, theme.value, text.value),
    table: {
      header: [t('overview.month'), t('charts.received'), t('charts.closed'), t('charts.backlog')],
      rows: months.value.map((m) => [m.month, m.received, m.closed, m.backlog]),
    },
    empty: months.value.length === 0,
    select: (index: number) => {
      const month = months.value[index]?.month
      if (!month) return
      const days = { from: firstDayOf(month), to: lastDayOf(month) }
      const { period } = filter.filter
      // a second click on the only month goes back to where a person starts
      if (period?.from === days.from && period.to === days.to) filter.clear('period')
      else filter.setPeriod(days)
    },
  }))

  const ranked = computed(() => {
    const { projection } = columns
    if (!projection) return []
    return rankAreas(
      compared.value,
      rollUp(projection.byArea, areas.list),
      rollUp(projection.openByArea, areas.list),
      filter.filter.areas,
    )
  })
  const ranking = computed(() => ({
    option: rankingOption(ranked.value.slice(0, maxBars), theme.value, text.value),
    table: {
      header: [t('overview.area'), t('charts.received'), t('charts.open')],
      rows: ranked.value.map((one) => [one.name, one.count, one.open]),
    },
    empty: ranked.value.length === 0,
    hidden: Math.max(0, ranked.value.length - maxBars),
    height: barsHeight(Math.min(ranked.value.length, maxBars)),
    select: (index: number) => {
      const entry = ranked.value[index]
      if (entry) filter.toggleArea(entry.key)
    },
  }))

  const categoryGroups = computed<NamedGroup[]>(() =>
    most(columns.closing?.byCategory ?? []).flatMap((group) => {
      const category = categories.byIdx(group.idx)
      return category
        ? [
            {
              ...group,
              key: category.code,
              name: categories.nameOf(category, locale.value),
              selected: filter.filter.categories.includes(category.code),
            },
          ]
        : []
    }),
  )
  const areaGroups = computed<NamedGroup[]>(() =>
    most(columns.closing?.byArea ?? []).flatMap((group) => {
      const area = areas.byIdx(group.idx)
      return area
        ? [
            {
              ...group,
              key: area.code,
              name: area.name,
              selected: filter.filter.areas.includes(area.code),
            },
          ]
        : []
    }),
  )

  const days = (hours: number | null): number | null => (hours === null ? null : hours / 24)
  const rounded = (value: number | null, digits: number): number | null =>
    value === null ? null : Number(value.toFixed(digits))
  const toggleCategory = (groups: NamedGroup[]) => (index: number) => {
    const group = groups[index]
    if (group) filter.toggleCategory(group.key)
  }
  const toggleArea = (groups: NamedGroup[]) => (index: number) => {
    const group = groups[index]
    if (group) filter.toggleArea(group.key)
  }

  const timeToClose = computed(() => {
    const groups = categoryGroups.value
    const entries: IntervalEntry[] = groups.slice(0, maxBars).map((group) => ({
      key: group.key,
      name: group.name,
      n: group.n,
      selected: group.selected,
      value: days(group.median.time),
      low: days(group.median.low),
      high: days(group.median.high),
      second: days(group.p90.time),
    }))
    return {
      option: intervalOption(
        entries,
        {
          value: t('overview.median'),
          second: t('overview.p90'),
          format: (value) => t('overview.daysAxis', { days: format.value.decimal(value) }),
          missing: t('overview.notReached'),
        },
        theme.value,
        text.value,
      ),
      table: {
        header: [
          t('overview.category'),
          t('overview.n'),
          t('charts.open'),
          t('overview.medianDays'),
          t('overview.low'),
          t('overview.high'),
          t('overview.p90Days'),
        ],
        rows: groups.map((g) => [
          g.name,
          g.n,
          g.open,
          rounded(days(g.median.time), 2),
          rounded(days(g.median.low), 2),
          rounded(days(g.median.high), 2),
          rounded(days(g.p90.time), 2),
        ]),
      },
      empty: groups.length === 0,
      height: barsHeight(Math.min(groups.length, maxBars)),
      select: toggleCategory(groups),
    }
  })

  const shares = (groups: NamedGroup[], firstHeader: string, select: (index: number) => void) => ({
    option: intervalOption(
      groups.slice(0, maxBars).map((group) => ({
        key: group.key,
        name: group.name,
        n: group.within.n,
        selected: group.selected,
        value: group.within.share,
        low: group.within.low,
        high: group.within.high,
      })),
      {
        value: t('overview.share'),
        format: (value) => format.value.percent(value),
        missing: t('overview.tooRecent'),
      },
      theme.value,
      text.value,
    ),
    table: {
      header: [
        firstHeader,
        t('overview.judged'),
        t('overview.closedInTime'),
        t('overview.sharePercent'),
        t('overview.low'),
        t('overview.high'),
        t('overview.leftOut'),
      ],
      rows: groups.map((g) => [
        g.name,
        g.within.n,
        g.within.count,
        ...[g.within.share, g.within.low, g.within.high].map((value) =>
          rounded(value === null ? null : value * 100, 1),
        ),
        g.within.tooRecent,
      ]),
    },
    empty: groups.length === 0,
    height: barsHeight(Math.min(groups.length, maxBars)),
    select,
  })
  const shareByCategory = computed(() =>
    shares(categoryGroups.value, t('overview.category'), toggleCategory(categoryGroups.value)),
  )
  const shareByArea = computed(() =>
    shares(areaGroups.value, t('overview.area'), toggleArea(areaGroups.value)),
  )

  return { parent, comparedLevel, flow, ranking, timeToClose, shareByCategory, shareByArea }
}

const most = <T extends Group>(groups: readonly T[]): T[] =>
  groups.toSorted((a, b) => b.n - a.n || a.idx - b.idx)
/** Pixels for so many bars with their axis. */
const barsHeight = (bars: number): number => Math.max(140, 64 + bars * 24)
