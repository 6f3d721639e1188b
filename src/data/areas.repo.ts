import type { FeatureCollection, MultiPolygon, Polygon } from 'geojson'
import * as v from 'valibot'
import type { Area } from '@/domain/city/area.ts'
import { areaLevels, type AreaLevel } from '@/domain/vocabulary.ts'
import { callRpc, type Backend } from './client.ts'

const areaSchema = v.object({
  idx: v.number(),
  code: v.string(),
  parentCode: v.nullable(v.string()),
  path: v.string(),
  level: v.picklist(areaLevels),
  name: v.string(),
  households: v.nullable(v.number()),
  bbox: v.tuple([v.number(), v.number(), v.number(), v.number()]),
  // missing in what older versions kept
  revision: v.optional(v.number(), 0),
  pointOnSurface: v.tuple([v.number(), v.number()]),
})

export interface AreaProperties {
  code: string
  parentCode: string | null
  path: string
  level: AreaLevel
  name: string
}
/** Feature `id` is `Area.idx`. */
export type AreaFeatures = FeatureCollection<MultiPolygon | Polygon, AreaProperties>

export const areaListSchema = v.array(areaSchema)

// Our database checks the geometries.
export const areaFeaturesSchema = v.custom<AreaFeatures>((value) => {
  const collection = value as Partial<AreaFeatures> | null
  return (
    collection?.type === 'FeatureCollection' &&
    Array.isArray(collection.features) &&
    collection.features.every((feature) => typeof feature.id === 'number')
  )
}, 'not areas')

export const areasRepo = (backend: Backend) => ({
  list: (signal?: AbortSignal): Promise<Area[]> =>
    callRpc(backend, 'area_list', {}, areaListSchema, signal),
  features: (level: AreaLevel, signal?: AbortSignal): Promise<AreaFeatures> =>
    callRpc(backend, 'area_features', { p_level: level }, areaFeaturesSchema, signal),
})
