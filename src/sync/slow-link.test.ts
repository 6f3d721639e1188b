import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Device, picture, until, userId } from '../../tests/fixtures/outbox/device.ts'
import { ModelServer, report } from '../../tests/fixtures/outbox/model-server.ts'
import { patient } from '../../tests/kit/patience.ts'
import { noNetwork, SlowLink, VirtualTime } from '../../tests/fixtures/outbox/slow-link.ts'
import { AppError } from '@/data/errors.ts'
import type { Outbox, Transport } from './index.ts'

const uuid = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`

let device: Device
let server: ModelServer
let time: VirtualTime
let outbox: Outbox
beforeEach(() => {
  device = new Device()
  server = new ModelServer(userId)
  time = new VirtualTime(device)
})
afterEach(async () => {
  await outbox.close()
  time.end()
})
const open = async (transport: Transport): Promise<void> => {
  const { sleep, timeout } = time
  outbox = await device.open(transport, undefined, { sleep, timeout })
}
const drained = () => until(async () => (await outbox.unsent()) === 0, 'an empty outbox')
const withPhoto = async (n: number, bytes: number): Promise<void> => {
  const { hash } = await outbox.savePhoto(picture(n, bytes))
  const photo = { hash, mediaType: 'image/jpeg' as const, bytes, width: 8, height: 8 }
  await outbox.enqueue(report(uuid(n), { photos: [photo] }))
}
const hours = (began: number): number => (device.clock - began) / 3_600_000

describe('a slow way to the server', () => {
  it(
    'gets fewer commands at once, until a call goes through',
    async () => {
      // 400 kB, of which 90 seconds carry 180 kB
      const link = new SlowLink(time, 2000)
      await open(link.between(server.transport()))
      for (let n = 0; n < 40; n++)
        await outbox.enqueue(report(uuid(n), { description: 'x'.repeat(9700) }))
      const began = device.clock
      outbox.start()
      await drained()
      expect(link.calls.map(({ commands }) => commands).slice(0, 4)).toEqual([40, 20, 10, 10])
      expect([...server.effects.values()].every((count) => count === 1)).toBe(true)
      expect(hours(began)).toBeLessThan(0.3)
    },
    patient(60_000),
  )

  it(
    'gets the time a photo needs, one photo at a time, and each arrives once',
    async () => {
      // three at once would get 600 bytes/s each
      const link = new SlowLink(time, 1800)
      await open(link.between(server.transport()))
      for (let n = 1; n <= 3; n++) await withPhoto(n, 600_000)
      const began = device.clock
      outbox.start()
      await drained()
      expect(link.together.slice(0, 3)).toEqual([1, 2, 3])
      expect(Math.max(...link.together.slice(3))).toBe(1)
      expect(server.uploads).toHaveLength(3)
      expect(hours(began)).toBeLessThan(2)
    },
    patient(60_000),
  )

  it(
    'carries a report while a photo is still on its way',
    async () => {
      const link = new SlowLink(time, 1800)
      await open(link.between(server.transport()))
      await withPhoto(1, 600_000)
      outbox.start()
      await until(() => link.uploads === 1)
      await outbox.enqueue(report(uuid(2)))
      await until(() => server.incidents.has(uuid(2)), 'the report')
      expect(server.uploads).toEqual([])
      await drained()
    },
    patient(60_000),
  )
})

describe('no way to the server', () => {
  it(
    'is not hammered by a queue full of photos',
    async () => {
      const tried = { commands: 0, photos: 0 }
      await open(noNetwork(tried))
      for (let n = 1; n <= 100; n++) await withPhoto(n, 64)
      const began = device.clock
      outbox.start()
      await until(() => device.clock - began > 600_000, 'ten minutes')
      // every 15 seconds on average, at most three photos
      expect(tried.photos).toBeLessThan(150)
      expect(tried.photos).toBeGreaterThan(30)
      expect(outbox.status.value.kind).toBe('no-network')
    },
    patient(60_000),
  )
})

describe('a timer that fires a little early', () => {
  it.each(['photo', 'command'])(
    'leaves no %s waiting for nobody',
    async (what) => {
      const real = server.transport()
      let failures = 5
      const failing = async <T>(call: Promise<T> | null): Promise<T> => {
        if (!call) throw new AppError('server', 'broken')
        return call
      }
      const transport: Transport = {
        knock: real.knock,
        applyCommands: (commands, signal) =>
          failing(
            what === 'command' && failures-- > 0 ? null : real.applyCommands(commands, signal),
          ),
        uploadPhoto: (photo, signal) =>
          failing(what === 'photo' && failures-- > 0 ? null : real.uploadPhoto(photo, signal)),
      }
      outbox = await device.open(transport, undefined, {
        now: () => (device.clock += 0.3),
        sleep: async (millis, signal) => {
          await new Promise((resolve) => setImmediate(resolve))
          if (!signal.aborted) device.clock += Math.max(0, millis - 0.5)
        },
      })
      await (what === 'photo' ? withPhoto(1, 64) : outbox.enqueue(report(uuid(1))))
      outbox.start()
      await drained()
    },
    patient(60_000),
  )
})

describe('a photo that fails', () => {
  it(
    'says why on its item, and no more once it has arrived',
    async () => {
      const real = server.transport()
      let isFull = true
      await open({
        ...real,
        uploadPhoto: async (photo, signal) => {
          if (isFull) throw new AppError('server', 'full', { status: 507, code: 'photo_no_room' })
          return real.uploadPhoto(photo, signal)
        },
      })
      await withPhoto(1, 64)
      outbox.start()
      const only = async () => (await outbox.page({ limit: 1 }))[0]!
      await until(async () => (await only()).error !== null)
      expect(await only()).toMatchObject({
        state: 'queued',
        error: { code: 'photo_no_room', field: 'photos' },
      })
      isFull = false
      await drained()
      expect((await only()).error).toBeNull()
    },
    patient(60_000),
  )
})
