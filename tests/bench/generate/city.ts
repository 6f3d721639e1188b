import { readFileSync } from 'node:fs'
import type { FeatureCollection, MultiPolygon, Polygon } from 'geojson'
import type { Database } from '../../../supabase/server/base/database-types.ts'
import { insertCitySettings } from '../../../supabase/tests/harness/city-settings.ts'
import type { BoundingBox } from '../../../src/domain/vocabulary.ts'
import { demoFolder } from './sample.ts'

/** Holds every area of the demo city. */
export const cityBox: BoundingBox = [-122.53, 37.69, -122.34, 37.86]
export const cityTimeZone = 'America/Los_Angeles'

interface Properties {
  code: string
  parent_code?: string
  name: string
}

/** Settings and areas of the demo city in an empty, migrated database. */
export async function createCity(db: Database): Promise<void> {
  await insertCitySettings(db, {
    name: 'San Francisco',
    locale: 'en',
    timeZone: cityTimeZone,
    box: cityBox,
  })
  const paths = new Map<string, string>()
  for (const level of ['city', 'community', 'grid']) {
    const { features } = JSON.parse(
      readFileSync(new URL(`areas_${level}.geojson`, demoFolder), 'utf8'),
    ) as FeatureCollection<Polygon | MultiPolygon, Properties>
    for (const { properties } of features) {
      const parent = properties.parent_code ? paths.get(properties.parent_code) : ''
      paths.set(properties.code, `${parent}${properties.code}/`)
    }
    const rows = features.map(({ properties, geometry }) => ({
      code: properties.code,
      parent: properties.parent_code ?? null,
      path: paths.get(properties.code),
      name: properties.name,
      geometry,
    }))
    await db.query(
      `insert into public.areas (code, parent_code, path, level, name, geom)
       select r.code, r.parent, r.path, $2, r.name,
         extensions.st_multi(extensions.st_setsrid(extensions.st_geomfromgeojson(r.geometry), 4326))
       from jsonb_to_recordset($1::text::jsonb)
         as r (code text, parent text, path text, name text, geometry jsonb)
       order by r.code`,
      [JSON.stringify(rows), level],
    )
  }
}
