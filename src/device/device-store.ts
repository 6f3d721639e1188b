import type { AppConfig } from '@/domain/city/config.ts'
import type { SessionContext } from '@/data/session.repo.ts'
import { report } from '@/data/problems.ts'

/** `in`: may work here, offline too. `left` signed out; `expired` was refused by the auth server. */
export type PersonState = 'in' | 'left' | 'expired'

/** Somebody who signed in on this device, as the server described them last. */
export interface KeptPerson {
  instanceId: string
  userId: string
  email: string | null
  context: SessionContext
  state: PersonState
  /** Milliseconds of this device's clock at sign-in: the newest is who is here. */
  signedInAt: number
  /** Items in this person's outbox that had not been received when they were last counted. */
  unsent: number
}

/**
 * What this device keeps so that the app opens without a network: the last configuration, who is
 * signed in, and reference data by instance. Nothing secret: tokens stay with auth-js.
 * A device that keeps nothing (private windows, a full disk) is an ordinary one: reads then give
 * null and writes do nothing but warn.
 */
export interface DeviceStore {
  readConfig(): Promise<AppConfig | null>
  writeConfig(config: AppConfig): Promise<void>
  /** Who signed in last at this instance, whatever became of them. */
  readPerson(instanceId: string): Promise<KeptPerson | null>
  /** Everybody who has signed in on this device, at any instance. */
  readPeople(): Promise<KeptPerson[]>
  /** Keeps somebody as the one who is signed in; whoever was before has left. */
  writePerson(person: KeptPerson): Promise<void>
  /** Changes what is kept of somebody; nothing when they are unknown. */
  changePerson(
    key: Pick<KeptPerson, 'instanceId' | 'userId'>,
    change: (person: KeptPerson) => KeptPerson,
  ): Promise<void>
  readReference(instanceId: string, name: string): Promise<unknown>
  writeReference(instanceId: string, name: string, value: unknown): Promise<void>
  removeReference(instanceId: string, name: string): Promise<void>
}

const databaseName = 'wangge-device'
const configKey = 'config'

/** @param factory where IndexedDB is; undefined where there is none */
export function openDeviceStore(
  factory: IDBFactory | undefined = globalThis.indexedDB,
): DeviceStore {
  let opened: Promise<IDBDatabase> | null = null

  /** One transaction over all stores; resolves after it has completed. */
  async function run<T>(
    mode: IDBTransactionMode,
    work: (stores: Record<StoreName, IDBObjectStore>, done: (value: T) => void) => void,
  ): Promise<T | null> {
    if (!factory) return null
    try {
      const database = await (opened ??= open(factory))
      return await new Promise<T | null>((resolve, reject) => {
        const transaction = database.transaction(storeNames, mode, { durability: 'strict' })
        let result: T | null = null
        transaction.oncomplete = () => resolve(result)
        transaction.onabort = () => reject(transaction.error)
        const stores = Object.fromEntries(
          storeNames.map((name) => [name, transaction.objectStore(name)]),
        ) as Record<StoreName, IDBObjectStore>
        work(stores, (value) => (result = value))
      })
    } catch (error) {
      opened = null
      report('kept', error)
      return null
    }
  }

  const get = (store: StoreName, key: IDBValidKey): Promise<unknown> =>
    run<unknown>('readonly', (stores, done) => {
      const request = stores[store].get(key)
      request.onsuccess = () => done(request.result ?? null)
    })
  const put = async (store: StoreName, value: unknown, key: IDBValidKey): Promise<void> =>
    void (await run('readwrite', (stores) => stores[store].put(value, key)))
  const personKey = (person: Pick<KeptPerson, 'instanceId' | 'userId'>) => [
    person.instanceId,
    person.userId,
  ]

  return {
    readConfig: async () => (await get('kept', configKey)) as AppConfig | null,
    writeConfig: (config) => put('kept', config, configKey),
    readPerson: (instanceId) =>
      run<KeptPerson | null>('readonly', ({ people }, done) => {
        const request = people.getAll(ofInstance(instanceId))
        request.onsuccess = () => {
          const [newest] = (request.result as KeptPerson[]).sort(
            (one, other) => other.signedInAt - one.signedInAt,
          )
          done(newest ?? null)
        }
      }),
    readPeople: async () =>
      (await run<KeptPerson[]>('readonly', ({ people }, done) => {
        const request = people.getAll()
        request.onsuccess = () => done(request.result as KeptPerson[])
      })) ?? [],
    writePerson: async (person) =>
      void (await run('readwrite', ({ people }) => {
        const request = people.getAll(ofInstance(person.instanceId))
        request.onsuccess = () => {
          for (const other of request.result as KeptPerson[])
            if (other.state === 'in') people.put({ ...other, state: 'left' }, personKey(other))
          people.put(person, personKey(person))
        }
      })),
    changePerson: async (key, change) =>
      void (await run('readwrite', ({ people }) => {
        const request = people.get(personKey(key))
        request.onsuccess = () => {
          const person = request.result as KeptPerson | undefined
          if (person) people.put(change(person), personKey(key))
        }
      })),
    readReference: (instanceId, name) => get('reference', [instanceId, name]),
    writeReference: (instanceId, name, value) => put('reference', value, [instanceId, name]),
    removeReference: async (instanceId, name) =>
      void (await run('readwrite', ({ reference }) => reference.delete([instanceId, name]))),
  }
}

const storeNames = ['kept', 'people', 'reference'] as const
type StoreName = (typeof storeNames)[number]

const ofInstance = (instanceId: string): IDBKeyRange =>
  IDBKeyRange.bound([instanceId], [instanceId, []])

const open = (factory: IDBFactory): Promise<IDBDatabase> =>
  new Promise((resolve, reject) => {
    const request = factory.open(databaseName, 1)
    request.onupgradeneeded = () => {
      for (const name of storeNames) request.result.createObjectStore(name)
    }
    request.onsuccess = () => {
      // Another tab's newer version must not wait for this one.
      request.result.onversionchange = () => request.result.close()
      resolve(request.result)
    }
    request.onerror = () => reject(request.error)
  })
