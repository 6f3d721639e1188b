import type { ClassBreaks } from '@/domain/answers/class-breaks.ts'

export interface ClassRange {
  /** Smallest and largest count, inclusive. */
  low: number
  high: number
  areas: number
}

/** Ranges of choropleth classes for whole counts, lowest first; empty without values. */
export function classRanges({ breaks, counts, min, max, zeroClass }: ClassBreaks): ClassRange[] {
  if (Number.isNaN(min)) return []
  return counts.map((areas, index) => {
    const low = index === 0 ? min : Math.ceil(breaks[index - 1]!)
    if (index === 0 && zeroClass) return { low, high: low, areas }
    const high = index === breaks.length ? max : Math.ceil(breaks[index]!) - 1
    return { low, high: Math.max(low, high), areas }
  })
}
