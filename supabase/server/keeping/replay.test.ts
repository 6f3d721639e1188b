import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { DatabaseError } from '../base/database-types.ts'
import type { Database } from '../base/database-types.ts'
import { Journal } from '../journal/journal.ts'
import { PhotoStore, photosFolder } from '../photos/photo-store.ts'
import { replayJournal } from './replay.ts'

// The fake database knows no command; the user's name says its answer.
let folder: string
let journal: Journal
let applied: string[]
let receivedAt: string[]
let ended: string[]
let isWell: boolean
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'wangge-replay-'))
  journal = await Journal.open(folder)
  applied = []
  receivedAt = []
  ended = []
  isWell = true
})
afterEach(async () => {
  await journal.close()
  rmSync(folder, { recursive: true, force: true })
})

const session = {
  database: () =>
    ({
      async query(sql: string, [ids]: [string[]]) {
        if (sql.includes('ended_sessions')) ended.push(...ids)
        return [] as unknown[]
      },
    }) as unknown as Database,
  async apply(user: string, _commands: string, received: string) {
    const code = /^fails (.+)$/.exec(user)?.[1]
    if (code) throw new DatabaseError('it broke', code)
    applied.push(user)
    receivedAt.push(received)
  },
  async canary() {
    if (!isWell) throw new Error('dropped')
  },
}

async function replay(...users: string[]) {
  for (const user of users) {
    const id = crypto.randomUUID()
    const body = JSON.stringify({ p_commands: [{ id }] })
    ;(await journal.append({ user, body, received: '2026-01-01T00:00:00Z' }))()
  }
  return replayJournal(journal, session, new PhotoStore(photosFolder(folder)), 0)
}

test('a call that came in twice is repeated once', async () => {
  const body = JSON.stringify({ p_commands: [{ id: crypto.randomUUID() }] })
  const entry = { user: 'someone', body, received: '2026-01-01T00:00:00Z' }
  for (const settled of [await journal.append(entry), await journal.append(entry)]) settled()
  expect(await replay()).toEqual({ repeated: 1, setAside: 0 })
})

test('calls are repeated in their order, at the time each came in', async () => {
  expect(await replay('one', 'two', 'three')).toEqual({ repeated: 3, setAside: 0 })
  expect(applied).toEqual(['one', 'two', 'three'])
  expect(receivedAt).toEqual(Array(3).fill('2026-01-01T00:00:00Z'))
})

test('sessions that were ended are ended again', async () => {
  const note = { user: 'someone', body: '', received: '2026-01-01T00:00:00Z' }
  for (const endedSessions of [['one', 'two'], ['two']])
    (await journal.append({ ...note, endedSessions }))()
  expect(await replay()).toEqual({ repeated: 0, setAside: 0 })
  expect(ended).toEqual(['one', 'two'])
})

test('a call refused as it was the first time stands in nobody’s way', async () => {
  const done = await replay('fails 22023', 'fails PT413', 'fails 42501', 'someone')
  expect([done, applied]).toEqual([{ repeated: 1, setAside: 0 }, ['someone']])
})

test.each(['53100', '53200', '58030', '57014'])(
  'no room, no memory (%s) stop the replay: what was not done must not count as done',
  async (code) => {
    await expect(replay(`fails ${code}`, 'someone')).rejects.toThrow(`it broke (${code})`)
    expect(applied).toEqual([])
  },
)

test('a call that breaks a database in good health is kept aside, the others are repeated', async () => {
  expect(await replay('fails XX000', 'someone')).toEqual({ repeated: 1, setAside: 1 })
  const aside = readFileSync(join(folder, 'journal/set-aside.ndjson'), 'utf8')
  expect(JSON.parse(aside)).toMatchObject({ user: 'fails XX000', error: 'it broke' })
})

test('a database in bad health stops it', async () => {
  isWell = false
  await expect(replay('fails XX000', 'someone')).rejects.toThrow('it broke (XX000)')
  expect(applied).toEqual([])
})
