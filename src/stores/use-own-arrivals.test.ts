import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createApp, effectScope, nextTick, type EffectScope } from 'vue'
import { useColumnsStore } from './columns.store.ts'
import { useOutboxStore } from './outbox/outbox.store.ts'
import { useOwnArrivals } from './use-own-arrivals.ts'

let scope: EffectScope
/** True while the database still hides the change from others' questions. */
let isHidden: boolean
beforeEach(() => {
  vi.useFakeTimers()
  const pinia = createPinia()
  createApp({}).use(pinia)
  setActivePinia(pinia)
  const columns = useColumnsStore()
  vi.spyOn(columns, 'refresh').mockImplementation(() => {
    if (!isHidden) columns.revision++
    return Promise.resolve()
  })
  scope = effectScope(true)
  scope.run(useOwnArrivals)
})
afterEach(() => {
  scope.stop()
  vi.useRealTimers()
})

async function receive(): Promise<void> {
  useOutboxStore().arrivals++
  await nextTick()
  await vi.advanceTimersByTimeAsync(0)
}
const asked = () => vi.mocked(useColumnsStore().refresh).mock.calls.length

it('asks for changes at once when the city has received something of this device', async () => {
  isHidden = false
  expect(asked()).toBe(0)
  await receive()
  expect(asked()).toBe(1)
  await vi.advanceTimersByTimeAsync(60_000)
  expect(asked()).toBe(1)
})

it('asks once more, within two seconds, where the change was not told yet', async () => {
  isHidden = true
  await receive()
  expect(asked()).toBe(1)
  await vi.advanceTimersByTimeAsync(2_000)
  expect(asked()).toBe(2)
  await vi.advanceTimersByTimeAsync(60_000)
  expect(asked()).toBe(2)
})
