import { beforeEach, describe, expect, it } from 'vitest'
import { Device, instanceId, picture, until, userId } from '../../tests/fixtures/outbox/device.ts'
import { ModelServer, note, report, sha256 } from '../../tests/fixtures/outbox/model-server.ts'
import { OutboxError, type Outbox } from './index.ts'

const uuid = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`
const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'went through',
    (error: unknown) => (error instanceof OutboxError ? error.code : String(error)),
  )
interface Exported {
  items: { id: string; payload: string; hash: string }[]
  photos: { hash: string; base64: string }[]
}
const changed = async (file: Blob, change: (content: Exported) => void): Promise<Blob> => {
  const content = JSON.parse(await file.text()) as Exported
  change(content)
  return new Blob([JSON.stringify(content)])
}

let server: ModelServer
let first: Outbox
let second: Outbox
let photoHash: string
const drained = (outbox: Outbox) =>
  until(async () => (await outbox.unsent()) === 0, 'a drained queue')

beforeEach(async () => {
  server = new ModelServer(userId)
  first = await new Device().open(server.transport())
  second = await new Device().open(server.transport())
  const thumbnail = picture(9).bytes
  const photo = await first.savePhoto({
    ...picture(1, 70_000),
    takenAt: '2026-03-01T08:00:00Z',
    thumbnail,
  })
  photoHash = photo.hash
  const ref = { hash: photoHash, mediaType: photo.mediaType, bytes: 70_000, width: 8, height: 8 }
  await first.enqueue(report(uuid(1), { description: '井盖缺失 🕳️', photos: [ref] }))
  await first.enqueue(note(uuid(1), 'second'))
  await first.saveDraft({
    id: uuid(2),
    kind: 'report',
    form: {
      categoryCode: null,
      lon: null,
      lat: null,
      accuracyMeters: null,
      placedBy: null,
      description: 'half',
      severity: null,
      addressLabel: '',
      areaCode: null,
      confirmsIncidentId: null,
    },
    photoHashes: [photoHash],
    updatedAt: '2026-03-01T08:00:00Z',
  })
})

describe('an exported file', () => {
  it('brings everything unsent to another device, photos included', async () => {
    const file = await first.exportFile()
    expect(await second.importFile(file)).toEqual({ imported: 3, skipped: 0, rejected: [] })
    const [there, here] = [await second.loadPhoto(photoHash), await first.loadPhoto(photoHash)]
    expect(there).toEqual(here)
    expect(await second.loadDrafts()).toEqual(await first.loadDrafts())
    await second.deleteDraft(uuid(2))
    second.start()
    await drained(second)
    expect(server.incidents.get(uuid(1))!.entries).toHaveLength(2)
    expect(server.photos.has(photoHash)).toBe(true)
  })

  it('taken in twice, or sent from both devices, doubles nothing', async () => {
    const file = await first.exportFile()
    await second.importFile(file)
    expect(await second.importFile(file)).toEqual({ imported: 0, skipped: 3, rejected: [] })
    for (const outbox of [first, second]) {
      await outbox.deleteDraft(uuid(2))
      outbox.start()
      await drained(outbox)
    }
    expect([...server.effects.values()]).toEqual([1, 1])
    // an imported draft may have been sent by the other device
    expect((await second.importFile(file)).imported).toBe(1)
  })

  it('is refused for another person, another server, and when it is none', async () => {
    const file = await first.exportFile()
    const device = new Device()
    const other = '22222222-2222-4222-8222-222222222222'
    const theirs = await device.open(server.transport(), { instanceId, userId: other })
    expect(await codeOf(theirs.importFile(file))).toBe('wrong_user')
    const elsewhere = await device.open(server.transport(), { instanceId: 'second', userId })
    expect(await codeOf(elsewhere.importFile(file))).toBe('wrong_instance')
    for (const text of ['', '{"format":', '<html>', '[]'])
      expect(await codeOf(second.importFile(new Blob([text])))).toBe('not_an_export')
    expect(await second.unsent()).toBe(0)
  })

  it('with payloads of no sound shape loses only those', async () => {
    const payloads = [
      { incidentId: uuid(7), baseVersion: 1 },
      { incidentId: uuid(8), note: 7 },
      { incidentId: uuid(9), photos: 'none' },
    ].map((payload) => JSON.stringify(payload))
    const spoilt = await changed(await first.exportFile(), ({ items }) => {
      const [model] = items as unknown as [Record<string, unknown>]
      const types = ['correct_incident', 'add_note', 'report_incident']
      const forged = payloads.map((payload, n) => ({
        ...model,
        id: uuid(70 + n),
        type: types[n],
        payload,
        hash: sha256(payload),
      }))
      ;(items as unknown[]).unshift(...forged)
    })
    const { imported, rejected } = await second.importFile(spoilt)
    expect(imported).toBe(3)
    expect(rejected.map(({ reason }) => reason)).toEqual(Array(3).fill('wrong_shape'))
  })

  it('whose content was changed loses only what was changed', async () => {
    const spoilt = await changed(await first.exportFile(), ({ items, photos }) => {
      items[1]!.payload = items[1]!.payload.replace('second', 'forged')
      photos[0]!.base64 = `BBBB${photos[0]!.base64.slice(4)}`
    })
    const { imported, rejected } = await second.importFile(spoilt)
    expect(imported).toBe(1)
    expect(rejected.map(({ reason }) => reason)).toEqual([
      'wrong_hash',
      'photo_missing',
      'wrong_hash',
    ])
  })
})
