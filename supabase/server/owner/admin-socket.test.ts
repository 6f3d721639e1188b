import { mkdirSync } from 'node:fs'
import { afterAll, afterEach, beforeEach, expect, it, vi } from 'vitest'
import { slow } from '../../../tests/kit/patience.ts'
import type { Database } from '../base/database-types.ts'
import { temporaryFolder } from '../testing/kit.ts'
import { FairQueue } from '../wire/fair-queue.ts'
import { callsUnderWay, connectAdminSocket } from './admin-client.ts'
import { adminSocketPath, serveAdminSocket } from './admin-socket.ts'

const folder = temporaryFolder('admin-socket')
mkdirSync(folder.path, { recursive: true })
afterAll(() => folder.remove())
// commands are patient while a test holds the queue
beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())

/** A socket over a database that notes what it is asked, and a queue that serves somebody until `release`. */
async function socket() {
  const order: string[] = []
  const note = async (name: string) => {
    order.push(name)
    return []
  }
  const database: Database = {
    query: (sql) => note(sql) as Promise<never[]>,
    exec: async (sql) => void (await note(sql)),
    async transaction(work) {
      order.push('begin')
      return work(database)
    },
    close: async () => undefined,
  }
  const queue = new FairQueue({
    ...{ maxUnderWay: 2, maxPerPerson: 1, maxWaitingPerPerson: 9, maxWaitMs: 1e9 },
  })
  const served = Promise.withResolvers<void>()
  const request = queue.run('somebody', async () => {
    await database.query('a first step')
    await served.promise
    await database.query('a second step')
  })
  const server = await serveAdminSocket(folder.path, database, queue)
  const path = adminSocketPath(folder.path)
  return {
    ...{ order, commands: connectAdminSocket(path) },
    /** Resolves when so many calls of commands wait, or have been done. */
    arrived: (calls: number) =>
      expect
        .poll(async () => (await callsUnderWay(path, 'nobody')).length + order.length - 1, slow)
        .toBeGreaterThanOrEqual(calls),
    async release() {
      served.resolve()
      await request
    },
    close: () => server.close(),
  }
}

it('lets the request of a person go before a command, with all its steps', async () => {
  const { order, commands, arrived, release, close } = await socket()
  const calls = [
    commands.query('a batch'),
    commands.exec('a script'),
    commands.transaction((tx) => tx.query('within')),
  ]
  await arrived(3)
  await release()
  await Promise.all(calls)
  expect(order.slice(0, 2)).toEqual(['a first step', 'a second step'])
  expect(order.slice(2).toSorted()).toEqual(['a batch', 'a script', 'begin', 'within'])
  await close()
})

it('does not hold a command up for ever', async () => {
  const { order, commands, arrived, release, close } = await socket()
  const batch = commands.query('a batch')
  await arrived(1)
  vi.advanceTimersByTime(200)
  await batch
  expect(order).toEqual(['a first step', 'a batch'])
  await release()
  await close()
})
