import { createPinia } from 'pinia'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createApp, effectScope, markRaw, nextTick, type App, type EffectScope } from 'vue'
import { useOutboxStore } from '@/stores/outbox/outbox.store.ts'
import type { ItemSummary, Outbox } from '@/sync/index.ts'
import { useUnderway } from './use-underway.ts'

const step = { id: 'i1', incidentId: 'x', transition: 'file', state: 'sending' } as ItemSummary

let app: App
let scope: EffectScope
/** Ends a read that the page waits for, the latest unless said. */
let reads: { answer: (found: ItemSummary[]) => void; fail: (failure: Error) => void }[]
const answer = (found: ItemSummary[], read = reads.length - 1): void => reads[read]!.answer(found)

beforeEach(() => {
  app = createApp({}).use(createPinia())
  scope = effectScope()
  reads = []
  const page = (): Promise<ItemSummary[]> =>
    new Promise((resolve, reject) => {
      reads.push({ answer: resolve, fail: reject })
    })
  app.runWithContext(() => (useOutboxStore().outbox = markRaw({ page } as unknown as Outbox)))
})
afterEach(() => scope.stop())

/** @returns the incidents under way whenever the queue was asked again */
async function use() {
  const asked: string[][] = []
  const { underway } = app.runWithContext(() =>
    scope.run(() => useUnderway(() => asked.push([...underway.value.keys()])))!,
  )
  answer([step])
  await vi.waitFor(() => expect([...underway.value.keys()]).toEqual(['x']))
  return { asked, underway }
}
const arrive = async (): Promise<void> => {
  app.runWithContext(() => useOutboxStore().arrivals++)
  await nextTick()
}

it('takes what has arrived off before the queue is asked again', async () => {
  const { asked } = await use()
  await arrive()
  expect(asked).toEqual([])
  answer([])
  await vi.waitFor(() => expect(asked).toEqual([[]]))
})

it('waits for the later of two readings that overlap', async () => {
  const { asked } = await use()
  await arrive()
  app.runWithContext(() => useOutboxStore().revision++)
  await vi.waitFor(() => expect(reads).toHaveLength(3))
  answer([], 1)
  await nextTick()
  expect(asked).toEqual([])
  answer([])
  await vi.waitFor(() => expect(asked).toEqual([[]]))
})

it('asks the queue again also when the device cannot tell', async () => {
  vi.spyOn(console, 'warn').mockImplementation(() => undefined)
  const { asked } = await use()
  await arrive()
  reads.at(-1)!.fail(new Error('closed'))
  await vi.waitFor(() => expect(asked).toEqual([['x']]))
})
