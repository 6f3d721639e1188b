import { randomUUID } from 'node:crypto'
import type { SupabaseClient } from '@supabase/supabase-js'
import type { Page } from 'playwright'
import { call } from './api.ts'

interface Receipt {
  id: string
  outcome: string
  version: number | null
  error: { code: string } | null
}

/** Sends one command as the signed-in one of `client`; anything but `applied` is an error. */
export async function applyCommand(
  client: SupabaseClient,
  type: string,
  payload: Record<string, unknown>,
): Promise<Receipt> {
  const { data } = await client.auth.getUser()
  const command = {
    id: randomUUID(),
    actor: data.user?.id,
    type,
    at: new Date().toISOString(),
    payload: JSON.stringify(payload),
  }
  const [receipt] = await call<Receipt[]>(client, 'apply_commands', { p_commands: [command] })
  if (receipt?.outcome !== 'applied') throw new Error(`not applied: ${JSON.stringify(receipt)}`)
  return receipt
}

/** Queues a command in the page's own outbox, past the forms that would not let it through. */
export async function enqueueInPage(
  page: Page,
  type: string,
  payload: Record<string, unknown>,
): Promise<string> {
  return page.evaluate(
    async ([type, payload]) => {
      interface Store {
        whenOpen(): Promise<{ enqueue(command: unknown): Promise<{ id: string }> }>
      }
      interface Mounted extends Element {
        __vue_app__: {
          config: { globalProperties: { $pinia: { _s: Map<string, Store> } } }
        }
      }
      const mounted = document.querySelector('#app') as Mounted
      const store = mounted.__vue_app__.config.globalProperties.$pinia._s.get('outbox')!
      return (await (await store.whenOpen()).enqueue({ type, payload })).id
    },
    [type, payload] as const,
  )
}

/** What the server holds of an incident. */
export interface Detail {
  incident: { version: number; severity: number; description: string; categoryCode: string }
  log: { kind: string; note: string; actorName: string | null }[]
}
export const detailOf = (client: SupabaseClient, id: string): Promise<Detail> =>
  call<Detail>(client, 'incident_detail', { p_id: id })
