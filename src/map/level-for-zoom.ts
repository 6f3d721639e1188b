import { areaLevels, type AreaLevel } from '@/domain/vocabulary.ts'

/** Lowest zoom (512-pixel tiles). */
const startZoom: Record<AreaLevel, number> = {
  city: 0,
  district: 8.5,
  subdistrict: 10.5,
  community: 11.5,
  grid: 13,
}

/** Next finer level if the city lacks the fitting one, else the finest. */
export function levelForZoom(
  zoom: number,
  availableLevels: readonly AreaLevel[],
): AreaLevel | null {
  const fitting = areaLevels.findLastIndex((level) => zoom >= startZoom[level])
  const finer = areaLevels
    .slice(Math.max(0, fitting))
    .find((level) => availableLevels.includes(level))
  return finer ?? areaLevels.findLast((level) => availableLevels.includes(level)) ?? null
}
