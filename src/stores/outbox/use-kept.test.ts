// @vitest-environment happy-dom
import { createPinia } from 'pinia'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createApp, effectScope, markRaw, ref, type App, type EffectScope } from 'vue'
import { Device, until } from '../../../tests/fixtures/outbox/device.ts'
import { ModelServer } from '../../../tests/fixtures/outbox/model-server.ts'
import type { Outbox } from '@/sync/index.ts'
import { useOutboxStore } from './outbox.store.ts'
import { useUnsavedStore } from './unsaved.store.ts'
import { useKept } from './use-kept.ts'

let device: Device
let outbox: Outbox
let app: App
let scope: EffectScope
const key = ref('note:1')
const openAgain = (): Promise<Outbox> =>
  device.open(new ModelServer('11111111-1111-4111-8111-111111111111').transport(() => 'none'))
const use = () =>
  app.runWithContext(() =>
    scope.run(() =>
      useKept(
        () => key.value,
        () => '',
      ),
    )!,
  )

beforeEach(async () => {
  key.value = 'note:1'
  device = new Device()
  outbox = markRaw(await openAgain())
  app = createApp({}).use(createPinia())
  scope = effectScope()
  app.runWithContext(() => (useOutboxStore().outbox = outbox))
})
afterEach(async () => {
  scope.stop()
  await outbox.close()
})

it('is there again, follows its key, and is gone once it is emptied', async () => {
  await outbox.kv.set('note:2', 'about the other')
  const { value, ready } = use()
  await vi.waitFor(() => expect(ready.value).toBe(true))
  value.value = 'half a sentence'
  key.value = 'note:2'
  await vi.waitFor(() => expect(value.value).toBe('about the other'))
  expect(await outbox.kv.get('note:1')).toBe('half a sentence')
  value.value = ''
  scope.stop()
  await vi.waitFor(async () => expect(await outbox.kv.get('note:2')).toBeUndefined())
})

it('is on the disk before whoever leaves or updates the page does so', async () => {
  const { value, ready } = use()
  await vi.waitFor(() => expect(ready.value).toBe(true))
  value.value = 'typed just now'
  await app.runWithContext(() => useUnsavedStore().saveAll())
  expect(await outbox.kv.get('note:1')).toBe('typed just now')

  // the autosave's own delay never ends
  vi.useFakeTimers({ toFake: ['setTimeout'] })
  value.value = 'and a word more'
  window.dispatchEvent(new Event('pagehide'))
  await until(async () => (await outbox.kv.get('note:1')) === 'and a word more')
  vi.useRealTimers()
})

it('holds whoever leaves when the disk refuses, and keeps what was typed', async () => {
  const { value, ready } = use()
  await vi.waitFor(() => expect(ready.value).toBe(true))
  vi.spyOn(outbox.kv, 'set').mockRejectedValueOnce(new Error('full'))
  value.value = 'typed on a full disk'
  const { saveAll } = app.runWithContext(() => useUnsavedStore())
  await expect(saveAll()).rejects.toThrow('full')
  await saveAll()
  expect(await outbox.kv.get('note:1')).toBe('typed on a full disk')
})

it('is saved when the session ends, under whoever typed it', async () => {
  const { value, ready } = use()
  await vi.waitFor(() => expect(ready.value).toBe(true))
  value.value = 'typed just now'
  const close = vi.spyOn(outbox, 'close')
  await app.runWithContext(() => useOutboxStore().close())
  scope.stop()
  await vi.waitFor(() => expect(close).toHaveBeenCalled())
  outbox = await openAgain()
  expect(await outbox.kv.get('note:1')).toBe('typed just now')
})
