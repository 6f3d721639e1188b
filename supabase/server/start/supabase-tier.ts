import { createHash } from 'node:crypto'
import type { Plugin } from 'vite'
import { appConfig, type CityPart, type ServedConfig } from '../doors/app-config.ts'
import { ServerError } from '../base/errors.ts'
import { settingsFrom, type Settings } from '../base/settings.ts'

type Env = Record<string, string | undefined>

/** A Supabase elsewhere reveals nothing before sign-in. */
function supabaseCity(env: Env, url: string): CityPart {
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

/** @throws ServerError */
export const supabaseConfig = (
  env: Env,
  { url, publishableKey }: NonNullable<Settings['supabase']>,
): ServedConfig =>
  appConfig(supabaseCity(env, url), {
    supabaseUrl: url,
    publishableKey,
    tier: 'supabase',
    acceptsDemoAccounts: false,
  })

/** Adds `config.json` to a static build with `SUPABASE_URL`. */
export const staticConfig = (env: Env = process.env): Plugin => ({
  name: 'wangge-static-config',
  apply: 'build',
  generateBundle() {
    const { supabase } = settingsFrom(env, [])
    if (!supabase) return
    const source = JSON.stringify(supabaseConfig(env, supabase))
    this.emitFile({ type: 'asset', fileName: 'config.json', source })
  },
})

/** Version 8. */
function uuidFrom(text: string): string {
  const bytes = createHash('sha256').update(text).digest().subarray(0, 16)
  bytes[6] = (bytes[6]! & 0x0f) | 0x80
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join('-')
}
