import type { Ref } from 'vue'
import {
  hotspotCorrections,
  hotspotRates,
  hotspotTests,
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
    () => 'normal',
  ),
  correction: useQueryChoice<HotspotCorrection>(
    'correction',
    () => hotspotCorrections,
    () => 'benjamini_hochberg',
  ),
  rates: useQueryChoice<HotspotRates>(
    'rates',
    () => hotspotRates,
    () => 'own',
  ),
})
