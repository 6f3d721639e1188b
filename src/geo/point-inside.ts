import { pointOnFeature } from '@turf/turf'
import type { LngLat } from '../domain/vocabulary.ts'
import type { AreaShape } from './area-index.ts'

/** A place inside an area: the middle of its box may lie in another one. */
export function pointInside(shape: AreaShape): LngLat {
  const [lng, lat] = pointOnFeature(shape).geometry.coordinates
  return [lng!, lat!]
}
