import type { SupabaseClient } from '@supabase/supabase-js'
import { apiClient, call } from '../kit/api.ts'
import { areaNames, oracleRows, type OracleRow } from '../kit/oracle.ts'
import type { DemoRole } from '../kit/session.ts'

/** The figures that the screens are held against: counted from the demo's own files, by other code. */
export interface World {
  url: string
  rows: readonly OracleRow[]
  communities: ReadonlyMap<string, string>
  as: (role: DemoRole) => Promise<SupabaseClient>
}

export async function worldOf(url: string): Promise<World> {
  const leader = await apiClient(url, 'leader')
  const { demo } = await call<{ demo: { weeks: number } }>(leader, 'session_context')
  return {
    url,
    rows: oracleRows(demo.weeks),
    communities: areaNames('community'),
    as: (role) => apiClient(url, role),
  }
}

/** @throws Error that says what the screen showed instead */
export function same<T>(what: string, shown: T, wanted: T): void {
  const [left, right] = [JSON.stringify(shown), JSON.stringify(wanted)]
  if (left !== right) throw new Error(`${what}: the screen says ${left}, expected ${right}`)
}
