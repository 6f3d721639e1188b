import type { SupabaseClient } from '@supabase/supabase-js'
import type { Page } from 'playwright'
import { call, type NamedCommand } from './api.ts'

/** Queues commands in the page's own outbox, past the forms that would not let them through. */
export const enqueueAllInPage = (
  page: Page,
  commands: readonly NamedCommand[],
): Promise<string[]> =>
  page.evaluate(async (all) => {
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
    const outbox = await store.whenOpen()
    const ids: string[] = []
    for (const [type, payload] of all) ids.push((await outbox.enqueue({ type, payload })).id)
    return ids
  }, commands)

/** Queues one command in the page's own outbox. */
export async function enqueueInPage(page: Page, ...command: NamedCommand): Promise<string> {
  const [id] = await enqueueAllInPage(page, [command])
  return id!
}

/** Saves a report begun at that instant into the page's own outbox. */
export const saveDraftInPage = (
  page: Page,
  form: Record<string, unknown>,
  updatedAt: string,
): Promise<void> =>
  page.evaluate(
    async ([said, at]) => {
      interface Store {
        whenOpen(): Promise<{ saveDraft(draft: unknown): Promise<void> }>
      }
      interface Mounted extends Element {
        __vue_app__: { config: { globalProperties: { $pinia: { _s: Map<string, Store> } } } }
      }
      const mounted = document.querySelector('#app') as Mounted
      const store = mounted.__vue_app__.config.globalProperties.$pinia._s.get('outbox')!
      const draft = { id: crypto.randomUUID(), kind: 'report', photoHashes: [], updatedAt: at }
      const place = { lon: null, lat: null, accuracyMeters: null, placedBy: null }
      await (await store.whenOpen()).saveDraft({ ...draft, form: { ...place, ...said } })
    },
    [form, updatedAt] as const,
  )

/** An incident as the server holds it. */
export interface Detail {
  incident: {
    version: number
    stage: string
    severity: number
    description: string
    categoryCode: string
  }
  photos: { hash: string; takenAt: string | null; lon: number | null }[]
  log: { kind: string; note: string; actorName: string | null }[]
}
export const detailOf = (client: SupabaseClient, id: string): Promise<Detail> =>
  call<Detail>(client, 'incident_detail', { p_id: id })
