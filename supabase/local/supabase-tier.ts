import { createHash } from 'node:crypto'
import type { CityPart } from './config.ts'
import { ServerError } from './errors.ts'

/**
 * The city as the environment describes it, for a Supabase elsewhere: before anyone has signed in
 * its database tells us nothing. The instance is the project's address.
 */
export function supabaseCity(env: Record<string, string | undefined>, url: string): CityPart {
  const need = (name: string): string => {
    const value = env[name]
    if (!value) throw new ServerError(`SUPABASE_URL needs ${name} with it.`)
    return value
  }
  const [west, south, east, north, ...rest] = need('WANGGE_CITY_BBOX').split(',').map(Number)
  const isBox =
    west !== undefined &&
    south !== undefined &&
    east !== undefined &&
    north !== undefined &&
    rest.length === 0 &&
    west < east &&
    south < north
  if (!isBox) throw new ServerError('WANGGE_CITY_BBOX is not west,south,east,north in degrees.')
  const basemapUrl = env.WANGGE_CITY_BASEMAP_URL
  return {
    instanceId: uuidFrom(url),
    isDemo: false,
    city: {
      name: need('WANGGE_CITY_NAME'),
      locale: env.WANGGE_CITY_LOCALE || 'zh-CN',
      timeZone: need('WANGGE_CITY_TIME_ZONE'),
      bbox: [west, south, east, north],
      basemap: basemapUrl
        ? { url: basemapUrl, attribution: env.WANGGE_CITY_BASEMAP_ATTRIBUTION ?? '' }
        : null,
    },
  }
}

/** A UUID (version 8) that is always the same for the same text. */
function uuidFrom(text: string): string {
  const bytes = createHash('sha256').update(text).digest().subarray(0, 16)
  bytes[6] = (bytes[6]! & 0x0f) | 0x80
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
