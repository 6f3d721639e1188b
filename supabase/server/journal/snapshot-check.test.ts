import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { constants, zstdCompressSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { damageOf, wayBack } from './snapshot-check.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wangge-snapshots-'))
  mkdirSync(join(folder, 'snapshots'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** A ustar archive. */
function tarOf(files: Record<string, Buffer>): Buffer {
  const blocks = Object.entries(files).flatMap(([name, content]) => {
    const header = Buffer.alloc(512)
    header.write(name, 0)
    header.write(`${content.length.toString(8).padStart(11, '0')} `, 124)
    header.write('        ', 148)
    header.write('ustar', 257)
    const sum = header.reduce((total, byte) => total + byte, 0)
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
    return [header, content, Buffer.alloc((512 - (content.length % 512)) % 512)]
  })
  return Buffer.concat([...blocks, Buffer.alloc(1024)])
}

const database = { PG_VERSION: Buffer.from('17\n'), 'global/pg_control': Buffer.alloc(8192, 7) }
const withChecksum = { params: { [constants.ZSTD_c_checksumFlag]: 1 } }
// Incompressible: a flipped bit changes the content only.
const noise = Buffer.concat(
  Array.from({ length: 10_000 }, (_, n) => createHash('sha256').update(String(n)).digest()),
)
const big = { ...database, 'base/1/2': noise }

function write(name: string, content: Uint8Array): string {
  const path = join(folder, 'snapshots', name)
  writeFileSync(path, content)
  return path
}

test('a whole database is no damage', async () => {
  expect(await damageOf(write('x', zstdCompressSync(tarOf(big), withChecksum)))).toBeNull()
})

test('nothing, something else, a cut, a flipped bit, and a tar of something else are told', async () => {
  const whole = zstdCompressSync(tarOf(big), withChecksum)
  const flipped = Buffer.from(whole)
  flipped[flipped.length >> 1]! ^= 1
  const tar = tarOf(big)
  const noHeader = Buffer.from(tar)
  noHeader[512 + 512] = 0x41
  const damaged = [
    Buffer.alloc(0),
    Buffer.from('<!doctype html>'),
    whole.subarray(0, -9),
    flipped,
    zstdCompressSync(tar.subarray(0, 100_000)),
    zstdCompressSync(tar.subarray(0, -1300)),
    zstdCompressSync(noHeader),
    zstdCompressSync(tarOf({ 'readme.txt': Buffer.from('PG_VERSION') })),
    zstdCompressSync(tarOf({ PG_VERSION: database.PG_VERSION })),
  ]
  for (const [index, content] of damaged.entries()) {
    expect(await damageOf(write('x', content)), String(index)).not.toBeNull()
  }
})

test('the way back names the damaged snapshots and leads to the newest whole one', async () => {
  const whole = zstdCompressSync(tarOf(database), withChecksum)
  write('2026-01-01-00000001.tar.zst', whole)
  const good = write('2026-01-02-00000002.tar.zst', whole)
  const bad = write('2026-01-03-00000003.tar.zst', whole.subarray(0, -1))
  const text = await wayBack(folder)
  expect(text).toContain(`${bad} is damaged`)
  expect(text).toContain(`npm run restore -- ${good} --with-journal`)
  for (const path of [good, bad]) rmSync(path)
  write('2026-01-01-00000001.tar.zst', Buffer.alloc(10))
  expect(await wayBack(folder)).toContain('There is no snapshot that can be read')
})
