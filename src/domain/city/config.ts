import type { BoundingBox } from '../vocabulary.ts'

export type Tier = 'embedded' | 'postgres' | 'supabase'

/** `config.json`: tells the client its tier; one build serves all. */
export interface AppConfig {
  /** New with every new or restored database; keys all client-side caches. */
  instanceId: string
  supabaseUrl: string
  publishableKey: string
  tier: Tier
  city: CityConfig
  /** Only while the demo city is loaded and its accounts may sign in here. */
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
