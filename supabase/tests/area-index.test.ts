import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findArea, indexAreas, type AreaShape } from '../../src/geo/area-index.ts'
import type { AreaLevel, LngLat } from '../../src/domain/vocabulary.ts'
import { openTestDatabase, type TestDatabase } from './harness/index.ts'
import { people, seedSmallCity } from './harness/small-city.ts'

function demoAreas(level: AreaLevel): AreaShape[] {
  const text = readFileSync(`supabase/seed/demo/areas_${level}.geojson`, 'utf8')
  const { features } = JSON.parse(text) as { features: AreaShape[] }
  return features.map((feature) => ({ ...feature, properties: { ...feature.properties, level } }))
}

/** Places all over the demo city, and a corner of each of its grids. */
function somePlaces(grids: AreaShape[]): LngLat[] {
  let seed = 7
  const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647
  const places: LngLat[] = Array.from({ length: 1500 }, () => [
    -122.52 + random() * 0.17,
    37.7 + random() * 0.12,
  ])
  const corners = grids.map((grid) => {
    const [lng, lat] = grid.geometry.coordinates.flat(3 as 2) as unknown as [number, number]
    return [lng, lat] as const
  })
  return [...places, ...corners]
}

/** The device names the area of a pin as PostGIS does, by the rule of `private.place_incident`. */
describe('the area index of the device', () => {
  let db: TestDatabase
  beforeAll(async () => void (db = await openTestDatabase({ kind: 'pglite' })))
  afterAll(() => db.close())

  it('agrees with the server on shared corners and edges, however they slant and however long their numbers', async () => {
    const city = await openTestDatabase({ kind: 'pglite' })
    try {
      await seedSmallCity(city)
      let seed = 11
      const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647
      // a lattice of corners out of place, so that no border is level and no number is short
      const side = 9
      const corners = Array.from({ length: side }, (_, row) =>
        Array.from({ length: side }, (_, column): [number, number] => [
          10.1 + (column + random() * 0.6) * 0.2,
          20.1 + (row + random() * 0.6) * 0.2,
        ]),
      )
      const edges: [[number, number], [number, number]][] = []
      for (let row = 0; row + 1 < side; row++)
        for (let column = 0; column + 1 < side; column++) {
          const [a, b, c, d] = [
            ...[corners[row]![column]!, corners[row]![column + 1]!],
            ...[corners[row + 1]![column + 1]!, corners[row + 1]![column]!],
          ]
          edges.push([a!, b!], [a!, d!], [a!, c!])
          for (const [name, ...ring] of [
            ['1', a, b, c, a],
            ['2', a, c, d, a],
          ] as const)
            await city.query(
              `insert into public.areas (code, parent_code, path, level, name, geom)
               values ($1::text, 'N', 'N/' || $1 || '/', 'grid', $1,
                 extensions.st_multi(extensions.st_setsrid(extensions.st_geomfromgeojson($2), 4326)))`,
              // out of the corners' order: the lowest code must decide, not the first row
              [
                `L${(row * 5) % 8}${(column * 3) % 8}${name}`,
                JSON.stringify({ type: 'Polygon', coordinates: [ring] }),
              ],
            )
        }
      const places = [
        ...corners.flat(),
        ...edges.flatMap(([[x1, y1], [x2, y2]]) =>
          Array.from({ length: 12 }, (): [number, number] => {
            const along = random()
            return [x1 + along * (x2 - x1), y1 + along * (y2 - y1)]
          }),
        ),
      ]
      const columns = [places.map(([lon]) => lon), places.map(([, lat]) => lat)]
      const answers = await city.query<{ one: string | null; many: string | null }>(
        `select p.area_code as one, m.area_code as many
         from unnest($1::float8[], $2::float8[]) with ordinality as t (lon, lat, n)
         left join lateral private.place_incident(t.lon, t.lat) p on true
         left join private.areas_of_points($1::float8[], $2::float8[]) m on m.n = t.n
         order by t.n`,
        columns,
      )
      const features = await city.asUser(people.admin, async (tx) => {
        const found = await tx.query<{ c: { features: AreaShape[] } }>(
          `select public.area_features(l) as c from unnest('{city,district,grid}'::text[]) l`,
        )
        return found.flatMap(({ c }) => c.features)
      })
      const index = indexAreas(features)
      const found = places.map((place) => findArea(index, place)?.properties.code ?? null)
      expect(new Set(found).size).toBeGreaterThan(100)
      expect(found).toEqual(answers.map(({ one }) => one))
      expect(found).toEqual(answers.map(({ many }) => many))
    } finally {
      await city.close()
    }
  })

  it('agrees with PostGIS all over the demo city, corners of grids included', async () => {
    const grids = demoAreas('grid')
    const index = indexAreas([...demoAreas('city'), ...demoAreas('community'), ...grids])
    const places = somePlaces(grids)
    const answers = await db.query<{ code: string | null }>(
      `with areas as materialized (
         select feature->'properties'->>'code' as code,
                extensions.st_setsrid(extensions.st_geomfromgeojson(feature->>'geometry'), 4326) as shape
         from jsonb_array_elements($1::text::jsonb) as feature
       )
       select (
         select code from areas
         where extensions.st_covers(shape, extensions.st_setsrid(
           extensions.st_point((place->>0)::float8, (place->>1)::float8), 4326))
         order by code collate "C" limit 1
       ) as code
       from jsonb_array_elements($2::text::jsonb) with ordinality as places (place, n)
       order by n`,
      [JSON.stringify(grids), JSON.stringify(places)],
    )
    const expected = answers.map(({ code }) => code)
    const found = places.map((place) => {
      const area = findArea(index, place)
      return area?.properties.level === 'grid' ? area.properties.code : null
    })
    expect(expected.filter((code) => code !== null).length).toBeGreaterThan(500)
    expect(found).toEqual(expected)
  })
})
