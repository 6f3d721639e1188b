import type { BoundingBox } from '../../../../src/domain/vocabulary.ts'
import { coordinateSystem } from './coordinate-system.ts'
import type { CoordinateSystem } from './coordinate-system.ts'

export interface LikelySystem {
  /** As a mapping names it. */
  name: string
  title: string
  isSwapped: boolean
  /** Of the places, that lie in the city. */
  share: number
}

/** Projections that a city at this longitude may use. */
function candidates([west, , east, north]: BoundingBox): string[] {
  const lng = (west + east) / 2
  const three = Math.round(lng / 3)
  const six = Math.floor(lng / 6) + 1
  const utm = (north > 0 ? 32600 : 32700) + Math.floor((lng + 180) / 6) + 1
  const chinese =
    lng > 72 && lng < 138
      ? [three, three - 1, three + 1]
          .filter((zone) => zone >= 25 && zone <= 45)
          .map((zone) => 4513 + zone - 25)
      : []
  const wide = lng > 72 && lng < 138 ? [4491 + six - 13] : []
  return [...chinese, ...wide, 3857, utm].map((code) => `EPSG:${code}`)
}

/**
 * The system, with its axes exchanged perhaps, in which most places lie in the city. Shifts of some
 * hundred metres (GCJ-02, BD-09) cannot be told so.
 */
export async function likelySystem(
  bbox: BoundingBox,
  shareOf: (system: CoordinateSystem, isSwapped: boolean) => number,
): Promise<LikelySystem | null> {
  let best: LikelySystem | null = null
  for (const name of candidates(bbox)) {
    const system = await coordinateSystem(name)
    for (const isSwapped of [false, true]) {
      const share = shareOf(system, isSwapped)
      if (share > (best?.share ?? 0)) best = { name, title: system.name, isSwapped, share }
    }
  }
  return best
}
