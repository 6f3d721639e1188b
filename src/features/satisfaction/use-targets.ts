import { computed } from 'vue'
import { ratingsRepo, type RatingTargets } from '@/data/ratings.repo.ts'
import type { SatisfactionRate } from '@/domain/answers/satisfaction.ts'
import { useServerQuery } from '@/stores/server-query.ts'
import { useSetting } from '@/stores/use-setting.ts'
import type { Targets } from './use-trend-charts.ts'

/** The city's targets, and their saving for admins. */
export function useTargets() {
  const { data, reload } = useServerQuery<RatingTargets>(() => ({
    key: ['rating-targets'],
    ask: ({ call, signal }) => call((backend) => ratingsRepo(backend).targets(signal)),
  }))
  const setting = useSetting()
  const targets = computed<Targets>(() =>
    Object.fromEntries(
      Object.entries(data.value?.perThousand ?? {}).map(([rate, share]) => [rate, share / 1000]),
    ),
  )
  const canEdit = computed(() => data.value?.canEdit ?? false)

  /** Null takes the target away. Resolves to true once it is saved. */
  async function save(rate: SatisfactionRate, share: number | null): Promise<boolean> {
    const answer = await setting.send('set_rating_target', {
      rate,
      ...(share !== null && { perThousand: Math.round(share * 1000) }),
    })
    await reload()
    return answer?.outcome === 'saved'
  }
  return { targets, canEdit, save, busy: setting.busy }
}
