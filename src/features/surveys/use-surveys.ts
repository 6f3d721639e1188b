import { computed } from 'vue'
import { useI18n } from 'vue-i18n'
import { evaluationsRepo, type EvaluationBoard } from '@/data/evaluations.repo.ts'
import { surveysRepo, type SurveyList } from '@/data/surveys.repo.ts'
import { answersToJudge } from '@/domain/answers/satisfaction.ts'
import { judgedShare } from '@/domain/answers/satisfaction-judged.ts'
import { emptyFilter } from '@/domain/filter/filter.ts'
import { compareWaves, type WaveChange } from '@/domain/survey/compare-waves.ts'
import { poolWaves } from '@/domain/survey/pool.ts'
import type { WaveRow } from '@/domain/survey/waves.ts'
import { firstDayOf, lastDayOf, monthFromNumber, monthNumber } from '@/domain/time/calendar.ts'
import { useComparedLevels } from '@/parts/filter/use-compared-levels.ts'
import { useAreasStore } from '@/stores/areas.store.ts'
import { useServerQuery } from '@/stores/server-query.ts'
import { useFilterStore } from '@/stores/view/filter.store.ts'
import { useQueryChoice } from '@/stores/view/use-query-choice.ts'

/** Months of cases that are set beside a wave, its own the last. */
export const caseMonths = 3

export interface ItemRow {
  code: string
  name: string
  now: WaveRow | null
  before: WaveRow | null
  /** Null where one of the two waves has no answers. */
  change: WaveChange | null
}

/** The survey, waves and area in the URL, with their results. */
export function useSurveys() {
  const { locale } = useI18n()
  const areas = useAreasStore()
  const filter = useFilterStore()
  const { parent } = useComparedLevels()

  const list = useServerQuery<SurveyList>(() => ({
    key: ['surveys'],
    ask: ({ call, signal }) => call((backend) => surveysRepo(backend).list(signal)),
  }))
  const surveys = computed(() => list.data.value?.surveys.filter(({ waves }) => waves.length > 0))
  const code = useQueryChoice<string | null>(
    'survey',
    () => surveys.value?.map((one) => one.code) ?? [],
    () => surveys.value?.[0]?.code ?? null,
  )
  const survey = computed(() => surveys.value?.find((one) => one.code === code.value) ?? null)
  const months = computed(() => survey.value?.waves.map(({ month }) => month) ?? [])
  const wave = useQueryChoice<string | null>(
    'wave',
    () => months.value,
    () => months.value[0] ?? null,
  )
  const earlier = computed(() => months.value.filter((month) => month < (wave.value ?? '')))
  const before = useQueryChoice<string | null>(
    'before',
    () => earlier.value,
    () => earlier.value[0] ?? null,
  )
  const isGenerated = computed(() =>
    (survey.value?.waves ?? []).some(
      (one) => one.isGenerated && [wave.value, before.value].includes(one.month),
    ),
  )

  const area = computed(() =>
    filter.drill ? areas.byCode(filter.drill) : (parent.value ?? undefined),
  )
  const { data, error, reload } = useServerQuery<WaveRow[]>(() => {
    const [of, where] = [code.value, area.value]
    if (of === null || !where) return null
    return {
      key: ['survey-results', of, where.code],
      ask: ({ call, signal }) =>
        call((backend) => surveysRepo(backend).results(of, where.code, signal)),
    }
  })

  const nameOf = ({ nameZh, nameEn }: { nameZh: string; nameEn: string }): string =>
    locale.value === 'zh-CN' ? nameZh : nameEn
  const children = computed(() =>
    area.value
      ? areas.list
          .filter(({ parentCode }) => parentCode === area.value!.code)
          .toSorted((a, b) => a.name.localeCompare(b.name, locale.value))
      : [],
  )
  const rowsAt = (month: string | null, item: string): WaveRow[] =>
    (data.value ?? []).filter((row) => row.period === month && row.item === item)
  /** The area's own figures; where it has none, those of the areas below it together. */
  function figuresOf(month: string | null, item: string): WaveRow | null {
    const all = rowsAt(month, item)
    const own = all.find((row) => row.areaCode === area.value?.code)
    return own ?? poolWaves(all, area.value?.code ?? '')
  }
  const isPooled = computed(
    () =>
      (data.value?.length ?? 0) > 0 &&
      !data.value!.some((row) => row.period === wave.value && row.areaCode === area.value?.code),
  )
  const itemRows = computed<ItemRow[]>(() =>
    (survey.value?.items ?? []).map((item) => {
      const [now, then] = [figuresOf(wave.value, item.code), figuresOf(before.value, item.code)]
      const change = now && then ? compareWaves(then, now) : null
      return { code: item.code, name: nameOf(item), now, before: then, change }
    }),
  )

  const senses = computed(() => (survey.value?.items ?? []).filter(({ sense }) => sense !== null))
  /** Days of the cases beside the wave. */
  const caseDays = computed(() => {
    if (wave.value === null) return null
    const first = monthFromNumber(monthNumber(wave.value) - caseMonths + 1)
    return { from: firstDayOf(first), to: lastDayOf(wave.value) }
  })
  const cases = useServerQuery<EvaluationBoard>(() => {
    const [days, where, level] = [caseDays.value, area.value, children.value[0]?.level]
    if (!days || !where || !level || senses.value.length === 0) return null
    const under = { ...emptyFilter(), period: days, areas: [where.code] }
    return {
      key: ['survey-cases', level, JSON.stringify(under)],
      ask: ({ call, signal }) =>
        call((backend) => evaluationsRepo(backend).board('areas', under, level, signal)),
    }
  })
  const senseRows = computed(() =>
    children.value.map((child) => {
      const values = cases.data.value?.rows.find(({ key }) => key === child.code)?.values
      const pair = (name: string) => {
        const value = values?.[name]
        return typeof value === 'object' ? { count: value[0], n: value[1] } : null
      }
      return {
        ...{ code: child.code, name: child.name },
        senses: senses.value.map((item) => {
          const row = rowsAt(wave.value, item.code).find((one) => one.areaCode === child.code)
          return row ? shareOf(row) : null
        }),
        ...{ inTime: pair('closing_in_time'), solved: pair('solved') },
      }
    }),
  )

  return {
    ...{ list: list.data, listError: list.error, reloadList: list.reload },
    ...{ surveys, code, survey, months, wave, earlier, before, isGenerated, area },
    ...{ data, error, reload, nameOf, isPooled, itemRows, senses, senseRows, caseDays, children },
    waitsForCases: computed(() => cases.data.value === null),
  }
}
export type Surveys = ReturnType<typeof useSurveys>

/** Satisfied with the interval; null without a share. Counts are share × n, rounded. */
export function shareOf({ satisfied, n }: WaveRow) {
  if (satisfied === null || n === 0) return null
  return {
    ...judgedShare({ count: Math.round(satisfied * n), n }),
    isFew: n < answersToJudge.least,
  }
}
