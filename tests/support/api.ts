import { createClient, type SupabaseClient } from '@supabase/supabase-js'
import type { DemoRole } from './session.ts'

/** A signed-in client of the running server, as a device of its own. */
export async function apiClient(url: string, role: DemoRole): Promise<SupabaseClient> {
  const answer = await fetch(`${url}/config.json`)
  const config = (await answer.json()) as { publishableKey: string }
  const client = createClient(url, config.publishableKey, {
    auth: { persistSession: false, autoRefreshToken: false },
  })
  const { error } = await client.auth.signInWithPassword({
    email: `${role}@wangge.demo`,
    password: 'wangge-demo',
  })
  if (error) throw error
  return client
}

/** The whole answer of one function. @throws its error */
export async function call<T>(
  client: SupabaseClient,
  name: string,
  args: Record<string, unknown> = {},
): Promise<T> {
  const { data, error } = await client.rpc(name, args)
  if (error) throw error
  return data as T
}
