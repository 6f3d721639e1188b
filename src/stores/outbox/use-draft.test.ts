// @vitest-environment happy-dom
import { createPinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createApp, effectScope, markRaw, type App, type EffectScope } from 'vue'
import { emptyCaptureForm } from '@/domain/command/report-form.ts'
import type { CaptureForm } from '@/domain/command/command.ts'
import { newUuid } from '@/domain/command/uuid.ts'
import { useOutboxStore } from './outbox.store.ts'
import { useUnsavedStore } from './unsaved.store.ts'
import type { Outbox } from '@/sync/index.ts'
import { Device } from '../../../tests/fixtures/outbox/device.ts'
import { ModelServer, report } from '../../../tests/fixtures/outbox/model-server.ts'
import { useDraft, type DraftInHand } from './use-draft.ts'

let device: Device
let server: ModelServer
let outbox: Outbox
let app: App
let scope: EffectScope
let draft: DraftInHand

beforeEach(async () => {
  device = new Device()
  server = new ModelServer('11111111-1111-4111-8111-111111111111')
  outbox = markRaw(await openAgain())
  app = createApp({}).use(createPinia())
  scope = effectScope()
  draft = app.runWithContext(() => {
    useOutboxStore().outbox = outbox
    return scope.run(() => useDraft())!
  })
})
afterEach(async () => {
  scope.stop()
  await outbox.close()
})
const openAgain = (): Promise<Outbox> => device.open(server.transport(() => 'none'))
const drafts = () => outbox.loadDrafts()

describe('useDraft', () => {
  it('is on the disk within a moment of any change, and says so only then', async () => {
    draft.form.description = 'a heap'
    expect(draft.saveState.value).toBe('unsaved')
    expect(draft.savedAt.value).toBeNull()
    await vi.waitFor(async () => expect(draft.saveState.value).toBe('saved'))
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

  it('says so when another tab has sent it, and neither brings it back nor sends it again', async () => {
    draft.form.categoryCode = 'c1'
    await draft.flush()
    await outbox.enqueue(report(draft.id.value), { fromDraft: draft.id.value })
    draft.form.description = 'typed here meanwhile'
    await draft.flush()
    expect(draft.saveState.value).toBe('failed')
    expect(draft.saveError.value).toMatchObject({ code: 'already_sent' })
    expect(await drafts()).toEqual([])
    await expect(draft.seal()).rejects.toMatchObject({ code: 'already_sent' })
    // It does not block leaving the page, and the next form works as usual.
    await app.runWithContext(() => useUnsavedStore().saveAll())
    draft.startNew()
    draft.form.description = 'another'
    await draft.flush()
    expect(await drafts()).toMatchObject([{ form: { description: 'another' } }])
  })

  it('goes on as a draft of its own when another tab has changed it', async () => {
    draft.form.description = 'first'
    await draft.flush()
    const first = draft.id.value
    const [kept] = await drafts()
    const theirs = { ...kept!, form: { ...kept!.form, description: 'theirs' }, updatedAt: 'later' }
    await outbox.saveDraft(theirs)
    draft.form.description = 'mine'
    const saving = draft.flush()
    draft.form.description = 'mine too'
    await Promise.all([saving, draft.flush()])
    expect(draft.isForked.value).toBe(true)
    expect(draft.saveState.value).toBe('saved')
    expect(draft.id.value).not.toBe(first)
    const texts = async () => (await drafts()).map(({ form }) => form.description).toSorted()
    expect(await texts()).toEqual(['mine too', 'theirs'])
    // emptied in this tab; the other tab's draft stays
    draft.fill(kept!, true)
    expect(draft.isForked.value).toBe(false)
    draft.form.description = ''
    await draft.flush()
    expect(await texts()).toEqual(['mine too', 'theirs'])
    expect(draft.saveState.value).toBe('empty')
  })

  it('is saved when the session ends, before the outbox closes', async () => {
    draft.form.description = 'typed just now'
    const close = vi.spyOn(outbox, 'close')
    await app.runWithContext(() => useOutboxStore().close())
    scope.stop()
    await vi.waitFor(() => expect(close).toHaveBeenCalled())
    outbox = await openAgain()
    expect(await drafts()).toMatchObject([{ form: { description: 'typed just now' } }])
  })

  it('is saved by whoever is about to leave the page', async () => {
    draft.form.description = 'typed just now'
    await app.runWithContext(() => useUnsavedStore().saveAll())
    expect(await drafts()).toHaveLength(1)
  })

  it('adds to a draft what was typed into the empty form while it was loading', async () => {
    const id = await keepDraft('a heap', { severity: 3, lon: 1, lat: 2, placedBy: 'hand' })
    const loading = Promise.withResolvers<void>()
    const opening = draft.open(async () => {
      await loading.promise
      return outbox.loadDraft(id)
    })
    const empty = draft.id.value
    // part of the input is already stored when the draft loads
    draft.form.description = 'beside'
    await draft.flush()
    draft.form.description = 'beside the door'
    draft.form.categoryCode = 'c1'
    Object.assign(draft.form, { lon: 8, lat: 9, placedBy: 'gps' })
    draft.photoHashes.value = ['ab'.repeat(32)]
    loading.resolve()
    expect(await opening).toBe('opened')
    const whole = {
      id,
      form: {
        description: 'a heap\nbeside the door',
        categoryCode: 'c1',
        severity: 3,
        lon: 1,
        placedBy: 'hand',
      },
      photoHashes: ['ab'.repeat(32)],
    }
    expect({
      id: draft.id.value,
      form: draft.form,
      photoHashes: draft.photoHashes.value,
    }).toMatchObject(whole)
    expect(draft.id.value).not.toBe(empty)
    await vi.waitFor(async () => expect(await drafts()).toMatchObject([whole]))
    expect(draft.saveState.value).toBe('saved')
  })

  it('opens a draft as it lies there when only the device has written into the form', async () => {
    const id = await keepDraft('a heap')
    const opening = draft.open(() => outbox.loadDraft(id))
    Object.assign(draft.form, { lon: 8, lat: 9, placedBy: 'gps' })
    await opening
    expect(draft.form).toMatchObject({ description: 'a heap', lon: null })
    expect(draft.saveState.value).toBe('saved')
  })

  it('keeps a form that had something in it apart, to its last word, from the draft opened after it', async () => {
    const id = await keepDraft('a heap')
    draft.form.description = 'another'
    const opening = draft.open(() => outbox.loadDraft(id))
    draft.form.description = 'another matter'
    await opening
    expect(draft.form.description).toBe('a heap')
    expect((await drafts()).map(({ form }) => form.description).toSorted()).toEqual([
      'a heap',
      'another matter',
    ])
  })

  it('stays with the draft asked for last, and with the words when there is none', async () => {
    const [first, second] = [await keepDraft('first'), await keepDraft('second')]
    const slowly = Promise.withResolvers<void>()
    const early = draft.open(async () => {
      await slowly.promise
      return outbox.loadDraft(first)
    })
    expect(await draft.open(() => outbox.loadDraft(second))).toBe('opened')
    slowly.resolve()
    expect(await early).toBe('overtaken')
    expect(draft.form.description).toBe('second')

    draft.startNew()
    const none = draft.open(async () => undefined)
    draft.form.description = 'typed'
    expect(await none).toBe('missing')
    expect(draft.form.description).toBe('typed')
  })

  it('waits for a word that an input method is composing, which would overwrite the draft', async () => {
    const id = await keepDraft('垃圾')
    const opening = draft.open(() => outbox.loadDraft(id))
    document.dispatchEvent(new Event('compositionstart'))
    expect(await Promise.race([opening, outbox.loadDrafts().then(() => 'waits')])).toBe('waits')
    // `v-model` writes the field's text when composition ends
    draft.form.description = '门口'
    document.dispatchEvent(new Event('compositionend'))
    await opening
    expect(draft.form.description).toBe('垃圾\n门口')
  })
})

async function keepDraft(description: string, form: Partial<CaptureForm> = {}): Promise<string> {
  const id = newUuid()
  await outbox.saveDraft({
    id,
    kind: 'report',
    form: { ...emptyCaptureForm(), description, ...form },
    photoHashes: [],
    updatedAt: new Date().toISOString(),
  })
  return id
}
