import type { Database } from '../../server/base/database-types.ts'

interface CitySettings {
  name: string
  locale: 'en' | 'zh-CN'
  timeZone: string
  /** West, south, east, north, in degrees. */
  box: readonly [number, number, number, number]
  /** `city` by default. */
  shardLevel?: 'city' | 'district'
}

/** Makes a database a city without areas. */
export async function insertCitySettings(
  db: Database,
  { name, locale, timeZone, box, shardLevel = 'city' }: CitySettings,
): Promise<void> {
  await db.query(
    `insert into public.city_settings (name, locale, time_zone, west, south, east, north, shard_level)
     values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [name, locale, timeZone, ...box, shardLevel],
  )
}
