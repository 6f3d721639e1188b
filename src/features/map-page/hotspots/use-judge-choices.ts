import type { Ref } from 'vue'
import {
  hotspotCorrections,
  hotspotRates,
  hotspotTests,
  usualJudging,
  type HotspotCorrection,
  type HotspotRates,
  type HotspotTest,
} from '@/domain/answers/hotspots.ts'
import { useQueryChoice } from '@/stores/view/use-query-choice.ts'

/** How hotspots are judged; in the URL. */
export interface JudgeChoices {
  test: Ref<HotspotTest>
  correction: Ref<HotspotCorrection>
  rates: Ref<HotspotRates>
}

export const useJudgeChoices = (): JudgeChoices => ({
  test: useQueryChoice<HotspotTest>(
    'test',
    () => hotspotTests,
    () => usualJudging.test,
  ),
  correction: useQueryChoice<HotspotCorrection>(
    'correction',
    () => hotspotCorrections,
    () => usualJudging.correction,
  ),
  rates: useQueryChoice<HotspotRates>(
    'rates',
    () => hotspotRates,
    () => usualJudging.rates,
  ),
})
