// @vitest-environment happy-dom
import { createPinia } from 'pinia'
import { expect, it, onTestFinished, vi } from 'vitest'
import { createApp, effectScope, markRaw } from 'vue'
import { Device } from '../../../tests/fixtures/outbox/device.ts'
import { ModelServer } from '../../../tests/fixtures/outbox/model-server.ts'
import type { Category } from '@/domain/city/category.ts'
import { useCategoriesStore } from '@/stores/categories.store.ts'
import { useOutboxStore } from '@/stores/outbox/outbox.store.ts'
import { useCategoryShortcuts } from './use-category-shortcuts.ts'

const key = 'capture.categories'

it('adds to the favourites that were kept, however early somebody taps, and orders what was used', async () => {
  const server = new ModelServer('11111111-1111-4111-8111-111111111111')
  const outbox = markRaw(await new Device().open(server.transport(() => 'none')))
  await outbox.kv.set(key, { recent: ['a', 'b', 'c', 'd', 'e'], favourites: ['b'] })
  const scope = effectScope()
  onTestFinished(async () => {
    scope.stop()
    await outbox.close()
  })
  const app = createApp({}).use(createPinia())
  const shortcuts = app.runWithContext(() => {
    vi.spyOn(useCategoriesStore(), 'byCode').mockImplementation((code) => ({ code }) as Category)
    return scope.run(useCategoryShortcuts)!
  })
  const codes = (list: readonly Category[]) => list.map(({ code }) => code)

  const tapped = [shortcuts.toggleFavourite('f'), shortcuts.noteUse('c')]
  app.runWithContext(() => (useOutboxStore().outbox = outbox))
  await Promise.all(tapped)
  expect(codes(shortcuts.favourites.value)).toEqual(['b', 'f'])
  expect(codes(shortcuts.recent.value)).toEqual(['c', 'a', 'd', 'e'])
  await shortcuts.toggleFavourite('b')
  await vi.waitFor(async () =>
    expect(await outbox.kv.get(key)).toEqual({
      recent: ['c', 'a', 'b', 'd', 'e'],
      favourites: ['f'],
    }),
  )
})
