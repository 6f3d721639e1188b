import type { Area } from '@/domain/city/area.ts'
import type { AreaLevel } from '@/domain/vocabulary.ts'

interface Hierarchy {
  levels: readonly AreaLevel[]
  atLevel(level: AreaLevel): readonly Area[]
}

/** The highest level with several areas that the person sees, where no map says which; null in a city without areas. */
export const usualLevel = (
  { levels, atLevel }: Hierarchy,
  isVisible: (area: Area) => boolean,
): AreaLevel | null =>
  levels.find((level) => atLevel(level).filter(isVisible).length > 1) ?? levels.at(-1) ?? null
