import type { SupabaseClient } from '@supabase/supabase-js'
import type { Page } from 'playwright'
import { call } from './api.ts'

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
