import { beforeEach, describe, expect, it } from 'vitest'
import { Device, instanceId, picture, until, userId } from '../../tests/fixtures/outbox/device.ts'
import {
  ModelServer,
  note,
  report,
  sha256,
  type Mishap,
} from '../../tests/fixtures/outbox/model-server.ts'
import { AppError } from '@/data/errors.ts'
import type { CaptureForm, Draft, PhotoRef } from '@/domain/command/command.ts'
import { OutboxError, type Outbox } from './index.ts'

const uuid = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`
const form: CaptureForm = {
  categoryCode: 'c1',
  lon: 1,
  lat: 2,
  accuracyMeters: 5,
  placedBy: 'gps',
  description: 'a heap',
  severity: 2,
  addressLabel: '',
  areaCode: null,
  confirmsIncidentId: null,
}
const draft = (n: number, more: Partial<Draft> = {}): Draft => ({
  id: uuid(n),
  kind: 'report',
  form,
  photoHashes: [],
  updatedAt: `2026-03-01T08:00:${String(n % 60).padStart(2, '0')}Z`,
  ...more,
})
const refTo = (hash: string): PhotoRef => ({
  hash,
  mediaType: 'image/jpeg',
  bytes: 64,
  width: 8,
  height: 8,
})
const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'went through',
    (error: unknown) => (error instanceof OutboxError ? error.code : String(error)),
  )

let device: Device
let server: ModelServer
let outbox: Outbox
let mishaps: Mishap[]
const transport = () => server.transport(() => mishaps.shift() ?? 'none')
beforeEach(async () => {
  device = new Device()
  server = new ModelServer(userId)
  mishaps = []
  outbox = await device.open(transport())
})
const drained = () => until(async () => (await outbox.unsent()) === 0, 'an empty outbox')
const stateOf = async (id: string) => (await outbox.item(id))?.state

describe('drafts', () => {
  it('are kept, newest first, and survive closing', async () => {
    await outbox.saveDraft(draft(1))
    await outbox.saveDraft(draft(2))
    await outbox.close()
    outbox = await device.open(transport())
    expect((await outbox.loadDrafts()).map(({ id }) => id)).toEqual([uuid(2), uuid(1)])
    expect(await outbox.loadDraft(uuid(1))).toEqual(draft(1))
    await outbox.deleteDraft(uuid(1))
    expect(await outbox.counts()).toMatchObject({ draft: 1, queued: 0 })
  })

  it('become an item in one step, and only one however often the button is pressed', async () => {
    await outbox.saveDraft(draft(1))
    const press = () => outbox.enqueue(report(uuid(1)), { fromDraft: uuid(1) })
    const [first, second] = await Promise.all([press(), press()])
    expect(second.id).toBe(first.id)
    expect(await outbox.counts()).toMatchObject({ draft: 0, queued: 1 })
    outbox.start()
    await drained()
    expect((await press()).state).toBe('received')
    expect(server.effects.size).toBe(1)
  })

  it('do not come back once another tab has sent them, except to be corrected', async () => {
    await outbox.saveDraft(draft(1))
    const { id } = await outbox.enqueue(report(uuid(1)), { fromDraft: uuid(1) })
    const late = draft(1, { form: { ...form, description: 'typed in the other tab' } })
    expect(await codeOf(outbox.saveDraft(late))).toBe('already_sent')
    outbox.start()
    await drained()
    expect(await codeOf(outbox.saveDraft(late))).toBe('already_sent')
    expect(await outbox.loadDrafts()).toEqual([])
    await outbox.saveDraft({ ...late, replaces: id })
    expect(await outbox.loadDrafts()).toHaveLength(1)
  })

  it('are neither written over, nor deleted, nor sent by a tab that has not seen their last version', async () => {
    const at = (updatedAt: string, description: string) =>
      draft(1, { updatedAt, form: { ...form, description } })
    await outbox.saveDraft(at('t1', 'first'), null)
    await outbox.saveDraft(at('t2', 'other tab'), 't1')
    const from = { fromDraft: uuid(1), draftSeen: 't1' }
    for (const late of [
      outbox.saveDraft(at('t3', 'mine'), 't1'),
      outbox.saveDraft(at('t3', 'mine'), null),
      outbox.deleteDraft(uuid(1), 't1'),
      outbox.enqueue(report(uuid(1)), from),
    ])
      expect(await codeOf(late)).toBe('changed_elsewhere')
    expect(await outbox.loadDrafts()).toMatchObject([{ form: { description: 'other tab' } }])
    expect(await outbox.counts()).toMatchObject({ queued: 0 })
    await outbox.enqueue(report(uuid(1)), { ...from, draftSeen: 't2' })
    expect(await outbox.loadDrafts()).toEqual([])
  })

  it('keep the photos they name, also those for an incident already there, when people sign out', async () => {
    const { hash } = await outbox.savePhoto(picture(1))
    const wanted = { ...form, categoryCode: null, confirmsIncidentId: uuid(7) }
    await outbox.saveDraft(draft(1, { kind: 'photos', form: wanted, photoHashes: [hash] }))
    await outbox.eraseSeen()
    expect(await outbox.unsent()).toBe(1)
    expect((await outbox.loadPhoto(hash))?.bytes).toEqual(picture(1).bytes)
    const taken = await device.open(transport(), { instanceId, userId })
    expect((await taken.importFile(await outbox.exportFile())).rejected).toEqual([])
    await taken.close()
  })

  it('are nobody else’s: another person and another server see nothing', async () => {
    await outbox.saveDraft(draft(1))
    await outbox.enqueue(report(uuid(2)))
    const other = '22222222-2222-4222-8222-222222222222'
    for (const who of [
      { instanceId, userId: other },
      { instanceId: 'second', userId },
    ]) {
      const theirs = await device.open(transport(), who)
      expect(await theirs.unsent()).toBe(0)
      await theirs.close()
    }
    expect(await outbox.unsent()).toBe(2)
  })
})

describe('sending', () => {
  it('leaves a small receipt of what the server proved to have', async () => {
    const { id, hash } = await outbox.enqueue(report(uuid(1), { description: 'a heap' }))
    outbox.start()
    await drained()
    expect(await outbox.item(id)).toMatchObject({
      state: 'received',
      command: null,
      hash,
      version: 1,
      text: 'a heap',
      receivedAt: '2026-03-01T08:00:00.000Z',
    })
    expect(hash).toBe(server.commands.get(id)!.hash)
  })

  it.each<Mishap>([
    'lost-before',
    'lost-after',
    'cut-body',
    'portal',
    'rate-limited',
    'disk-full',
    'server-error',
    'shuffled',
    'missing-receipts',
    'foreign-receipts',
    'wrong-hashes',
    'contradicting',
  ])('survives %s: sent again, applied once', async (mishap) => {
    mishaps = [mishap, mishap]
    for (let n = 1; n <= 5; n++) await outbox.enqueue(report(uuid(n)))
    outbox.start()
    await drained()
    expect([...server.effects.values()]).toEqual([1, 1, 1, 1, 1])
  })

  it('respects Retry-After, also when a person asks', async () => {
    mishaps = ['rate-limited']
    const began = device.clock
    await outbox.enqueue(report(uuid(1)))
    outbox.start()
    await drained()
    expect(device.clock - began).toBeGreaterThanOrEqual(7000)
  })

  it('waits as one for a server whose disk is full, and says so', async () => {
    mishaps = ['disk-full', 'disk-full']
    for (let n = 1; n <= 20; n++) await outbox.enqueue(report(uuid(n)))
    const began = device.clock
    const reasons = new Set<string>()
    outbox.status.subscribe((status) => {
      if (status.kind === 'waiting') reasons.add(status.reason)
    })
    outbox.start()
    await drained()
    expect(device.clock - began).toBeGreaterThanOrEqual(120_000)
    // two that met the full disk, one with all
    expect(mishaps).toEqual([])
    expect(server.calls).toHaveLength(1)
    expect([...reasons]).toEqual(['server_disk_full'])
  })

  it('pauses where the session ran out, and goes on for the same person only', async () => {
    mishaps = ['unauthorized']
    await outbox.enqueue(report(uuid(1)))
    outbox.start()
    await until(() => outbox.status.value.kind === 'needs-sign-in')
    outbox.resume('22222222-2222-4222-8222-222222222222')
    await outbox.sendNow()
    expect(outbox.status.value.kind).toBe('needs-sign-in')
    expect(server.calls).toHaveLength(0)
    outbox.resume(userId)
    await drained()
  })

  it('waits for the right person where a call went out with another’s session', async () => {
    for (let n = 1; n <= 3; n++) await outbox.enqueue(report(uuid(n)))
    const { userId: right } = server
    server.userId = '22222222-2222-4222-8222-222222222222'
    outbox.start()
    await until(() => outbox.status.value.kind === 'needs-sign-in')
    expect(await outbox.counts()).toMatchObject({ queued: 3, rejected: 0 })
    server.userId = right
    outbox.resume(userId)
    await drained()
    expect([...server.effects.values()]).toEqual([1, 1, 1])
  })

  it('keeps the order of an incident: one call holds only its first', async () => {
    await outbox.enqueue(report(uuid(1)))
    await outbox.enqueue(note(uuid(1), 'first'))
    const second = await outbox.enqueue(note(uuid(1), 'second'))
    const head = (await outbox.page({ limit: 1 }))[0]!
    expect(second.waitingFor).toEqual({ id: head.id, state: 'queued' })
    outbox.start()
    await drained()
    expect(server.calls.map((call) => call.length)).toEqual([1, 1, 1])
    expect(server.calls.flat().map(({ payload }) => JSON.parse(payload).note)).toEqual([
      undefined,
      'first',
      'second',
    ])
  })

  it('sends at most 200 commands and a megabyte at once', async () => {
    for (let n = 0; n < 250; n++)
      await outbox.enqueue(report(uuid(n), { description: n < 50 ? 'é'.repeat(9000) : '' }))
    outbox.start()
    await drained()
    for (const call of server.calls) {
      expect(call.length).toBeLessThanOrEqual(200)
      expect(new TextEncoder().encode(JSON.stringify(call)).length).toBeLessThan(1024 * 1024)
    }
    expect(server.calls.length).toBeLessThanOrEqual(4)
  })

  it('takes the next call behind a full one, and gives it back when that one fails', async () => {
    await outbox.close()
    const open = server.transport()
    const states: number[][] = []
    outbox = await device.open({
      ...open,
      async applyCommands(commands, signal) {
        const isFull = states.length < 2
        await until(
          async () => !isFull || (await outbox.counts()).queued === (states.length === 0 ? 50 : 0),
          'the next call to be taken',
        )
        const { queued, sending } = await outbox.counts()
        states.push([commands.length, queued, sending])
        if (states.length === 2) throw new AppError('server', 'down')
        return open.applyCommands(commands, signal)
      },
    })
    await outbox.enqueueAll(Array.from({ length: 450 }, (_, n) => report(uuid(n))))
    outbox.start()
    await drained()
    expect(states.slice(0, 3)).toEqual([
      [200, 50, 400],
      [200, 0, 250],
      [100, 150, 100],
    ])
    expect(server.effects.size).toBe(450)
    expect([...server.effects.values()].every((count) => count === 1)).toBe(true)
  })

  it('says by the device’s clock when a call left, so that the server can measure that clock', async () => {
    await outbox.enqueue(report(uuid(0)))
    const before = Date.parse((await outbox.page({ states: ['queued'], limit: 1 }))[0]!.at)
    outbox.start()
    await drained()
    const [command] = server.calls.at(-1)!
    expect(Date.parse(command!.sentAt!)).toBeGreaterThanOrEqual(before)
  })

  it('isolates one command that fails every call it is in', async () => {
    const poison = await outbox.enqueue(report(uuid(0), { description: 'crash the call' }))
    for (let n = 1; n <= 60; n++) await outbox.enqueue(report(uuid(n)))
    outbox.start()
    await until(async () => (await outbox.counts()).received === 60, 'all others')
    expect(await stateOf(poison.id)).toMatch(/queued|sending/)
    // the failing item goes alone from now on
    const before = server.calls.length
    await outbox.enqueue(report(uuid(100)))
    await until(async () => (await outbox.counts()).received === 61, 'the late one')
    expect(server.calls.slice(before).some((call) => call.length === 1)).toBe(true)
    server.poisonWorks = false
    await drained()
  })

  it('queues again what a killed page left on its way', async () => {
    mishaps = ['hangs']
    await outbox.enqueue(report(uuid(1)))
    outbox.start()
    await until(async () => (await outbox.counts()).sending === 1)
    await outbox.close()
    outbox = await device.open(transport())
    expect(await outbox.counts()).toMatchObject({ queued: 1, sending: 0 })
  })

  it('says how far it is', async () => {
    const seen: string[] = []
    outbox.status.subscribe((status) => seen.push(status.kind))
    for (let n = 0; n < 201; n++) await outbox.enqueue(report(uuid(n)))
    outbox.start()
    await drained()
    await until(() => outbox.status.value.kind === 'idle')
    expect(seen).toContain('sending')
  })
})

describe('what comes back refused', () => {
  const refused = async (text: string) => {
    await outbox.enqueue(report(uuid(1)))
    const { id } = await outbox.enqueue(note(uuid(1), text))
    const later = await outbox.enqueue(note(uuid(1), 'later'))
    await outbox.enqueue(report(uuid(2)))
    outbox.start()
    await until(async () => !/queued|sending/.test((await stateOf(id))!))
    await outbox.sendNow()
    return { id, later: later.id }
  }

  it('stays visible with its reason, holds the later ones of its incident and no other', async () => {
    const { id, later } = await refused('refuse me')
    expect(await outbox.item(id)).toMatchObject({
      state: 'rejected',
      error: { code: 'not_allowed' },
    })
    expect(await outbox.item(later)).toMatchObject({
      state: 'queued',
      waitingFor: { id, state: 'rejected' },
    })
    expect(await outbox.counts()).toMatchObject({ received: 2, rejected: 1, queued: 1 })
  })

  it('goes again under a new id, in its place', async () => {
    const { id, later } = await refused('refuse me')
    const again = await outbox.retry(id)
    expect(again).toMatchObject({ replaces: id })
    expect(again.id).not.toBe(id)
    await until(async () => (await stateOf(again.id)) === 'rejected')
    expect(await stateOf(id)).toBe('replaced')
    expect(await stateOf(later)).toBe('queued')
  })

  it('can be edited: the copy takes its turn, the old one is replaced, once', async () => {
    const { id, later } = await refused('conflict with me')
    expect(await outbox.item(id)).toMatchObject({
      state: 'conflict',
      error: { server: { version: 7, description: 'theirs' } },
    })
    expect(await codeOf(outbox.retry(id))).toBe('not_editable')
    expect(await outbox.edit(id)).toEqual(note(uuid(1), 'conflict with me'))
    const copy = await outbox.enqueue(note(uuid(1), 'agreed'), { replaces: id })
    expect(await codeOf(outbox.enqueue(note(uuid(1), 'agreed'), { replaces: id }))).toBe(
      'already_replaced',
    )
    await drained()
    expect(await stateOf(id)).toBe('replaced')
    expect(server.incidents.get(uuid(1))!.entries.slice(1)).toEqual([copy.id, later])
    expect(server.calls.flat().find((command) => command.id === copy.id)!.replaces).toBe(id)
  })

  it('gives a refused report back as a draft that remembers what it replaces', async () => {
    const { id } = await outbox.enqueue(report(uuid(1), { description: 'refuse me' }))
    outbox.start()
    await until(async () => (await stateOf(id)) === 'rejected')
    const copy = (await outbox.edit(id)) as Draft
    expect(copy).toMatchObject({ id: uuid(1), kind: 'report', replaces: id })
    expect(copy.form).toMatchObject({ categoryCode: 'c1', lon: 1, lat: 2 })
    await outbox.saveDraft({ ...copy, form: { ...copy.form, description: 'better' } })
    await outbox.enqueue(report(uuid(1), { description: 'better' }), { fromDraft: copy.id })
    await drained()
    expect(await stateOf(id)).toBe('replaced')
    expect(server.incidents.size).toBe(1)
  })

  it('can be thrown away, which frees the later ones', async () => {
    const { id } = await refused('refuse me')
    await outbox.discard(id)
    expect(await outbox.item(id)).toBeUndefined()
    await drained()
    expect(server.incidents.get(uuid(1))!.entries).toHaveLength(2)
  })

  it('is never edited while it may still arrive; what waits behind it stays when it is thrown away', async () => {
    const { id } = await outbox.enqueue(report(uuid(1)))
    const behind = await outbox.enqueue(note(uuid(1), 'behind'))
    mishaps = ['lost-after']
    await outbox.close()
    outbox = await device.open(transport(), undefined, {
      sleep: (_, signal) =>
        new Promise((resolve) => signal.addEventListener('abort', () => resolve())),
    })
    outbox.start()
    await until(async () => (await outbox.item(id))?.error !== null)
    expect(await outbox.recall(id)).toBeNull()
    expect(await codeOf(outbox.edit(id))).toBe('not_editable')
    expect(await codeOf(outbox.enqueue(report(uuid(1)), { replaces: id }))).toBe('not_editable')
    await outbox.discard(id)
    expect(await outbox.ofIncident(uuid(1))).toMatchObject([{ id: behind.id, waitingFor: null }])
  })
})

describe('photos', () => {
  const withPhoto = async (n: number, seed = n) => {
    const photo = await outbox.savePhoto(picture(seed))
    await outbox.saveDraft(draft(n, { photoHashes: [photo.hash] }))
    const command = report(uuid(n), { photos: [refTo(photo.hash)] })
    return { photo, item: await outbox.enqueue(command, { fromDraft: uuid(n) }) }
  }

  it('are stored under their hash and go before their command, then leave the device', async () => {
    const { photo } = await withPhoto(1)
    expect(photo.hash).toBe(sha256(picture(1).bytes))
    outbox.start()
    await drained()
    expect(server.uploads).toEqual([photo.hash])
    expect(await outbox.loadPhoto(photo.hash)).toBeUndefined()
  })

  it('go once each, also when the answer is lost', async () => {
    mishaps = ['lost-after', 'none', 'lost-after']
    await withPhoto(1)
    outbox.start()
    await drained()
    expect(server.uploads).toHaveLength(1)
  })

  it('go again when the server turns out not to hold them, and the item waits for that', async () => {
    const { photo, item } = await withPhoto(1)
    const real = server.transport()
    let losing = true
    await outbox.close()
    outbox = await device.open({
      ...real,
      applyCommands: async (commands, signal) => {
        if (losing) server.photos.clear()
        losing = false
        return real.applyCommands(commands, signal)
      },
    })
    outbox.start()
    await drained()
    expect(server.uploads).toEqual([photo.hash, photo.hash])
    expect(server.effects.get(item.id)).toBe(1)
    expect(server.photos.has(photo.hash)).toBe(true)
  })

  it('stay while a draft or another item needs them', async () => {
    const { photo } = await withPhoto(1, 7)
    await outbox.savePhoto(picture(7))
    outbox.start()
    await drained()
    // saved again: another form uses it
    expect(await outbox.loadPhoto(photo.hash)).toBeDefined()
    await outbox.saveDraft(draft(2, { photoHashes: [photo.hash] }))
    await outbox.saveDraft(draft(3, { photoHashes: [photo.hash] }))
    await outbox.deleteDraft(uuid(2))
    expect(await outbox.loadPhoto(photo.hash)).toBeDefined()
    await outbox.deleteDraft(uuid(3))
    expect(await outbox.loadPhoto(photo.hash)).toBeUndefined()
  })

  it('refused for good make their item rejected and stay; without them it goes', async () => {
    const { photo, item } = await withPhoto(1)
    await outbox.enqueue(report(uuid(2)))
    server.refusedPhotos.add(photo.hash)
    outbox.start()
    await until(async () => (await stateOf(item.id)) === 'rejected')
    expect((await outbox.item(item.id))!.error).toMatchObject({
      code: 'photo_not_an_image',
      field: 'photos',
    })
    expect(await outbox.loadPhoto(photo.hash)).toBeDefined()
    await outbox.enqueue(report(uuid(1)), { replaces: item.id })
    await drained()
    expect(server.incidents.size).toBe(2)
  })

  it('do not hold up reports without photos', async () => {
    await withPhoto(1)
    mishaps = []
    const real = server.transport()
    await outbox.close()
    outbox = await device.open({
      ...real,
      uploadPhoto: async () => {
        throw new AppError('offline', 'too weak for a picture')
      },
    })
    outbox.start()
    await until(() => outbox.status.value.kind !== 'idle')
    await outbox.enqueue(report(uuid(2)))
    await until(() => server.incidents.has(uuid(2)))
    expect(await outbox.counts()).toMatchObject({ queued: 1, received: 1 })
  })

  it('that are not on this device cannot be sent', async () => {
    const command = report(uuid(1), { photos: [refTo('ab'.repeat(32))] })
    await outbox.saveDraft(draft(1))
    expect(await codeOf(outbox.enqueue(command, { fromDraft: uuid(1) }))).toBe('photo_missing')
    expect(await outbox.counts()).toMatchObject({ draft: 1, queued: 0 })
  })
})

describe('tabs', () => {
  it('send one at a time; the next takes over, and changes are told to both', async () => {
    const second = await device.open(transport())
    outbox.start()
    second.start()
    await until(() => second.status.value.kind === 'stopped-elsewhere')
    let told = 0
    outbox.subscribe(() => told++)
    await second.enqueue(report(uuid(1)))
    await until(async () => (await second.counts()).received === 1, 'the first tab sends')
    expect(told).toBeGreaterThan(0)
    await outbox.close()
    await until(() => second.status.value.kind === 'idle')
    await second.enqueue(report(uuid(2)))
    await until(async () => (await second.counts()).received === 2, 'the second tab sends')
    await second.close()
  })
})

describe('pages', () => {
  it('go through the queue in order, then through what was received, newest first', async () => {
    for (let n = 1; n <= 5; n++) await outbox.enqueue(report(uuid(n)))
    outbox.start()
    await drained()
    await outbox.stop()
    for (let n = 6; n <= 9; n++) await outbox.enqueue(report(uuid(n)))
    await outbox.enqueue(note(uuid(6), 'held'))
    const seen: string[] = []
    for (let after: string | undefined; ;) {
      const rows = await outbox.page({ limit: 2, ...(after && { after }) })
      seen.push(...rows.map((row) => `${row.state} ${Number(row.incidentId.slice(-2))}`))
      after = rows.at(-1)?.cursor
      if (!after) break
    }
    expect(seen).toEqual([
      ...[6, 7, 8, 9, 6].map((n) => `queued ${n}`),
      ...[5, 4, 3, 2, 1].map((n) => `received ${n}`),
    ])
    expect(await outbox.page({ states: ['queued'], limit: 10 })).toHaveLength(5)
    expect(await outbox.page({ states: ['received'], limit: 3 })).toHaveLength(3)
    expect(await outbox.page({ states: ['rejected', 'conflict'], limit: 3 })).toEqual([])
  })

  it('give what is unsent about one incident, with what it says and weighs', async () => {
    await outbox.enqueue(report(uuid(1)))
    await outbox.enqueue(report(uuid(2)))
    await outbox.enqueue(note(uuid(1), 'held'))
    const found = await outbox.ofIncident(uuid(1))
    expect(found.map(({ type }) => type)).toEqual(['report_incident', 'add_note'])
    expect(found[1]).toMatchObject({
      state: 'queued',
      waitingFor: { id: found[0]!.id },
      command: { payload: { note: 'held' } },
      bytes: JSON.stringify(found[1]!.command!.payload).length,
    })
    outbox.start()
    await drained()
    expect(await outbox.ofIncident(uuid(1))).toEqual([])
  })
})

describe('recall', () => {
  it('makes a draft again of what was never sent, photos included', async () => {
    const { hash } = await outbox.savePhoto(picture(1))
    const answered = { ...form, isPinChecked: true, notTheseIds: [uuid(8)] }
    await outbox.saveDraft(draft(1, { photoHashes: [hash], form: answered }))
    const { id } = await outbox.enqueue(report(uuid(1), { photos: [refTo(hash)] }), {
      fromDraft: uuid(1),
    })
    expect(await outbox.loadDrafts()).toEqual([])

    const recalled = await outbox.recall(id)
    expect(recalled).toMatchObject({
      id: uuid(1),
      kind: 'report',
      photoHashes: [hash],
      form: { isPinChecked: true, notTheseIds: [uuid(8)] },
    })
    expect(await outbox.loadDraft(uuid(1))).toEqual(recalled)
    expect(await outbox.item(id)).toBeUndefined()
    expect((await outbox.loadPhoto(hash))?.hash).toBe(hash)
    expect(server.incidents.size).toBe(0)

    const again = await outbox.enqueue(report(uuid(1), { photos: [refTo(hash)] }), {
      fromDraft: uuid(1),
    })
    expect(again.id).not.toBe(id)
    outbox.start()
    await drained()
    expect(server.incidents.size).toBe(1)
  })

  const offline = () => {
    server.isReached = false
    outbox.start()
  }

  it('is possible as long as there is no network, and what waits behind it waits on', async () => {
    offline()
    const { id } = await outbox.enqueue(report(uuid(1)))
    const behind = await outbox.enqueue(note(uuid(1), 'behind'))
    await outbox.sendNow()
    expect(await outbox.item(id)).toMatchObject({ state: 'queued', attempts: 0 })
    const recalled = (await outbox.recall(id))!
    expect(await outbox.counts()).toMatchObject({ draft: 1, queued: 1 })
    expect((await outbox.page({ limit: 9 })).map((one) => one.id)).toEqual([behind.id])
    server.isReached = true
    await outbox.sendNow()
    expect((await outbox.item(behind.id))?.waitingFor).toEqual({ id: recalled.id, state: 'draft' })
    expect(server.incidents.size).toBe(0)

    const changed = { ...recalled, form: { ...recalled.form, description: 'better' } }
    await outbox.saveDraft(changed)
    const press = () =>
      outbox.enqueue(report(uuid(1), { description: 'better' }), {
        fromDraft: recalled.id,
        replaces: id,
      })
    const [again, once] = [await press(), await press()]
    expect(once.id).toBe(again.id)
    await drained()
    expect(server.incidents.get(uuid(1))!.entries).toEqual([again.id, behind.id])
    expect(server.calls.flat().map(({ replaces }) => replaces)).toEqual([undefined, undefined])
    expect(await outbox.counts()).toMatchObject({ received: 2, replaced: 0 })
  })

  it('takes the place of a recalled report to another phone, and its end takes all along', async () => {
    offline()
    const { id } = await outbox.enqueue(report(uuid(1)))
    const behind = await outbox.enqueue(note(uuid(1), 'behind'))
    const draft = (await outbox.recall(id))!
    const other = new Device()
    const there = await other.open(transport(), { instanceId, userId })
    expect(await there.importFile(await outbox.exportFile())).toMatchObject({ rejected: [] })
    for (const device of [outbox, there]) {
      expect((await device.item(behind.id))?.waitingFor?.id).toBe(draft.id)
      await device.deleteDraft(draft.id)
      expect(await device.unsent()).toBe(0)
    }
    await there.close()
  })

  it('of a note or a correction changes it in its place', async () => {
    offline()
    await outbox.enqueue(report(uuid(1)))
    const { id } = await outbox.enqueue(note(uuid(1), 'wrong'))
    const last = await outbox.enqueue(note(uuid(1), 'last'))
    expect(await outbox.edit(id)).toEqual(note(uuid(1), 'wrong'))
    const changed = await outbox.enqueue(note(uuid(1), 'right'), { replaces: id })
    expect((await outbox.ofIncident(uuid(1))).map(({ text }) => text).slice(1)).toEqual([
      'right',
      'last',
    ])
    await outbox.discard(last.id)
    server.isReached = true
    await outbox.sendNow()
    await drained()
    expect(server.incidents.get(uuid(1))!.entries.slice(1)).toEqual([changed.id])
  })

  it('is not needed to throw an unsent report away, with what waits behind it', async () => {
    offline()
    const { id } = await outbox.enqueue(report(uuid(1)))
    await outbox.enqueue(note(uuid(1), 'behind'))
    const other = await outbox.enqueue(report(uuid(2)))
    await outbox.discard(id)
    expect((await outbox.page({ limit: 9 })).map((one) => one.id)).toEqual([other.id])
  })

  it('comes too late once the server may have it', async () => {
    const { id } = await outbox.enqueue(report(uuid(2)))
    outbox.start()
    await drained()
    expect(await outbox.recall(id)).toBeNull()
    expect(await outbox.recall(uuid(99))).toBeNull()
  })
})

describe('a held command', () => {
  const hold = (n: number) => outbox.enqueue(report(uuid(n)), { holdMs: 10_000 })
  const receivedMs = async (id: string) => Date.parse((await outbox.item(id))!.receivedAt!)
  /** Time stands still until the sender is woken. */
  const openStill = async () => {
    await outbox.close()
    const sleep = (_: number, signal: AbortSignal) =>
      new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
    outbox = await device.open(transport(), { instanceId, userId }, { sleep })
    outbox.start()
    await outbox.sendNow()
  }

  it('is sent once its time is over, and not before, even by another page', async () => {
    const { id, notBefore } = await hold(1)
    expect(notBefore).toBe(device.clock + 10_000)
    await outbox.close()
    outbox = await device.open(transport())
    outbox.start()
    await drained()
    expect(await receivedMs(id)).toBeGreaterThanOrEqual(notBefore!)
  })

  it('holds nothing else back', async () => {
    const { id } = await hold(1)
    await openStill()
    const other = await outbox.enqueue(report(uuid(2)))
    await until(async () => (await stateOf(other.id)) === 'received', 'the other one')
    expect(await stateOf(id)).toBe('queued')
  })

  it('is sent at once by hand', async () => {
    const { id, notBefore } = await hold(1)
    await openStill()
    expect(await stateOf(id)).toBe('queued')
    await outbox.retry(id)
    await drained()
    expect(await receivedMs(id)).toBeLessThan(notBefore!)
  })

  it('gives its command back while it waits, and keeps its photo', async () => {
    const { hash } = await outbox.savePhoto(picture(1))
    const command = report(uuid(1), { photos: [refTo(hash)] })
    const { id } = await outbox.enqueue(command, { holdMs: 10_000 })
    const other = await outbox.enqueue(report(uuid(2), { photos: [refTo(hash)] }))
    expect(await outbox.takeBack(id)).toEqual(command)
    expect(await outbox.item(id)).toBeUndefined()
    outbox.start()
    await drained()
    expect(await stateOf(other.id)).toBe('received')
    expect((await outbox.loadPhoto(hash))?.hash).toBe(hash)
    expect(server.incidents.has(uuid(1))).toBe(false)
  })

  it('does not wait for a device clock that was set back', async () => {
    const { id, notBefore } = await hold(1)
    device.clock -= 3_600_000
    outbox.start()
    await drained()
    expect(await receivedMs(id)).toBeLessThan(notBefore! - 3_000_000)
  })

  it('goes and comes back with many others, all or none', async () => {
    const before = await outbox.enqueue(report(uuid(3)))
    const numbers = [1, 2, 3, 3]
    const ids = await outbox.enqueueAll(
      numbers.map((n) => (n === 3 ? note(uuid(n), 'again') : report(uuid(n)))),
      { holdMs: 10_000 },
    )
    const stored = new Map((await outbox.items([...ids, uuid(99)])).map((one) => [one.id, one]))
    expect(ids.map((id) => stored.get(id)?.incidentId)).toEqual(numbers.map((n) => uuid(n)))
    expect(ids.map((id) => stored.get(id)?.waitingFor?.id ?? null)).toEqual([
      null,
      null,
      before.id,
      before.id,
    ])
    expect(await outbox.takeBackAll(ids.slice(0, 2))).toBe(2)
    const missing = report(uuid(4), { photos: [refTo('f'.repeat(64))] })
    await expect(outbox.enqueueAll([report(uuid(5)), missing])).rejects.toMatchObject({
      code: 'photo_missing',
    })
    outbox.start()
    await drained()
    expect([...server.incidents.keys()]).toEqual([uuid(3)])
    expect(await outbox.takeBackAll(ids)).toBe(0)
    expect((await outbox.items(ids)).map(({ state }) => state)).toEqual(['received', 'received'])
  })

  it('cannot be taken back once it was sent', async () => {
    const { id } = await outbox.enqueue(report(uuid(1)))
    outbox.start()
    await drained()
    expect(await outbox.takeBack(id)).toBeNull()
  })
})
