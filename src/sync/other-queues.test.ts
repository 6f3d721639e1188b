import { beforeEach, describe, expect, it } from 'vitest'
import { Device, picture, until } from '../../tests/fixtures/outbox/device.ts'
import { ModelServer, note, report } from '../../tests/fixtures/outbox/model-server.ts'
import type { Outbox } from './index.ts'

const uuid = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`
const before = { instanceId: uuid(901), userId: uuid(801) }
const now = { instanceId: uuid(902), userId: uuid(802) }
const other = { instanceId: before.instanceId, userId: uuid(803) }

let device: Device
let server: ModelServer
let outbox: Outbox
const left: Record<'report' | 'conflict', string> = { report: '', conflict: '' }
beforeEach(async () => {
  device = new Device()
  server = new ModelServer(now.userId)
  const old = await device.open(new ModelServer(before.userId).transport(), before)
  const { hash } = await old.savePhoto(picture(1, 500))
  const photo = { hash, mediaType: 'image/jpeg' as const, bytes: 500, width: 8, height: 8 }
  await old.enqueue(report(uuid(1), { description: 'a heap' }))
  old.start()
  await until(async () => (await old.unsent()) === 0)
  left.conflict = (await old.enqueue(note(uuid(1), 'conflict with me'))).id
  await until(async () => (await old.counts()).conflict === 1)
  await old.stop()
  left.report = (await old.enqueue(report(uuid(2), { photos: [photo] }))).id
  await old.close()
  const theirs = await device.open(server.transport(), other)
  await theirs.enqueue(report(uuid(3)))
  await theirs.close()
  outbox = await device.open(server.transport(), now)
})

describe('what waits for a server of before', () => {
  it('is found on the device, everybody’s, and never sent by itself', async () => {
    outbox.start()
    await outbox.sendNow()
    expect(await outbox.waitingElsewhere([])).toEqual([
      { ...before, unsent: 2 },
      { ...other, unsent: 1 },
    ])
    expect(server.calls).toEqual([])
  })

  it('is found by who has worked here where the browser lists no databases', async () => {
    Object.assign(device.indexedDB, { databases: undefined })
    const again = await device.open(server.transport(), now)
    expect(await again.waitingElsewhere([before, now])).toEqual([{ ...before, unsent: 2 }])
    await again.close()
  })

  it('comes over when the person says so, under their name here, and is gone there', async () => {
    expect(await outbox.takeOver(before)).toEqual({ imported: 2, skipped: 0, rejected: [] })
    expect(await outbox.waitingElsewhere([])).toEqual([{ ...other, unsent: 1 }])
    outbox.start()
    await until(() => server.incidents.has(uuid(2)))
    const [sent] = server.calls.flat().filter(({ id }) => id === left.report)
    expect(sent!.actor).toBe(now.userId)
    expect(server.photos.size).toBe(1)
    // the conflict is asked again, and this server refuses it
    await until(async () => (await outbox.item(left.conflict))?.state === 'conflict')
  })

  it('stays where it is as far as it could not be taken in', async () => {
    const spoilt = await device.open(server.transport(), before)
    const [, item] = await spoilt.page({ limit: 2 })
    await spoilt.close()
    const request = device.indexedDB.open(`wangge-${before.instanceId}-${before.userId}`)
    await new Promise<void>((resolve) => {
      request.onsuccess = () => {
        const change = request.result.transaction('photoBytes', 'readwrite')
        change.objectStore('photoBytes').clear()
        change.oncomplete = () => resolve(request.result.close())
      }
    })
    const report = await outbox.takeOver(before)
    expect(report.rejected).toEqual([{ id: item!.id, reason: 'photo_missing' }])
    expect(await outbox.waitingElsewhere([])).toContainEqual({ ...before, unsent: 1 })
  })

  it('can be saved to a file, which this server takes in only when somebody confirms it', async () => {
    const file = await outbox.exportWaiting(before)
    await expect(outbox.importFile(file)).rejects.toMatchObject({ code: 'wrong_instance' })
    expect(await outbox.unsent()).toBe(0)
    const report = await outbox.importFile(file, { fromElsewhere: true })
    expect(report).toMatchObject({ imported: 2, rejected: [] })
    expect(await outbox.takeOver(before)).toMatchObject({ imported: 0, skipped: 2 })
    expect(await outbox.waitingElsewhere([])).toEqual([{ ...other, unsent: 1 }])
  })
})
