import { expect, it } from 'vitest'
import { Device, picture, until, userId } from '../../tests/fixtures/outbox/device.ts'
import { ModelServer, report } from '../../tests/fixtures/outbox/model-server.ts'

const uuid = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`

it('erases what somebody saw and what the server has, and nothing that is unsent', async () => {
  const outbox = await new Device().open(new ModelServer(userId).transport())
  await outbox.enqueue(report(uuid(1)))
  outbox.start()
  await until(async () => (await outbox.unsent()) === 0, 'a drained queue')
  await outbox.stop()
  const kept = await outbox.savePhoto(picture(1))
  const loose = await outbox.savePhoto(picture(2))
  const ref = {
    hash: kept.hash,
    mediaType: kept.mediaType,
    bytes: kept.bytes.byteLength,
    width: 8,
    height: 8,
  }
  const unsent = await outbox.enqueue(report(uuid(2), { photos: [ref] }))
  await outbox.kv.set('seen:my-day', ['seen'])
  await outbox.kv.set('merge:1', 'half done')

  await outbox.eraseSeen()

  expect(await outbox.kv.get('seen:my-day')).toBeUndefined()
  expect(await outbox.kv.get('merge:1')).toBe('half done')
  expect(await outbox.loadPhoto(loose.hash)).toBeUndefined()
  expect((await outbox.loadPhoto(kept.hash))?.bytes.byteLength).toBe(kept.bytes.byteLength)
  const left = await outbox.page({ limit: 10 })
  expect(left.map(({ id, state }) => [id, state])).toEqual([[unsent.id, 'queued']])
  await outbox.close()
})
