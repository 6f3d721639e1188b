// @vitest-environment happy-dom
import { createPinia } from 'pinia'
import { expect, it, vi } from 'vitest'
import { createApp, effectScope, markRaw, reactive, ref, shallowRef } from 'vue'
import { Device } from '../../../tests/fixtures/outbox/device.ts'
import { ModelServer, report } from '../../../tests/fixtures/outbox/model-server.ts'
import { emptyCaptureForm } from '@/domain/command/report-form.ts'
import { useOutboxStore } from '@/stores/outbox/outbox.store.ts'
import { useDuplicateOffers } from './use-duplicate-offers.ts'

vi.mock('./use-open-incidents.ts', () => ({
  useOpenIncidents: () => ({ rows: shallowRef([]), refresh: () => {} }),
}))
vi.mock('@/stores/categories.store.ts', () => ({
  useCategoriesStore: () => ({ byCode: (code: string) => ({ code, duplicateRadiusMeters: 20 }) }),
}))

it('offers reports that wait on the device, never the one that is sent, and none while it is sent', async () => {
  const own = '00000000-0000-4000-8000-000000000001'
  const other = '00000000-0000-4000-8000-000000000002'
  const form = reactive({ ...emptyCaptureForm(), categoryCode: 'c1', lon: 1, lat: 2 })
  const id = ref('00000000-0000-4000-8000-000000000003')
  const isSending = ref(false)
  const server = new ModelServer('11111111-1111-4111-8111-111111111111')
  const outbox = markRaw(await new Device().open(server.transport(() => 'none')))
  await outbox.enqueue(report(own))
  await outbox.enqueue(report(other))
  const app = createApp({}).use(createPinia())
  const scope = effectScope()
  const { offers } = app.runWithContext(() => {
    useOutboxStore().outbox = outbox
    return scope.run(() => useDuplicateOffers(form, { id, isSending }))!
  })
  const offered = (): string[] => offers.value.map(({ incident }) => incident.id)

  await vi.waitFor(() => expect(offered()).toEqual([own, other]))
  id.value = own
  expect(offered()).toEqual([other])
  isSending.value = true
  expect(offered()).toEqual([])
  isSending.value = false
  expect(offered()).toEqual([other])

  scope.stop()
  await outbox.close()
})
