import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Journal, JournalFull } from './journal.ts'
import type { JournalEntry } from './journal.ts'
import { commandsOf } from '../keeping/replay.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wangge-journal-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const entry = (body: string): JournalEntry => ({
  user: 'u',
  body,
  received: '2026-01-01T00:00:00Z',
})

async function bodies(journal: Journal, from = 0): Promise<string[]> {
  const found: string[] = []
  for await (const { body } of journal.entries(from)) found.push(body)
  return found
}

test('an entry is in the file when append resolves, also after reopening', async () => {
  const journal = await Journal.open(folder)
  await Promise.all(['a\n', '"b"', '\u0000', '网格'].map((body) => journal.append(entry(body))))
  // Another handle reads what a kill would leave.
  const other = await Journal.open(folder)
  expect(await bodies(other)).toEqual(['a\n', '"b"', '\u0000', '网格'])
  await journal.close()
  await other.close()
})

test('notes of a photo and of ended sessions are read as they were written', async () => {
  const photo = { hash: 'a'.repeat(64), mediaType: 'image/jpeg' } as const
  const notes = [
    { ...entry(''), photo },
    { ...entry(''), endedSessions: ['one', 'two'] },
  ]
  const journal = await Journal.open(folder)
  for (const note of notes) (await journal.append(note))()
  expect(await Array.fromAsync(journal.entries())).toEqual(notes)
  await journal.close()
})

test('segments are read in their order, also past the tenth, and are open to their owner alone', async () => {
  const journal = await Journal.open(folder)
  const wanted = Array.from({ length: 12 }, (_, n) => `${n}`)
  for (const body of wanted) {
    ;(await journal.append(entry(body)))()
    await journal.rotate()
  }
  expect(await bodies(journal)).toEqual(wanted)
  for (const file of readdirSync(join(folder, 'journal')))
    expect(statSync(join(folder, 'journal', file)).mode & 0o777).toBe(0o600)
  await journal.close()
})

test('a line cut off by a crash is ignored and the following segment is whole', async () => {
  const journal = await Journal.open(folder)
  await journal.append(entry('whole'))
  await journal.close()
  const [file] = readdirSync(join(folder, 'journal'))
  appendFileSync(join(folder, 'journal', file!), '{"user":"u","body":"cut')
  const next = await Journal.open(folder)
  await next.append(entry('after'))
  expect(await bodies(next)).toEqual(['whole', 'after'])
  await next.close()
})

test('rotate waits for calls under way, and only for those of the old segment', async () => {
  const journal = await Journal.open(folder)
  const settled = await journal.append(entry('under way'))
  let rotated = false
  const rotation = journal.rotate().then((segment) => {
    rotated = true
    return segment
  })
  // written to the new segment, and so after everything a rotation that does not wait would do
  const later = await journal.append(entry('later'))
  expect(rotated).toBe(false)
  settled()
  const segment = await rotation
  expect(await bodies(journal, segment)).toEqual(['later'])
  journal.dropBefore(segment)
  expect(await bodies(journal)).toEqual(['later'])
  later()
  await journal.close()
})

test('what comes in while a segment is begun is in the new one, which a snapshot leaves to the replay', async () => {
  const journal = await Journal.open(folder)
  const rotation = journal.rotate()
  const settled = await journal.append(entry('meanwhile'))
  const segment = await rotation
  expect(await bodies(journal, segment)).toEqual(['meanwhile'])
  settled()
  await journal.close()
})

test('a segment that cannot be begun leaves the journal going on in the old one', async () => {
  const journal = await Journal.open(folder)
  writeFileSync(join(folder, 'journal/00000002.ndjson'), '')
  const failing = expect(journal.rotate()).rejects.toThrow('EEXIST')
  const settled = await journal.append(entry('meanwhile'))
  await failing
  settled()
  expect(await bodies(journal)).toEqual(['meanwhile'])
  expect(await journal.rotate()).toBe(3)
  await journal.close()
})

test('a call set aside is kept once, and is not repeated from there', async () => {
  const journal = await Journal.open(folder)
  await journal.setAside(entry('a'), 'broken')
  await journal.setAside(entry('a'), 'broken')
  await journal.setAside(entry('b'), 'broken')
  const kept = readFileSync(join(folder, 'journal/set-aside.ndjson'), 'utf8').trim().split('\n')
  expect(kept.map((line) => (JSON.parse(line) as JournalEntry).body)).toEqual(['a', 'b'])
  expect(await bodies(journal)).toEqual([])
  await journal.close()
})

test('a journal whose past was set aside goes on counting after its snapshots', async () => {
  const journal = await Journal.open(folder, 7)
  await journal.append(entry('x'))
  expect(await bodies(journal, 8)).toEqual(['x'])
  await journal.close()
})

test('only a body with a list of commands is worth repeating', () => {
  expect(commandsOf('{"p_commands":[{"id":"1"}]}')).toEqual([{ id: '1' }])
  for (const body of ['', '[]', 'null', '{}', '{"p_commands":"x"}', '{']) {
    expect(commandsOf(body)).toBeNull()
  }
})

test('commands leave a reserve on the disk, which notes may use; the journal goes on whole after a refusal', async () => {
  let free = 200_000_000
  const journal = await Journal.open(folder, 0, { freeBytes: async () => free })
  ;(await journal.append(entry('before')))()
  free = 128 * 1024 * 1024
  const note: JournalEntry = { ...entry(''), endedSessions: ['one'] }
  // The first is written alone, the other two together.
  const [alone, refused, noted] = await Promise.allSettled([
    journal.append(note),
    journal.append(entry('refused')),
    journal.append(note),
  ])
  expect(refused).toMatchObject({ reason: expect.any(JournalFull) })
  expect([alone.status, noted.status]).toEqual(['fulfilled', 'fulfilled'])
  free = 200_000_000
  ;(await journal.append(entry('after')))()
  expect(await bodies(journal)).toEqual(['before', '', '', 'after'])
  await journal.close()
})

test('half a line that a failed write left is cut off before the next one', async () => {
  const journal = await Journal.open(folder)
  ;(await journal.append(entry('before')))()
  const probe = await open(join(folder, 'probe'), 'w')
  const handle = Object.getPrototypeOf(probe) as FileHandle
  await probe.close()
  const write = vi.spyOn(handle, 'appendFile').mockImplementationOnce(async function (
    this: FileHandle,
    data,
  ) {
    await this.write((data as Buffer).subarray(0, 20))
    throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
  })
  await expect(journal.append(entry('refused'))).rejects.toThrow(JournalFull)
  write.mockRestore()
  ;(await journal.append(entry('after')))()
  expect(await bodies(await Journal.open(folder))).toEqual(['before', 'after'])
  await journal.close()
})
