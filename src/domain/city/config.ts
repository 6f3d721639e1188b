import type { BoundingBox } from '../vocabulary.ts'

export type Tier = 'embedded' | 'postgres' | 'supabase'

/** `config.json`: one build serves all tiers. */
export interface AppConfig {
  /** New with every new or restored database; keys client caches. */
  instanceId: string
  supabaseUrl: string
  publishableKey: string
  tier: Tier
  city: CityConfig
  /** Null unless the demo accounts may sign in. */
  demo: { accounts: { email: string; role: string }[]; password: string } | null
}

export interface CityConfig {
  name: string
  /** BCP 47. */
  locale: string
  /** IANA. */
  timeZone: string
  bbox: BoundingBox
  basemap: { url: string; attribution: string } | null
}
