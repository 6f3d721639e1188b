import { quantum } from '../../domain/answers/columns.ts'
import type { BoundingBox, LngLat } from '../../domain/vocabulary.ts'

/** Mean earth radius times one degree. */
const metresPerDegree = 111_195

/** The middle of a quantised place. */
export const lngLatOf = (x: number, y: number, [west, south, east, north]: BoundingBox): LngLat => [
  west + (x / quantum) * (east - west),
  south + (y / quantum) * (north - south),
]

/** Metres between two neighbouring quantised places, to the east and to the north. */
export function cellMetres([west, south, east, north]: BoundingBox): [number, number] {
  const narrowing = Math.cos((((south + north) / 2) * Math.PI) / 180)
  return [
    ((east - west) * metresPerDegree * narrowing) / quantum,
    ((north - south) * metresPerDegree) / quantum,
  ]
}
