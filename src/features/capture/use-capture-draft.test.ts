// @vitest-environment happy-dom
import { createPinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createApp, effectScope, markRaw, type App, type EffectScope } from 'vue'
import { useOutboxStore } from '../../stores/outbox.store.ts'
import { useUnsavedStore } from '../../stores/unsaved.store.ts'
import type { Outbox } from '../../sync/index.ts'
import { Device } from '../../../tests/fixtures/outbox/device.ts'
import { ModelServer, report } from '../../../tests/fixtures/outbox/model-server.ts'
import { useCaptureDraft, type CaptureDraft } from './use-capture-draft.ts'

let outbox: Outbox
let app: App
let scope: EffectScope
let draft: CaptureDraft

beforeEach(async () => {
  const server = new ModelServer('11111111-1111-4111-8111-111111111111')
  outbox = markRaw(await new Device().open(server.transport(() => 'none')))
  app = createApp({}).use(createPinia())
  scope = effectScope()
  draft = app.runWithContext(() => {
    useOutboxStore().outbox = outbox
    return scope.run(useCaptureDraft)!
  })
})
afterEach(async () => {
  scope.stop()
  await outbox.close()
})
const drafts = () => outbox.loadDrafts()

describe('useCaptureDraft', () => {
  it('is on the disk within a moment of any change, and says so only then', async () => {
    draft.form.description = 'a heap'
    expect(draft.saveState.value).toBe('unsaved')
    expect(draft.savedAt.value).toBeNull()
    await vi.waitFor(async () => expect(draft.saveState.value).toBe('saved'), { timeout: 600 })
    expect(await drafts()).toMatchObject([{ id: draft.id.value, form: { description: 'a heap' } }])

    draft.photoHashes.value = ['ab'.repeat(32)]
    draft.form.notTheseIds = ['one']
    await draft.flush()
    expect(await drafts()).toMatchObject([
      { photoHashes: ['ab'.repeat(32)], form: { notTheseIds: ['one'] } },
    ])
  })

  it('keeps nothing of what the device did by itself, and lets go of what was emptied', async () => {
    Object.assign(draft.form, { lon: 1, lat: 2, placedBy: 'gps' })
    await draft.flush()
    expect(await drafts()).toEqual([])
    draft.form.categoryCode = 'c1'
    await draft.flush()
    expect(await drafts()).toHaveLength(1)
    draft.form.categoryCode = null
    await draft.flush()
    expect(await drafts()).toEqual([])
    expect(draft.saveState.value).toBe('empty')
  })

  it('does not come back from the dead when something changes while it is sent', async () => {
    draft.form.categoryCode = 'c1'
    await draft.seal()
    draft.form.accuracyMeters = 3
    await outbox.enqueue(report(draft.id.value), { fromDraft: draft.id.value })
    draft.form.accuracyMeters = 2
    await draft.flush()
    await new Promise((resolve) => setTimeout(resolve, 400))
    expect(await drafts()).toEqual([])
  })

  it('goes on saving when it could not be sent, and says when the disk refuses', async () => {
    draft.form.categoryCode = 'c1'
    await draft.seal()
    draft.unseal()
    draft.form.description = 'more'
    await draft.flush()
    expect(await drafts()).toMatchObject([{ form: { description: 'more' } }])

    const full = vi.spyOn(outbox, 'saveDraft').mockRejectedValueOnce(new Error('full'))
    draft.form.description = 'even more'
    await expect(draft.flush()).rejects.toThrow('full')
    expect(draft.saveState.value).toBe('failed')
    expect(draft.form.description).toBe('even more')
    full.mockRestore()
    await draft.flush()
    expect(draft.saveState.value).toBe('saved')
    expect(await drafts()).toMatchObject([{ form: { description: 'even more' } }])
  })

  it('does not mark a new form with the save of the one before', async () => {
    const first = draft.id.value
    draft.form.description = 'first'
    const saving = draft.flush()
    draft.startNew()
    await saving
    expect(draft.saveState.value).toBe('empty')
    expect(draft.form.description).toBe('')
    expect((await drafts()).map(({ id }) => id)).toEqual([first])
  })

  it('is saved by whoever is about to leave the page', async () => {
    draft.form.description = 'typed just now'
    await app.runWithContext(() => useUnsavedStore().saveAll())
    expect(await drafts()).toHaveLength(1)
  })
})
