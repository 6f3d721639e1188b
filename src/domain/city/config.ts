import type { BoundingBox } from '../vocabulary.ts'

export type Tier = 'embedded' | 'postgres' | 'supabase'

/** What `config.json` tells the client, so that one build serves every tier. */
export interface AppConfig {
  /** Changes with every new or restored database; keys all client-side caches. */
  instanceId: string
  supabaseUrl: string
  publishableKey: string
  tier: Tier
  capabilities: {
    storage: boolean
    passwordChange: boolean
    /** Whether people can list their own sessions; not where the auth server is a Supabase's. */
    sessionList?: boolean | undefined
  }
  city: CityConfig
  /** Present only while the demo city is loaded and its accounts are accepted here. */
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
