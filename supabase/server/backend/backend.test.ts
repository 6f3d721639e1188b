import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Worker } from 'node:worker_threads'
import { slow } from '../../../tests/kit/patience.ts'
import { Backend, BackendUnavailable } from './backend.ts'
import type { BackendHooks } from './backend.ts'
import type { BackendSession } from './session.ts'

const file = new URL('./testing-worker.ts', import.meta.url)
const options = {
  dataDir: '',
  databaseUrl: null,
  secrets: { jwtSecret: '', publishableKey: '', secretKey: '', apiPassword: '' },
  siteUrl: '',
}

let alive = 0
let maxAlive = 0
let begun = 0
let opened: Backend[] = []
function count(worker: Worker) {
  begun += 1
  alive += 1
  maxAlive = Math.max(maxAlive, alive)
  worker.on('exit', () => (alive -= 1))
}
beforeEach(() => {
  alive = maxAlive = begun = 0
  opened = []
  process.on('worker', count)
})
afterEach(async () => {
  for (const backend of opened) await backend.close()
  expect(alive).toBe(0)
  process.off('worker', count)
})

async function open(hooks: BackendHooks = {}): Promise<Backend> {
  const backend = await Backend.open(options, hooks, file)
  opened.push(backend)
  return backend
}
const within = <T>(read: () => T) => expect.poll(read, { ...slow, interval: 5 })
const isReady = (backend: Backend) => within(() => backend.isReady).toBe(true)
/** The worker ends itself and answers no more. */
const kill = (of: Backend | BackendSession) => of.database().exec('die')

test('a worker that dies is replaced, and what it had not answered is told to come again', async () => {
  const reasons: string[] = []
  const backend = await open({ onRestart: (reason) => reasons.push(reason) })
  await expect(kill(backend)).rejects.toThrow(BackendUnavailable)
  expect(backend.isReady).toBe(false)
  await isReady(backend)
  expect(await backend.database().query('x')).toEqual([{ sql: 'x' }])
  expect([reasons, maxAlive]).toEqual([['ended with code 3'], 1])
})

test('nobody but the replay is let in before it is done, at a restart too', async () => {
  let finish = () => {}
  const replayed: unknown[] = []
  let openings = 0
  const backend = await open({
    async onOpened(session) {
      openings += 1
      if (openings === 1) return
      await new Promise<void>((resolve) => (finish = resolve))
      replayed.push(await session.database().query('replay'))
    },
  })
  await kill(backend).catch(() => undefined)
  await within(() => openings).toBe(2)
  expect(backend.isReady).toBe(false)
  await expect(backend.database().query('outside')).rejects.toThrow(BackendUnavailable)
  await expect(backend.dump()).rejects.toThrow(BackendUnavailable)
  finish()
  await isReady(backend)
  expect(replayed).toEqual([[{ sql: 'replay' }]])
})

test('a worker that dies in the middle of the replay is replaced by one, not by two', async () => {
  let openings = 0
  const reasons: string[] = []
  const backend = await open({
    async onOpened(session) {
      openings += 1
      if (openings === 2) await kill(session)
    },
    onRestart: (reason) => reasons.push(reason),
  })
  await kill(backend).catch(() => undefined)
  await within(() => openings).toBe(3)
  await isReady(backend)
  // A second one would come up while this one is replaced in its turn.
  await kill(backend).catch(() => undefined)
  await within(() => openings).toBe(4)
  await isReady(backend)
  expect({ begun, alive, maxAlive }).toEqual({ begun: 4, alive: 1, maxAlive: 1 })
  expect(reasons).toEqual(Array(3).fill('ended with code 3'))
})

test('at the first opening a dying worker is an error, and none is left running', async () => {
  const restarts: string[] = []
  const hooks = { onOpened: kill, onRestart: (reason: string) => restarts.push(reason) }
  await expect(open(hooks)).rejects.toThrow('ended with code 3')
  expect(alive).toBe(0)
  // A restart would come up while another backend is opened.
  await open()
  expect([begun, restarts]).toEqual([2, []])
})

test('a replay that fails keeps everybody out; after some attempts it is given up', async () => {
  let openings = 0
  const given: string[] = []
  const backend = await open({
    async onOpened() {
      openings += 1
      if (openings > 1) throw new Error('the disk is full')
    },
    onGivenUp: (reason) => given.push(reason),
  })
  await kill(backend).catch(() => undefined)
  await within(() => given).toEqual(['the disk is full'])
  expect(backend.isReady).toBe(false)
  expect({ begun, alive }).toEqual({ begun: 6, alive: 0 })
})

test('a database that drops writes gives no copy and is replaced', async () => {
  const backend = await open()
  await backend.database().exec('drop')
  await expect(backend.dump()).rejects.toThrow('dropped')
  await within(() => begun).toBe(2)
  await isReady(backend)
  await backend.dump()
})

test('closing in the middle of a restart leaves nothing running', async () => {
  let openings = 0
  const backend = await open({
    async onOpened(session) {
      openings += 1
      if (openings > 1) await session.database().exec('hang')
    },
  })
  await kill(backend).catch(() => undefined)
  await within(() => openings).toBe(2)
  await backend.close()
  expect({ begun, alive }).toEqual({ begun: 2, alive: 0 })
})
