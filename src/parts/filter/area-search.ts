import type { Area } from '@/domain/city/area.ts'
import { areaLevels } from '@/domain/vocabulary.ts'

/** Folds case, width (全角) and accents. */
export const foldText = (text: string): string =>
  text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().trim()

/**
 * Areas whose name or code contains every word: exact matches, then prefixes, then others. Within a
 * rank: higher levels first, then by name.
 */
export function searchAreas(areas: readonly Area[], query: string, limit: number): Area[] {
  const folded = foldText(query)
  if (folded === '') return []
  const words = folded.split(/\s+/)
  const found: { area: Area; rank: number }[] = []
  for (const area of areas) {
    const name = foldText(area.name)
    const code = foldText(area.code)
    if (!words.every((word) => name.includes(word) || code.includes(word))) continue
    const rank =
      name === folded || code === folded
        ? 0
        : name.startsWith(folded) || code.startsWith(folded)
          ? 1
          : 2
    found.push({ area, rank })
  }
  found.sort(
    (a, b) =>
      a.rank - b.rank ||
      areaLevels.indexOf(a.area.level) - areaLevels.indexOf(b.area.level) ||
      a.area.name.localeCompare(b.area.name) ||
      (a.area.code < b.area.code ? -1 : 1),
  )
  return found.slice(0, limit).map(({ area }) => area)
}
