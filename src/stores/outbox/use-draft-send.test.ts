// @vitest-environment happy-dom
import { createPinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createApp, effectScope, markRaw, type App, type EffectScope } from 'vue'
import { Device, picture } from '../../../tests/fixtures/outbox/device.ts'
import { ModelServer } from '../../../tests/fixtures/outbox/model-server.ts'
import { emptyCaptureForm } from '@/domain/command/report-form.ts'
import { PhotoRefused } from '@/domain/photo/photo-kind.ts'
import type { Draft, PhotoRef } from '@/domain/command/command.ts'
import type { Outbox } from '@/sync/index.ts'
import { useOutboxStore } from './outbox.store.ts'
import { useDraft } from './use-draft.ts'
import { useDraftSend } from './use-draft-send.ts'
import { usePhotoFiles } from './use-photo-files.ts'

/** The worker's results, resolved by the test. */
const intake = vi.hoisted(() => ({
  give: (_photo: unknown): void => {},
  refuse: (_error: unknown): void => {},
}))
vi.mock('@/device/photo/intake.ts', () => ({
  takePhoto: () =>
    new Promise((resolve, reject) => Object.assign(intake, { give: resolve, refuse: reject })),
}))

const incidentId = '00000000-0000-4000-8000-000000000001'
let device: Device
let server: ModelServer
let outbox: Outbox
let app: App
let scope: EffectScope
const openAgain = (): Promise<Outbox> => device.open(server.transport(() => 'none'))

beforeEach(async () => {
  device = new Device()
  server = new ModelServer('11111111-1111-4111-8111-111111111111')
  outbox = markRaw(await openAgain())
  app = createApp({}).use(createPinia())
  scope = effectScope()
})
afterEach(async () => {
  scope.stop()
  await outbox.close()
})

/** The form for photos of an incident. */
function openForm() {
  return app.runWithContext(() => {
    useOutboxStore().outbox = outbox
    return scope.run(() => {
      const draft = useDraft('photos')
      const photos = usePhotoFiles(draft.photoHashes, draft.keep)
      const sending = useDraftSend(draft, photos, (refs: PhotoRef[]) => ({
        type: 'add_photo',
        payload: { incidentId, photos: refs, note: draft.form.description },
      }))
      return { draft, photos, ...sending }
    })!
  })
}

/** A draft with two photos from an earlier visit. */
async function leftBehind(): Promise<Draft> {
  const saved = [await outbox.savePhoto(picture(1)), await outbox.savePhoto(picture(2))]
  const draft: Draft = {
    id: '00000000-0000-4000-8000-0000000000d1',
    kind: 'photos',
    form: { ...emptyCaptureForm(), confirmsIncidentId: incidentId, description: 'two sides' },
    photoHashes: saved.map(({ hash }) => hash),
    updatedAt: '2026-03-01T08:00:00Z',
  }
  await outbox.saveDraft(draft)
  return draft
}

describe('useDraftSend', () => {
  it('sends an opened draft with all of its photos, however slowly the device finds them', async () => {
    const left = await leftBehind()
    const load = outbox.loadPhoto
    outbox.loadPhoto = async (hash) => {
      await new Promise((resolve) => setTimeout(resolve, 80))
      return load(hash)
    }
    const { draft, send, sent } = openForm()
    draft.fill(left, true)
    expect(await send()).toBe(true)
    expect(sent.value?.photoHashes).toEqual(left.photoHashes)
    expect(await outbox.loadDrafts()).toEqual([])
  })

  it('sends nothing without one of its photos, and keeps the draft', async () => {
    const left = await leftBehind()
    const load = outbox.loadPhoto
    outbox.loadPhoto = async (hash) => (hash === left.photoHashes[1] ? undefined : load(hash))
    const { draft, photos, send, failure } = openForm()
    draft.fill(left, true)
    expect(await send()).toBe(false)
    expect(failure.value).toBe('photos')
    expect(await outbox.counts()).toMatchObject({ draft: 1, queued: 0 })
    photos.remove(left.photoHashes[1]!)
    expect(await send()).toBe(true)
    expect(await outbox.counts()).toMatchObject({ draft: 0, queued: 1 })
  })

  it('keeps photos and words when the device has no room for the item', async () => {
    const { draft, send, failure } = openForm()
    draft.fill(await leftBehind(), true)
    vi.spyOn(outbox, 'enqueue').mockRejectedValueOnce(
      Object.assign(new Error('full'), { code: 'storage_full' }),
    )
    expect(await send()).toBe(false)
    expect(failure.value).toBe('full')
    expect(draft.photoHashes.value).toHaveLength(2)
    expect(draft.form.description).toBe('two sides')
    expect(await outbox.loadDrafts()).toHaveLength(1)
    expect(await send()).toBe(true)
  })

  it('sends its own words; what another tab has written into the draft since stays a draft', async () => {
    const left = await leftBehind()
    const { draft, send, sent } = openForm()
    draft.fill(left, true)
    const theirs = { ...left, form: { ...left.form, description: 'theirs' }, updatedAt: 'later' }
    await outbox.saveDraft(theirs)
    expect(await send()).toBe(true)
    expect(await outbox.loadDrafts()).toEqual([theirs])
    const { id, photoHashes } = sent.value!
    expect(photoHashes).toEqual(left.photoHashes)
    expect((await outbox.item(id))?.command?.payload).toMatchObject({ note: 'two sides' })
    for (const hash of left.photoHashes) expect(await outbox.loadPhoto(hash)).toBeDefined()
  })

  it('waits for a photo that is worked on, and does not send without it when it is refused', async () => {
    const { draft, photos, send, failure } = openForm()
    draft.fill(await leftBehind(), true)
    void photos.add([new File(['x'], 'cut.jpg')])
    const sending = send()
    await new Promise((resolve) => setTimeout(resolve, 20))
    intake.refuse(new PhotoRefused('broken'))
    expect(await sending).toBe(false)
    expect(failure.value).toBe('refused')
    expect(photos.refused.value).toMatchObject([{ name: 'cut.jpg', refusal: 'broken' }])
    expect(await outbox.counts()).toMatchObject({ draft: 1, queued: 0 })
    // The person has seen the refusal by now.
    expect(await send()).toBe(true)
  })

  it('keeps a photo that is still worked on when the session ends', async () => {
    const { draft, photos } = openForm()
    draft.form.confirmsIncidentId = incidentId
    void photos.add([new File(['x'], 'late.jpg')])
    const close = vi.spyOn(outbox, 'close')
    await app.runWithContext(() => useOutboxStore().close())
    scope.stop()
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(close).not.toHaveBeenCalled()
    intake.give(picture(3))
    await vi.waitFor(() => expect(close).toHaveBeenCalled())
    outbox = await openAgain()
    const [kept] = await outbox.loadDrafts()
    expect(kept?.photoHashes).toHaveLength(1)
    expect(await outbox.loadPhoto(kept!.photoHashes[0]!)).toBeDefined()
  })
})
