import type { AppConfig } from '../../../src/domain/city/config.ts'
import type { Database } from '../base/database-types.ts'
import { demoAccounts, demoPassword } from '../base/demo.ts'

interface CityRow {
  instance_id: string
  name: string
  locale: string
  time_zone: string
  west: number
  south: number
  east: number
  north: number
  basemap_url: string | null
  basemap_attribution: string | null
  is_demo: boolean
}

/** The same for every client. */
export type CityPart = Pick<AppConfig, 'instanceId' | 'city'> & { isDemo: boolean }

export async function readCity(db: Database): Promise<CityPart | null> {
  const [row] = await db.query<CityRow>(
    `select instance_id::text, name, locale, time_zone, west, south, east, north,
            basemap_url, basemap_attribution, is_demo
       from public.city_settings`,
  )
  if (!row) return null
  return {
    instanceId: row.instance_id,
    isDemo: row.is_demo,
    city: {
      name: row.name,
      locale: row.locale,
      timeZone: row.time_zone,
      bbox: [row.west, row.south, row.east, row.north],
      basemap: row.basemap_url
        ? { url: row.basemap_url, attribution: row.basemap_attribution ?? '' }
        : null,
    },
  }
}

/** Apps of 0.1.0 on people's devices refuse a configuration without these, until they have updated. */
const capabilities = { storage: true, passwordChange: true }
export type ServedConfig = AppConfig & { capabilities: typeof capabilities }

/** `supabaseUrl` is the client's origin. */
export function appConfig(
  part: CityPart,
  options: {
    supabaseUrl: string
    publishableKey: string
    tier: AppConfig['tier']
    acceptsDemoAccounts: boolean
  },
): ServedConfig {
  const showsDemo = part.isDemo && options.acceptsDemoAccounts
  return {
    instanceId: part.instanceId,
    supabaseUrl: options.supabaseUrl,
    publishableKey: options.publishableKey,
    tier: options.tier,
    capabilities,
    city: part.city,
    demo: showsDemo ? { accounts: demoAccounts, password: demoPassword } : null,
  }
}
