import {
  openDB,
  type DBSchema,
  type IDBPDatabase,
  type IDBPObjectStore,
  type StoreNames,
} from 'idb'
import type { AppConfig } from '@/domain/city/config.ts'
import type { SessionContext } from '@/data/session.repo.ts'
import { report } from '@/data/problems.ts'
import { newUuid } from '@/domain/command/uuid.ts'

/** `in`: may work, also offline. `left`: signed out. `expired`: refused by the auth server. */
export type PersonState = 'in' | 'left' | 'expired'

export interface KeptPerson {
  instanceId: string
  userId: string
  email: string | null
  context: SessionContext
  state: PersonState
  /** Device clock in milliseconds; the newest person is the present one. */
  signedInAt: number
  /** Outbox items without a receipt, at the last count. */
  unsent: number
}

/**
 * Data for an offline start. Holds no secrets; auth-js keeps the tokens. In a private window or on
 * a full disk, reads give null and writes only warn.
 */
export interface DeviceStore {
  readConfig(): Promise<AppConfig | null>
  writeConfig(config: AppConfig): Promise<void>
  /** The last to sign in, in any state. */
  readPerson(instanceId: string): Promise<KeptPerson | null>
  readPeople(): Promise<KeptPerson[]>
  /** Marks previous people as `left`. */
  writePerson(person: KeptPerson): Promise<void>
  /** Ignores an unknown person. */
  changePerson(
    key: Pick<KeptPerson, 'instanceId' | 'userId'>,
    change: (person: KeptPerson) => KeptPerson,
  ): Promise<void>
  readReference(instanceId: string, name: string): Promise<unknown>
  writeReference(instanceId: string, name: string, value: unknown): Promise<void>
  removeReference(instanceId: string, name: string): Promise<void>
  /**
   * A random UUID of this browser for the instance, made once and the same for all its people; null
   * where nothing can be kept. It tells nothing of the device.
   */
  deviceId(instanceId: string): Promise<string | null>
}

interface DeviceSchema extends DBSchema {
  kept: { key: string; value: AppConfig }
  /** Instance, user. */
  people: { key: [string, string]; value: KeptPerson }
  /** Instance, name. */
  reference: { key: [string, string]; value: unknown }
}
type StoreName = StoreNames<DeviceSchema>
type Store<Name extends StoreName> = IDBPObjectStore<DeviceSchema, [Name], Name, 'readwrite'>

const configKey = 'config'
const deviceIdName = 'device-id'

export function openDeviceStore(): DeviceStore {
  let opened: Promise<IDBPDatabase<DeviceSchema>> | null = null

  /** Null, with a warning, when storage fails. */
  async function attempt<T>(
    work: (database: IDBPDatabase<DeviceSchema>) => Promise<T>,
  ): Promise<T | null> {
    if (!globalThis.indexedDB) return null
    try {
      return await work(await (opened ??= openDatabase()))
    } catch (error) {
      opened = null
      report('kept', error)
      return null
    }
  }

  /** One transaction; resolves once on disk. */
  const change = async <Name extends StoreName>(
    name: Name,
    work: (store: Store<Name>) => Promise<unknown>,
  ): Promise<void> =>
    void (await attempt((database) => {
      const transaction = database.transaction(name, 'readwrite', { durability: 'strict' })
      return Promise.all([work(transaction.store), transaction.done])
    }))

  const people = async (instanceId?: string): Promise<KeptPerson[]> =>
    (await attempt((database) =>
      database.getAll('people', instanceId === undefined ? null : ofInstance(instanceId)),
    )) ?? []

  return {
    readConfig: async () => (await attempt((database) => database.get('kept', configKey))) ?? null,
    writeConfig: (config) => change('kept', (kept) => kept.put(config, configKey)),
    async readPerson(instanceId) {
      const found = await people(instanceId)
      return found.sort((one, other) => other.signedInAt - one.signedInAt)[0] ?? null
    },
    readPeople: () => people(),
    writePerson: (person) =>
      change('people', async (store) => {
        const others = await store.getAll(ofInstance(person.instanceId))
        const leaving = others.filter(({ state }) => state === 'in')
        await Promise.all([
          ...leaving.map((other) => store.put({ ...other, state: 'left' }, personKey(other))),
          store.put(person, personKey(person)),
        ])
      }),
    changePerson: (key, changed) =>
      change('people', async (store) => {
        const person = await store.get(personKey(key))
        if (person) await store.put(changed(person), personKey(key))
      }),
    readReference: async (instanceId, name) =>
      (await attempt((database) => database.get('reference', [instanceId, name]))) ?? null,
    writeReference: (instanceId, name, value) =>
      change('reference', (reference) => reference.put(value, [instanceId, name])),
    removeReference: (instanceId, name) =>
      change('reference', (reference) => reference.delete([instanceId, name])),
    async deviceId(instanceId) {
      let id: string | null = null
      await change('reference', async (reference) => {
        const key = [instanceId, deviceIdName] satisfies [string, string]
        const kept = await reference.get(key)
        const made = typeof kept === 'string' ? kept : newUuid()
        if (made !== kept) await reference.put(made, key)
        id = made
      })
      return id
    },
  }
}

const personKey = ({
  instanceId,
  userId,
}: Pick<KeptPerson, 'instanceId' | 'userId'>): [string, string] => [instanceId, userId]

const ofInstance = (instanceId: string): IDBKeyRange =>
  IDBKeyRange.bound([instanceId], [instanceId, []])

const openDatabase = (): Promise<IDBPDatabase<DeviceSchema>> =>
  openDB<DeviceSchema>('wangge-device', 1, {
    upgrade(database) {
      for (const name of ['kept', 'people', 'reference'] as const) database.createObjectStore(name)
    },
    // A newer version in another tab must not wait for this one.
    blocking: (_current, _blocked, event) => (event.target as IDBDatabase).close(),
  })
