import { booleanPointInPolygon, coordAll } from '@turf/turf'
import type { SupabaseClient } from '@supabase/supabase-js'
import type { AreaFeatures } from '../../src/data/areas.repo.ts'
import { moveByMeters } from '../../src/domain/place/distance.ts'
import type { LngLat } from '../../src/domain/vocabulary.ts'
import { call } from './api.ts'

/** A place 2 m south of the border of the person's area, and the area's name on the other side. */
export async function placeAtTheBorder(
  client: SupabaseClient,
): Promise<{ pin: LngLat; beyond: string }> {
  const { memberships } = await call<{ memberships: { areaPath: string }[] }>(
    client,
    'session_context',
  )
  const grids = await call<AreaFeatures>(client, 'area_features', { p_level: 'grid' })
  const at = (place: LngLat) =>
    grids.features.find((grid) => booleanPointInPolygon([...place], grid))
  const isOwn = (path: string) => memberships.some(({ areaPath }) => path.startsWith(areaPath))
  for (const grid of grids.features.filter(({ properties }) => isOwn(properties.path))) {
    for (const [lon = 0, lat = 0] of coordAll(grid)) {
      const [pin, over] = [moveByMeters([lon, lat], 0, -2), moveByMeters([lon, lat], 0, 3)]
      const [here, there] = [at(pin), at(over)]
      if (here && there && isOwn(here.properties.path) && !isOwn(there.properties.path))
        return { pin, beyond: there.properties.name }
    }
  }
  throw new Error('no border with another area')
}
