import 'fake-indexeddb/auto'
import { IDBFactory } from 'fake-indexeddb'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { openDeviceStore, type DeviceStore, type KeptPerson } from './device-store.ts'

const person = (userId: string, signedInAt: number, instanceId = 'here'): KeptPerson => ({
  instanceId,
  userId,
  email: `${userId}@test`,
  context: { userId, displayName: userId, locale: null, memberships: [], scopeKey: 's' },
  state: 'in',
  signedInAt,
  unsent: 0,
})
const stateOf = async (device: DeviceStore): Promise<string | undefined> => {
  const found = await device.readPerson('here')
  return found ? `${found.userId} ${found.state}` : undefined
}

beforeEach(() => vi.stubGlobal('indexedDB', new IDBFactory()))

describe('device store', () => {
  it('knows who signed in last at each instance, whatever became of them', async () => {
    const device = openDeviceStore()
    await device.writePerson(person('anna', 1))
    await device.writePerson(person('bo', 2))
    await device.writePerson(person('else', 3, 'there'))
    expect(await stateOf(device)).toBe('bo in')
    await device.changePerson(person('bo', 2), (one) => ({ ...one, state: 'left' }))
    // Anna was marked `left` when Bo signed in; Bo's sign-out does not undo it.
    expect(await stateOf(device)).toBe('bo left')
    expect((await device.readPerson('there'))?.userId).toBe('else')
    expect(await device.readPerson('nowhere')).toBeNull()
  })

  it('survives a new page and keeps reference data apart by instance', async () => {
    const first = openDeviceStore()
    await first.writeReference('here', 'areas', ['a'])
    await first.writeReference('there', 'areas', ['b'])
    const second = openDeviceStore()
    expect(await second.readReference('here', 'areas')).toEqual(['a'])
    await second.removeReference('here', 'areas')
    expect(await second.readReference('here', 'areas')).toBeNull()
    expect(await second.readReference('there', 'areas')).toEqual(['b'])
  })

  it('makes a random number once for an instance, whoever signs in and however many tabs ask', async () => {
    const [one, other] = [openDeviceStore(), openDeviceStore()]
    const [id, same] = await Promise.all([one.deviceId('here'), other.deviceId('here')])
    expect(id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
    expect(same).toBe(id)
    await one.writePerson(person('anna', 1))
    await one.writePerson(person('bo', 2))
    expect(await openDeviceStore().deviceId('here')).toBe(id)
    expect(await one.deviceId('there')).not.toBe(id)
  })

  it('keeps nothing and says so where the browser forbids it', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
    const forbidden = {
      open: () => {
        throw new DOMException('no', 'SecurityError')
      },
    }
    vi.stubGlobal('indexedDB', forbidden)
    const device = openDeviceStore()
    await device.writePerson(person('anna', 1))
    expect(await device.readPerson('here')).toBeNull()
    expect(await device.deviceId('here')).toBeNull()
    expect(warn).toHaveBeenCalled()
    warn.mockRestore()
    vi.stubGlobal('indexedDB', undefined)
    expect(await openDeviceStore().readConfig()).toBeNull()
  })
})
