import { createHash, randomUUID } from 'node:crypto'
import { createClient, type SupabaseClient } from '@supabase/supabase-js'
import { commandOf, type Receipt } from '../../supabase/tests/harness/commands.ts'
import type { LngLat } from '../../src/domain/vocabulary.ts'
import { patientFetch } from './patient-fetch.ts'
import type { DemoRole } from './session.ts'

const demoClients = new Map<string, Promise<SupabaseClient>>()

/**
 * A signed-in client of the running server, as a device of its own: the same one for all tests of a
 * process. Signing in takes 0.2 s of CPU time.
 */
export function apiClient(url: string, role: DemoRole): Promise<SupabaseClient> {
  const key = `${url} ${role}`
  const client = demoClients.get(key) ?? newDemoClient(url, role)
  demoClients.set(key, client)
  return client
}

/** The same with a session that nobody else has. */
export const newDemoClient = (url: string, role: DemoRole): Promise<SupabaseClient> =>
  signedInClient(url, `${role}@wangge.demo`, 'wangge-demo')

/** The same for somebody who is no demo account. */
export async function signedInClient(
  url: string,
  email: string,
  password: string,
): Promise<SupabaseClient> {
  const answer = await fetch(`${url}/config.json`)
  const config = (await answer.json()) as { publishableKey: string }
  const client = createClient(url, config.publishableKey, {
    auth: { persistSession: false, autoRefreshToken: false },
    global: { fetch: patientFetch },
  })
  const { error } = await client.auth.signInWithPassword({ email, password })
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

export type NamedCommand = [type: string, payload: Record<string, unknown>]

/** Sends commands in one call, as the signed-in one of `client`. @returns a receipt each */
export async function sendCommands(
  client: SupabaseClient,
  commands: readonly NamedCommand[],
): Promise<Receipt[]> {
  const { data } = await client.auth.getUser()
  const at = new Date().toISOString()
  const sent = commands.map(([type, payload]) => ({
    ...commandOf(data.user?.id ?? '', type, payload),
    at,
  }))
  const receipts = await call<Receipt[]>(client, 'apply_commands', { p_commands: sent })
  if (sent.some(({ id }, index) => receipts[index]?.id !== id))
    throw new Error(`not one receipt each: ${JSON.stringify(receipts)}`)
  return receipts
}

/** Sends one command; anything but `applied` is an error. */
export async function applyCommand(
  client: SupabaseClient,
  ...command: NamedCommand
): Promise<Receipt> {
  const [receipt] = await sendCommands(client, [command])
  if (receipt?.outcome !== 'applied') throw new Error(`not applied: ${JSON.stringify(receipt)}`)
  return receipt
}

/** Reports one incident, by default in the demo's Mission. @returns its id */
export async function reportIncident(
  client: SupabaseClient,
  [lon, lat]: LngLat = [-122.4194, 37.7599],
  categoryCode?: string,
): Promise<string> {
  const incidentId = randomUUID()
  await applyCommand(client, 'report_incident', {
    incidentId,
    categoryCode: categoryCode ?? (await anyLeaf(client)),
    lon,
    lat,
    description: 'A mattress on the pavement',
  })
  return incidentId
}

/** Puts a JPEG of that size into the storage of `client`'s person. @returns it as commands name it */
export async function uploadPhoto(
  client: SupabaseClient,
  bytes: Uint8Array<ArrayBuffer>,
  { width, height }: { width: number; height: number },
) {
  const { data } = await client.auth.getUser()
  const hash = createHash('sha256').update(bytes).digest('hex')
  const mediaType = 'image/jpeg'
  const { error } = await client.storage
    .from('photos')
    .upload(`${data.user?.id}/${hash}.jpg`, bytes.buffer, { contentType: mediaType })
  if (error) throw error
  return { hash, mediaType, bytes: bytes.byteLength, width, height }
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
