import { areaLevels, type AreaLevel } from '@/domain/vocabulary.ts'

/** Zoom (512-pixel tiles) from which each level is the one to read, from the top down. */
const startZoom: Record<AreaLevel, number> = {
  city: 0,
  district: 8.5,
  subdistrict: 10.5,
  community: 11.5,
  grid: 13,
}

/**
 * The level a choropleth should draw. Where a city lacks the fitting level, the next finer one it
 * has is better than one coarse blot; below the finest there is only the finest.
 */
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
