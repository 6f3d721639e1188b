import { shareOf, type Fraction, type RateName, type StageOutcome } from '@/domain/answers/rates.ts'
import type { ChartLook, ChartView } from '../chart-view.ts'
import { outcomeOption } from '../options/outcome.option.ts'
import { bars, rounded } from './bars.ts'

interface StagesInTimeData {
  /** In the order of the loop; null while unknown. */
  stages: readonly StageOutcome[] | null
  rate: (name: RateName) => Fraction | undefined
}

/** Counts each stage's clocks in time, overdue and still running. The table has each stage's rates. */
export function stagesInTimeView(data: StagesInTimeData, { theme, text }: ChartLook): ChartView {
  const { t } = text
  const stages = (data.stages ?? []).filter(
    ({ inTime, overdue, running }) => inTime + overdue + running > 0,
  )
  const named = stages.map((one) => ({ ...one, name: t(`rates.stage.${one.stage}`) }))
  const percent = (name: RateName) => {
    const rate = data.rate(name)
    const share = rate ? shareOf(rate).share : null
    return rounded(share === null ? null : share * 100, 1)
  }
  return {
    fileName: 'stages-in-time',
    title: t('rates.stages.title'),
    note: t('rates.stages.note'),
    option: outcomeOption(named, theme, text),
    table: {
      header: [
        t('rates.stages.stage'),
        t('rates.inTime'),
        t('rates.overdue'),
        t('rates.running'),
        t('rates.stages.done'),
        t('rates.stages.donePercent'),
        t('rates.stages.inTimePercent'),
        t('rates.stages.overduePercent'),
      ],
      rows: named.map(({ stage, name, inTime, overdue, running }) => [
        name,
        inTime,
        overdue,
        running,
        data.rate(stage)?.numerator ?? null,
        percent(stage),
        percent(`${stage}_in_time`),
        percent(`${stage}_overdue`),
      ]),
    },
    height: bars(named).height,
    loading: data.stages === null,
    empty: named.length === 0,
    hidden: 0,
  }
}
