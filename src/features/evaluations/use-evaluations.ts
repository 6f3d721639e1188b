import { computed } from 'vue'
import { useI18n } from 'vue-i18n'
import { evaluationsRepo, type EvaluationBoard } from '@/data/evaluations.repo.ts'
import { checkFormula } from '@/domain/evaluation/check.ts'
import {
  boards,
  isAnswerName,
  renameIn,
  responseName,
  scoreNames,
  valuesFromWire,
  type Board,
} from '@/domain/evaluation/names.ts'
import type { ScorePart } from '@/domain/evaluation/evaluate.ts'
import { judgeScores, type JudgedScore } from '@/domain/evaluation/score-interval.ts'
import { versionOn } from '@/domain/evaluation/versions.ts'
import { emptyFilter, type IncidentFilter } from '@/domain/filter/filter.ts'
import type { AreaLevel } from '@/domain/vocabulary.ts'
import { useComparedLevels } from '@/parts/filter/use-compared-levels.ts'
import { useAreasStore } from '@/stores/areas.store.ts'
import { useCategoriesStore } from '@/stores/categories.store.ts'
import { useServerQuery } from '@/stores/server-query.ts'
import { useSessionStore } from '@/stores/session.store.ts'
import { useFilterStore } from '@/stores/view/filter.store.ts'
import { useQueryChoice } from '@/stores/view/use-query-choice.ts'
import { useWorkStore } from '@/stores/work.store.ts'
import { useScoreWords } from './use-score-words.ts'

export interface ScoreRow extends JudgedScore {
  name: string
  /** Of a person: role and area. */
  note: string
}

/** The board in the URL, its figures under the shared period, areas and categories, and its scores. */
export function useEvaluations() {
  const { t, locale } = useI18n()
  const session = useSessionStore()
  const areas = useAreasStore()
  const categories = useCategoriesStore()
  const filter = useFilterStore()
  const work = useWorkStore()

  /** The server decides as well. */
  const mayRead = computed<readonly Board[]>(() => {
    const judges = ['grid_manager', 'leader', 'admin'] as const
    if (judges.some((role) => session.hasRole(role))) return boards
    const own: Board[] = session.hasRole('field_staff') ? ['areas', 'field_staff'] : []
    return session.hasRole('handler') ? [...own, 'departments'] : own
  })
  const board = useQueryChoice<Board>(
    'board',
    () => mayRead.value,
    () => mayRead.value[0] ?? 'areas',
  )
  const { levels: below, parent } = useComparedLevels()
  /** Somebody of one grid sees that grid. */
  const levels = computed<readonly AreaLevel[]>(() =>
    below.value.length > 0 ? below.value : parent.value ? [parent.value.level] : [],
  )
  const level = useQueryChoice<AreaLevel | null>(
    'level',
    () => levels.value,
    () => levels.value[0] ?? null,
  )

  const asked = computed<IncidentFilter | null>(() => {
    if (!filter.periodKnown) return null
    const { period, areas: codes, categories: kinds } = filter.effective
    return { ...emptyFilter(), period, areas: codes, categories: kinds }
  })
  const { data, error, busy, reload } = useServerQuery<EvaluationBoard>(
    () => {
      const [under, of, by] = [asked.value, board.value, level.value]
      if (!under || (of === 'areas' && !by) || mayRead.value.length === 0) return null
      return {
        key: ['evaluation-board', of, by ?? 'grid', JSON.stringify(under)],
        ask: ({ call, signal }) =>
          call((backend) => evaluationsRepo(backend).board(of, under, by ?? 'grid', signal)),
      }
    },
    { revision: () => work.dataRevision },
  )

  const words = useScoreWords(board)
  const rows = computed(() =>
    (data.value?.rows ?? []).map(({ key, values }) => ({ key, values: valuesFromWire(values) })),
  )
  const labels = computed(
    () =>
      new Map(
        (data.value?.rows ?? []).map(({ key, name, role, areaCode }) => {
          const note =
            role && areaCode ? `${t(`domain.role.${role}`)} · ${areas.nameByCode(areaCode)}` : ''
          return [key, { name: name ?? nameOf(key), note }]
        }),
      ),
  )
  function nameOf(key: string): string {
    if (board.value === 'areas') return areas.nameByCode(key)
    return categories.departmentName(key, locale.value)
  }

  /** Scores by a formula as stored; null where it cannot be read. */
  function scoresBy(formula: string): ScoreRow[] | null {
    const read = checkFormula(formula, new Map(scoreNames[board.value].map((one) => [one, one])))
    if ('fault' in read) return null
    const valuesOf = new Map(rows.value.map(({ key, values }) => [key, values]))
    /** The answers' shares stand with those on whom they rest. */
    const withResponse = (key: string, { names }: ScorePart): ScorePart['names'] =>
      names.some(({ name }) => isAnswerName(name))
        ? [...names, { name: responseName, value: valuesOf.get(key)?.get(responseName) ?? null }]
        : names
    return judgeScores(read.formula, rows.value).map((one) => ({
      ...one,
      ...(labels.value.get(one.key) ?? { name: one.key, note: '' }),
      parts: one.parts.map((part) => ({
        ...part,
        text: renameIn(part.text, words.value.fromKeys),
        names: withResponse(one.key, part),
      })),
    }))
  }
  const versions = computed(() => data.value?.versions ?? [])
  /** In force on the last day of the period; without one the newest, so that a formula shows at once. */
  const inForce = computed(() => {
    const to = filter.filter.period?.to
    const newest = versions.value[0] ?? null
    return to === undefined ? newest : versionOn(versions.value, to)
  })
  const scores = computed(() => (inForce.value ? scoresBy(inForce.value.formula) : []))

  return {
    ...{ mayRead, board, levels, level, data, error, busy, reload, words },
    ...{ versions, inForce, scores, scoresBy },
    /** First day of the period, from which a new formula is in force unless said otherwise. */
    firstDay: computed(() => filter.filter.period?.from ?? null),
    lastDay: computed(() => filter.filter.period?.to ?? null),
    isGenerated: computed(() => (data.value?.rows ?? []).some((row) => row.isGenerated)),
  }
}
export type Evaluations = ReturnType<typeof useEvaluations>
