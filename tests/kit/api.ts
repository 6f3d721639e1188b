import { randomUUID } from 'node:crypto'
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

interface Receipt {
  id: string
  outcome: string
  incident_id: string
}

/** Reports one incident in the demo's Mission, as the signed-in one of `client`. @returns its id */
export async function reportIncident(client: SupabaseClient): Promise<string> {
  const { data } = await client.auth.getUser()
  const payload = JSON.stringify({
    incidentId: randomUUID(),
    categoryCode: await anyLeaf(client),
    lon: -122.4194,
    lat: 37.7599,
    description: 'A mattress on the pavement',
  })
  const command = {
    id: randomUUID(),
    actor: data.user?.id,
    type: 'report_incident',
    at: new Date().toISOString(),
    payload,
  }
  const receipts = await call<Receipt[]>(client, 'apply_commands', { p_commands: [command] })
  const [receipt] = receipts
  if (receipt?.id !== command.id || receipt.outcome !== 'applied') {
    throw new Error(`not applied: ${JSON.stringify(receipts)}`)
  }
  return receipt.incident_id
}

async function anyLeaf(client: SupabaseClient): Promise<string> {
  const categories = await call<{ code: string; parentCode: string | null }[]>(
    client,
    'category_list',
  )
  const parents = new Set(categories.map((one) => one.parentCode))
  const leaf = categories.find((one) => !parents.has(one.code))
  if (!leaf) throw new Error('no leaf category')
  return leaf.code
}
