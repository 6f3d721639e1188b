import { inject, provide, type ComputedRef, type InjectionKey } from 'vue'

/** Titles and origins that the files of a page's charts carry. */
export interface ChartOrigin {
  /** City, period, filter and time of the data. */
  lines: readonly string[]
  /** Without an ending. @param what the chart's title */
  fileName(what: string): string
}

const key: InjectionKey<ComputedRef<ChartOrigin>> = Symbol('chart origin')

export const provideChartOrigin = (origin: ComputedRef<ChartOrigin>): void => provide(key, origin)
export const useChartOrigin = (): ComputedRef<ChartOrigin> | null => inject(key, null)
