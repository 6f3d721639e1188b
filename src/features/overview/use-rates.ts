import { computed, watch, shallowRef } from 'vue'
import { useDebounceFn } from '@vueuse/core'
import { useI18n } from 'vue-i18n'
import { useRouter } from 'vue-router'
import { useChartLook } from '@/charts/use-chart-look.ts'
import { departmentsInTimeView } from '@/charts/views/departments-in-time.ts'
import { stagesInTimeView } from '@/charts/views/stages-in-time.ts'
import { ratesRepo, type IncidentRates } from '@/data/rates.repo.ts'
import { periodBefore, type Fraction, type RateName } from '@/domain/answers/rates.ts'
import { handlingOutcomes, type IncidentFilter } from '@/domain/filter/filter.ts'
import { encodeFilter } from '@/domain/filter/filter-url.ts'
import { useCategoriesStore } from '@/stores/categories.store.ts'
import { useServerQuery } from '@/stores/server-query.ts'
import { useFilterStore } from '@/stores/view/filter.store.ts'
import { useWorkStore } from '@/stores/work.store.ts'

/** A drag changes the filter every frame; the rates wait for its end. */
const settleMs = 180

/** The rates under the shared filter, and those of the period before. */
export function useRates() {
  const { locale } = useI18n()
  const look = useChartLook()
  const filter = useFilterStore()
  const categories = useCategoriesStore()
  const work = useWorkStore()
  const router = useRouter()

  const wanted = computed(() => (filter.periodKnown ? filter.effective : null))
  const asked = shallowRef<IncidentFilter | null>(wanted.value)
  const settle = useDebounceFn(() => void (asked.value = wanted.value), settleMs)
  watch(wanted, () => void settle())

  const ask = (question: () => IncidentFilter | null) =>
    useServerQuery<IncidentRates>(
      () => {
        const under = question()
        return (
          under && {
            key: ['rates', JSON.stringify(under)],
            ask: ({ call, signal }) => call((backend) => ratesRepo(backend).rates(under, signal)),
          }
        )
      },
      { revision: () => work.dataRevision },
    )
  const now = ask(() => asked.value)
  const before = ask(() => {
    const period = asked.value && periodBefore(asked.value)
    // After the answer shown: the server answers one at a time.
    return asked.value && period && now.data.value ? { ...asked.value, period } : null
  })

  const byName = (answer: IncidentRates | null) =>
    new Map<RateName, Fraction>(answer?.rates.map((one) => [one.rate, one]))
  const rates = computed(() => byName(now.data.value))
  const ratesBefore = computed(() => byName(before.data.value))

  /** The list of all that had to be handled, in time or not, as the rates count it. */
  const handledRows = (departments: string[]) => {
    const under = asked.value ?? filter.effective
    const outcomes = under.handling?.outcomes ?? [...handlingOutcomes]
    const among = departments.length > 0 ? departments : (under.handling?.departments ?? [])
    return {
      name: 'table',
      query: encodeFilter({ ...under, handling: { outcomes, departments: among } }),
    }
  }

  const stages = computed(() =>
    stagesInTimeView(
      { stages: now.data.value?.stages ?? null, rate: (name) => rates.value.get(name) },
      look.value,
    ),
  )
  const departments = computed(() =>
    departmentsInTimeView(
      {
        departments:
          now.data.value?.departments.map(({ departmentCode: key, ...fraction }) => {
            return { key, name: categories.departmentName(key, locale.value), ...fraction }
          }) ?? null,
        narrow: (department) => void router.push(handledRows([department])),
      },
      look.value,
    ),
  )

  return {
    asked,
    answer: now.data,
    error: now.error,
    busy: now.busy,
    reload: now.reload,
    rates,
    ratesBefore,
    handledRows,
    charts: computed(() => [stages.value, departments.value]),
  }
}
