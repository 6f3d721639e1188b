import type { PointTile } from '@/domain/answers/point-tile.ts'
import { stages, type LngLat } from '@/domain/vocabulary.ts'
import type { PointHit } from '../types.ts'
import { encodePointTile } from './mvt.ts'

export const incidentLayer = 'incidents'
const extent = 4096
const onHoldBit = 1
const generatedBit = 2

/**
 * Incidents at one place become one numbered point; otherwise only the topmost could be clicked.
 */
export interface IncidentProperties {
  /** Topmost incident; also the feature id. */
  id: string
  /** `Category.idx`, of the topmost incident. */
  category: number
  /** Index in `stages`, of the topmost incident. */
  stage: number
  onHold: 0 | 1
  generated: 0 | 1
  /** All at the place, more than `members` where the tile is capped. */
  count: number
  /** Topmost first: `id category stage flags`, joined by `;`. Only when several. */
  members?: string
}

/** @returns the vector tile; for each covered incident the id drawn */
export function incidentTile(tile: PointTile): {
  data: ArrayBuffer
  coveredBy: Map<string, string>
} {
  // The offset keeps keys positive and unique slightly outside the tile.
  const keyOf = (x: number, y: number): number => (y + 32_768) * 65_536 + x + 32_768
  const places = new Map<number, number[]>()
  for (let i = 0; i < tile.shown; i++) {
    const place = keyOf(tile.x[i]!, tile.y[i]!)
    const here = places.get(place)
    if (here) here.push(i)
    else places.set(place, [i])
  }
  const stacks = new Map(tile.stacks.map(({ x, y, count }) => [keyOf(x, y), count]))
  const x: number[] = []
  const y: number[] = []
  const properties: Record<string, string | number>[] = []
  const coveredBy = new Map<string, string>()
  for (const [place, here] of places) {
    // Open incidents on top: stages run from open to final.
    here.sort((a, b) => (tile.stage[a]! & 15) - (tile.stage[b]! & 15))
    const top = here[0]!
    for (const below of here.slice(1)) coveredBy.set(tile.ids[below]!, tile.ids[top]!)
    x.push(tile.x[top]!)
    y.push(tile.y[top]!)
    const drawn: IncidentProperties = {
      id: tile.ids[top]!,
      category: tile.category[top]!,
      stage: tile.stage[top]! & 15,
      onHold: (tile.stage[top]! >> 4) & onHoldBit ? 1 : 0,
      generated: (tile.stage[top]! >> 4) & generatedBit ? 1 : 0,
      count: Math.max(here.length, stacks.get(place) ?? 0),
    }
    if (here.length > 1)
      drawn.members = here
        .map(
          (i) => `${tile.ids[i]} ${tile.category[i]} ${tile.stage[i]! & 15} ${tile.stage[i]! >> 4}`,
        )
        .join(';')
    properties.push({ ...drawn })
  }
  return { data: encodePointTile({ name: incidentLayer, extent, x, y, properties }), coveredBy }
}

/** Topmost first. */
export function hitsFromProperties(properties: IncidentProperties, lngLat: LngLat): PointHit[] {
  if (properties.members === undefined) {
    const { id, category, stage, onHold, generated } = properties
    const [isOnHold, isGenerated] = [onHold === 1, generated === 1]
    return [
      { id, category, stage: stages[stage] ?? 'reported', onHold: isOnHold, isGenerated, lngLat },
    ]
  }
  return properties.members.split(';').map((member) => {
    const [id = '', category, stage, flags] = member.split(' ')
    return {
      id,
      category: Number(category),
      stage: stages[Number(stage)] ?? 'reported',
      onHold: (Number(flags) & onHoldBit) === onHoldBit,
      isGenerated: (Number(flags) & generatedBit) === generatedBit,
      lngLat,
    }
  })
}
