import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { DeskKeeper, readDesk } from './desk-file.ts'
import type { DeskJob } from './desk-file.ts'
import { argumentsOf, readWish, reportName, shownName } from './import-wish.ts'
import { incomingLimits, receiveFile } from './incoming-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'wangge-incoming-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** A body in parts; `end` says how it goes on after them. */
function request(
  parts: readonly string[],
  { length, end = 'close' }: { length?: number; end?: 'close' | 'error' | 'silence' } = {},
): Request {
  const left = [...parts]
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const part = left.shift()
      if (part !== undefined) controller.enqueue(new TextEncoder().encode(part))
      else if (end === 'close') controller.close()
      else if (end === 'error') controller.error(new Error('the connection was lost'))
      else return new Promise<void>(() => undefined)
      return undefined
    },
  })
  const headers = length === undefined ? {} : { 'content-length': String(length) }
  return new Request('http://x/', { method: 'PUT', body, duplex: 'half', headers } as RequestInit)
}

describe('receiveFile', () => {
  const limits = { ...incomingLimits, bytes: 10, stalledMs: 50 }

  it('keeps a whole file under a name of its own', async () => {
    const received = await receiveFile(request(['id\n', '1\n'], { length: 5 }), folder, limits)
    if ('refusal' in received) throw new Error(received.refusal)
    expect(readFileSync(received.path, 'utf8')).toBe('id\n1\n')
    expect(received.bytes).toBe(5)
    rmSync(received.path)
  })

  it('gives a silent one up when another takes its place', async () => {
    const giveUp = new AbortController()
    const silent = request(['12'], { end: 'silence' })
    const received = receiveFile(silent, folder, incomingLimits, giveUp.signal)
    giveUp.abort()
    expect(await received).toEqual({ refusal: 'import_broken_off' })
    expect(readdirSync(folder)).toEqual([])
  })

  it.each([
    ['one that says it is too large', request(['x'], { length: 11 }), {}, 'import_too_large'],
    ['one that grows too large', request(['123456', '78901']), {}, 'import_too_large'],
    ['one whose sender is gone', request(['12'], { end: 'error' }), {}, 'import_broken_off'],
    ['one shorter than it says', request(['12'], { length: 5 }), {}, 'import_broken_off'],
    ['an empty one', request([]), {}, 'import_broken_off'],
    ['one that stands still', request(['12'], { end: 'silence' }), {}, 'import_too_slow'],
    ['any on a full disk', request(['12']), { freeBytes: async () => 1e6 }, 'import_no_room'],
  ])('refuses %s and keeps nothing of it', async (_, sent, more, refusal) => {
    expect(await receiveFile(sent, folder, { ...limits, ...more })).toEqual({ refusal })
    expect(readdirSync(folder)).toEqual([])
  })
})

describe('the desk of the server before', () => {
  const at = new Date()
  /** A folder with the file's bytes, something left over, and the desk of a store under way. */
  async function left(bytes: string): Promise<string> {
    const place = mkdtempSync(join(folder, 'desk-'))
    const path = join(place, 'one')
    writeFileSync(path, bytes)
    writeFileSync(join(place, 'left-over.json'), '{}')
    const keeper = new DeskKeeper(place)
    const file = { path, name: 'a.csv', bytes: 5, userId: 'u', isBasemap: false }
    const job = { step: 'store', endedAt: null, isCutShort: false } as DeskJob
    keeper.keep({ file: { ...file, at: at.toISOString() }, job: null })
    keeper.keep({ file: { ...file, at: at.toISOString() }, job })
    await keeper.settled()
    return place
  }

  it('is taken over with its file, and work under way counts as cut short', async () => {
    const place = await left('12345')
    const { file, job } = readDesk(place, at)
    expect(file).toMatchObject({ name: 'a.csv', path: join(place, 'one') })
    expect(job).toMatchObject({ step: 'store', isCutShort: true, endedAt: at.toISOString() })
    expect(readdirSync(place).toSorted()).toEqual(['desk.json', 'one'])
    rmSync(place, { recursive: true })
  })

  it.each([
    ['whose file is not whole', '123', 0],
    ['that waited for more than a day', '12345', 25],
  ])('is cleared of a desk %s', async (_, bytes, hours) => {
    const place = await left(bytes)
    const now = new Date(at.getTime() + hours * 3_600_000)
    expect(readDesk(place, now)).toEqual({ file: null, job: null })
    expect(readdirSync(place)).toEqual([])
    rmSync(place, { recursive: true })
  })
})

describe('a wish', () => {
  const paths = { path: '/d/1', name: 'a.csv', mapping: '/d/m.json', report: '/d/r' }

  it('becomes a command line in which no value is an option', () => {
    const areas = { level: 'grid', code: '--replace-box', name: '-x', closeMissing: true }
    const wish = readWish({ step: 'check', kind: 'areas', areas, encoding: '--update' })
    expect(argumentsOf(wish!, paths)).toEqual([
      ...['areas', '/d/1', '--shown-as=a.csv', '--encoding=--update', '--report=/d/r'],
      ...['--level=grid', '--code=--replace-box', '--name=-x', '--check', '--close-missing'],
    ])
  })

  it.each([
    ['of an unknown step', { step: 'demo' }],
    ['of an unknown part', { step: 'look', file: '/etc/passwd' }],
    ['to store without a mapping', { step: 'store', kind: 'incidents' }],
    ['with a line break', { step: 'look', layer: 'a\nb' }],
    ['with a NUL', { step: 'look', encoding: 'utf-8\u0000' }],
  ])('%s is refused', (_, wish) => {
    expect(readWish(wish)).toBeNull()
  })

  it.each([
    ['../../etc/passwd', 'passwd', 'passwd'],
    ['C:\\台账\\3月.csv', '3月.csv', '3月'],
    ['a"b\u0000\n.csv', 'a_b__.csv', 'a-b'],
    ['..', '..', 'file'],
    ['', 'file', 'file'],
  ])('names a file %j without a path', (given, shown, report) => {
    expect(shownName(given)).toBe(shown)
    expect(reportName(shownName(given), new Date(0))).toBe(`${report}-19700101T000000000Z`)
  })
})
