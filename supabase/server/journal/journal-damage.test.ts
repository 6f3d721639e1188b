import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { settleDamage } from './journal-damage.ts'
import { linesIn, placeOf } from './journal-reader.ts'
import { Journal } from './journal.ts'
import type { JournalEntry } from './journal.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wangge-damage-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const user = '11111111-2222-3333-4444-555555555555'
const idOf = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`
const received = '2026-01-01T00:00:00.000Z'
const entry = (n: number, text = '网格\n"{"n":1'): JournalEntry => ({
  user,
  received,
  body: JSON.stringify({ p_commands: [{ id: idOf(n), payload: text }] }),
})
const journalFolder = () => join(folder, 'journal')
const pathOf = (segment: number) =>
  join(journalFolder(), `${String(segment).padStart(8, '0')}.ndjson`)

/** Writes numbered calls, this many to each segment, and closes. */
async function write(counts: readonly number[], text?: string): Promise<void> {
  const journal = await Journal.open(folder)
  let n = 0
  for (const [index, count] of counts.entries()) {
    if (index > 0) await journal.rotate()
    const settled = Array.from({ length: count }, () => journal.append(entry((n += 1), text)))
    for (const done of await Promise.all(settled)) done()
  }
  await journal.close()
}

async function idsIn(journal: Journal, from = 0): Promise<string[]> {
  const ids: string[] = []
  for await (const { body } of journal.entries(from)) {
    const { p_commands: commands } = JSON.parse(body) as { p_commands: { id: string }[] }
    ids.push(commands[0]!.id)
  }
  return ids
}

/** Reads as a start does; returns the words and the ids or the error. */
async function start({ from = 0, acceptLoss = false } = {}) {
  const said: string[] = []
  const journal = await Journal.open(folder)
  try {
    await settleDamage(journal, {
      fromSegment: from,
      acceptLoss,
      wayOn: 'npm start -- --accept-loss',
      say: (text) => said.push(text),
    })
    return { said, ids: await idsIn(journal, from), error: null }
  } catch (error) {
    return { said, ids: null, error: (error as Error).message }
  } finally {
    await journal.close()
  }
}

const all = (count: number) => Array.from({ length: count }, (_, index) => idOf(index + 1))

function spoil(segment: number, change: (content: Buffer) => Buffer | Uint8Array): void {
  const path = pathOf(segment)
  writeFileSync(path, change(readFileSync(path)))
}

/** Counted from 1. */
function startOfLine(content: Buffer, line: number): number {
  let start = 0
  for (let n = 1; n < line; n += 1) start = content.indexOf(10, start) + 1
  return start
}

const flipped = (content: Buffer, at: number): Buffer => {
  content[at]! ^= 1
  return content
}

test('a flipped bit stops the start with file, line, time, person and command; accepting it goes on with the rest', async () => {
  await write([3, 2])
  spoil(1, (content) => flipped(content, startOfLine(content, 3) + 40))
  const stopped = await start()
  expect(stopped.error).toContain('journal/00000001.ndjson, line 3: its checksum does not match')
  for (const word of [idOf(2), received, 'npm start -- --accept-loss', 'damaged.ndjson']) {
    expect(stopped.error).toContain(word)
  }
  expect((await start()).error).toBe(stopped.error)

  const accepted = await start({ acceptLoss: true })
  expect(accepted.said).toHaveLength(1)
  expect(accepted.said[0]).toContain(`commands ${idOf(2)}`)
  expect(accepted.ids).toEqual([1, 3, 4, 5].map(idOf))
  const kept = JSON.parse(readFileSync(join(journalFolder(), 'damaged.ndjson'), 'utf8'))
  expect(Buffer.from(kept.bytes, 'base64').toString()).toContain(idOf(2))
  // The journal is whole again, and new lines are read.
  const again = await start()
  expect([again.said, again.ids]).toEqual([[], [1, 3, 4, 5].map(idOf)])
  expect((await start({ acceptLoss: true })).said).toEqual([])
})

test('an unfinished last line is left out and said once; in the middle of a file or at the end of an earlier one it stops', async () => {
  await write([2, 2])
  const whole = readFileSync(pathOf(2))
  writeFileSync(pathOf(2), whole.subarray(0, -5))
  const first = await start()
  expect(first.said).toHaveLength(1)
  expect(first.said[0]).toContain('journal/00000002.ndjson, line 3: it was not finished')
  expect(first.said[0]).toContain(idOf(4))
  expect(first.ids).toEqual(all(3))
  expect(await start()).toMatchObject({ said: [], ids: all(3) })

  writeFileSync(pathOf(2), whole)
  spoil(1, (content) => content.subarray(0, -5))
  const middle = await start()
  expect(middle.error).toContain('journal/00000001.ndjson, line 3')
})

test('NULs at the very end are an unfinished line', async () => {
  await write([2])
  spoil(1, (content) => Buffer.concat([content, Buffer.alloc(5000)]))
  expect(await start()).toMatchObject({
    said: [expect.stringContaining('line 4: it was not finished')],
    ids: all(2),
  })
})

test('a finished last line that cannot be read had a receipt: it stops', async () => {
  await write([2])
  spoil(1, (content) => flipped(content, content.length - 10))
  expect((await start()).error).toContain('journal/00000001.ndjson, line 3')
})

test('the last line feed turned into another byte runs two lines into one: that is no torn end', async () => {
  await write([2])
  spoil(1, (content) => flipped(content, startOfLine(content, 3) - 1).subarray(0, -3))
  expect((await start()).error).toContain('journal/00000001.ndjson, line 2')
})

test('whole lines that are gone, a segment that is gone, and a line that came in twice are noticed', async () => {
  await write([3, 3, 1])
  const [first, second] = [readFileSync(pathOf(1)), readFileSync(pathOf(2))]
  const without = (content: Buffer, line: number) =>
    Buffer.concat([
      content.subarray(0, startOfLine(content, line)),
      content.subarray(startOfLine(content, line + 1)),
    ])
  writeFileSync(pathOf(1), without(first, 3))
  expect((await start()).error).toContain('00000001.ndjson, line 3: 1 lines before it are missing')
  writeFileSync(pathOf(1), first.subarray(0, startOfLine(first, 4)))
  expect((await start()).error).toContain('00000002.ndjson, line 1: 1 lines before it are missing')
  writeFileSync(pathOf(1), first)
  rmSync(pathOf(2))
  expect((await start()).error).toContain('00000003.ndjson, line 1: 4 lines before it are missing')
  expect((await start({ from: 2 })).error).toContain('line 1: segment 2 is missing')
  expect(await start({ from: 2, acceptLoss: true })).toMatchObject({ ids: [idOf(7)] })
  expect(await start({ from: 2 })).toMatchObject({ ids: [idOf(7)] })

  writeFileSync(pathOf(2), Buffer.concat([second, second.subarray(startOfLine(second, 4))]))
  expect((await start()).error).toContain('00000002.ndjson, line 5: it stands there a second time')
})

test('lines of before, without checksums, are read; damage among them is said; the last of each file may be torn', async () => {
  const old = (...ns: number[]) => ns.map((n) => `${JSON.stringify(entry(n))}\n`).join('')
  await write([])
  rmSync(pathOf(1))
  writeFileSync(pathOf(1), `${old(1, 2)}{"user":"torn`)
  writeFileSync(pathOf(2), old(3))
  expect(await start()).toMatchObject({ said: [], ids: all(3) })
  const next = await Journal.open(folder)
  ;(await next.append(entry(4)))()
  await next.close()
  expect(await start()).toMatchObject({ said: [], ids: all(4) })
  writeFileSync(pathOf(1), `${old(1).slice(1)}${old(2)}`)
  expect((await start()).error).toContain('journal/00000001.ndjson, line 1')
  expect(await start({ acceptLoss: true })).toMatchObject({ ids: [2, 3, 4].map(idOf) })
  expect(await start()).toMatchObject({ said: [], ids: [2, 3, 4].map(idOf) })
  // A number without a checksum is what a cut left, and no line of before.
  const whole = readFileSync(pathOf(4))
  spoil(1, () => whole.subarray(startOfLine(whole, 2) + 'checksum-of-line '.length))
  expect((await start()).error).toContain('journal/00000001.ndjson, line 1')
  writeFileSync(pathOf(1), old(1))
  // A line without a checksum after lines with one is foreign.
  spoil(4, (content) => Buffer.concat([content, Buffer.from(old(5))]))
  expect((await start()).error).toContain('it has no checksum although lines before it have one')
})

/** Cuts bytes out, changes or adds some, or overwrites them with NULs. */
type Mishap = {
  kind: 'flip' | 'cut' | 'insert' | 'null'
  segment: number
  at: number
  size: number
}

test('whatever bytes are damaged, no call is lost in silence', async () => {
  let stops = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 4 }),
      fc.record({
        kind: fc.constantFrom<Mishap['kind']>('flip', 'cut', 'insert', 'null'),
        segment: fc.nat(),
        at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        size: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 2000 })),
      }),
      fc.uint8Array({ minLength: 1, maxLength: 40 }),
      async (counts, mishap, noise) => {
        rmSync(journalFolder(), { recursive: true, force: true })
        await write(counts, 'x')
        const total = counts.reduce((sum, count) => sum + count, 0)
        const segment = 1 + (mishap.segment % counts.length)
        const before = readFileSync(pathOf(segment))
        const at = Math.floor(mishap.at * before.length)
        const after = damaged(before, { ...mishap, at }, noise)
        writeFileSync(pathOf(segment), after)
        // Lines missing at the very end cannot be noticed.
        const isLast = segment === counts.length
        const reachesEnd = isLast && at + mishap.size >= before.length
        const isCutShort = reachesEnd && ['cut', 'null'].includes(mishap.kind)

        const seen = await start()
        const firstTouched = before.subarray(0, at).toString('latin1').split('\n').length
        if (seen.error !== null) {
          stops += 1
          const [, file, line] = /journal\/0*(\d+)\.ndjson, line (\d+)/.exec(seen.error)!
          // The damage is named at its place, or at the next line when whole lines are missing.
          const inPlace = Number(file) === segment && Math.abs(Number(line) - firstTouched) <= 1
          const isNext = Number(file) === segment + 1 && Number(line) === 1
          expect(inPlace || isNext, seen.error).toBe(true)
          const accepted = await start({ acceptLoss: true })
          expect(accepted.said.length).toBeGreaterThan(0)
          // Lines before it and in other files are all there.
          expect(accepted.ids).toEqual(
            expect.arrayContaining(untouched(counts, segment, before, at, mishap)),
          )
          expect(await start()).toMatchObject({ said: [], ids: accepted.ids })
        } else if (seen.ids!.length < total) {
          // A cut between two lines, or in the last line feed, is not noticed.
          const isSaid = seen.said.length === 1
          expect(isSaid || (isCutShort && mishap.kind === 'cut'), JSON.stringify(seen)).toBe(true)
          expect(seen.ids).toEqual(all(seen.ids!.length))
          if (!isCutShort) expect(seen.ids).toHaveLength(total - 1)
        } else expect(seen.ids).toEqual(all(total))
      },
    ),
    { numRuns: Number(process.env.JOURNAL_RUNS ?? 300) },
  )
  expect(stops).toBeGreaterThan(50)
})

function damaged(before: Buffer, { kind, at, size }: Mishap, noise: Uint8Array): Buffer {
  const end = Math.min(before.length, at + size)
  const [head, tail] = [before.subarray(0, at), before.subarray(end)]
  if (kind === 'cut') return Buffer.concat([head, tail])
  if (kind === 'insert') return Buffer.concat([head, noise, before.subarray(at)])
  if (kind === 'null') return Buffer.concat([head, Buffer.alloc(end - at), tail])
  return flipped(Buffer.from(before), at)
}

/** Ids of calls whose lines, line feeds included, are unchanged. */
function untouched(
  counts: readonly number[],
  segment: number,
  before: Buffer,
  at: number,
  { kind, size }: Mishap,
): string[] {
  const length = kind === 'flip' ? 1 : kind === 'insert' ? 0 : size
  let n = 0
  return counts.flatMap((count, index) =>
    Array.from({ length: count }, (_, position) => {
      n += 1
      if (index + 1 !== segment) return [idOf(n)]
      const from = startOfLine(before, position + 2)
      const to = startOfLine(before, position + 3)
      return from >= at + length + 1 || to <= at ? [idOf(n)] : []
    }).flat(),
  )
}

test('lines are split at line feeds alone, over any chunks', async () => {
  await write([])
  const path = join(journalFolder(), 'lines')
  const big = 'x'.repeat(200_000)
  writeFileSync(path, `a\r\u2028b\n\n${big}\nend`)
  const pieces = []
  for await (const { bytes, isEnded } of linesIn(path)) pieces.push([bytes.toString(), isEnded])
  expect(pieces).toEqual([
    ['a\r\u2028b', true],
    ['', true],
    [big, true],
    ['end', false],
  ])
  expect(placeOf({ segment: 3, line: 17 })).toBe('journal/00000003.ndjson, line 17')
  expect(readdirSync(journalFolder())).toContain('lines')
})
