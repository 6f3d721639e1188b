import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { sharedBuffersFor } from './shared-buffers.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wangge-buffers-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

it('gives a new and a small city a small cache, and a large one the default', () => {
  expect(sharedBuffersFor(join(folder, 'pg'))).toBe('32MB')
  const database = join(folder, 'base', '5')
  mkdirSync(database, { recursive: true })
  for (const name of ['1', '2']) {
    writeFileSync(join(database, name), '')
    truncateSync(join(database, name), 127 * 1024 ** 2)
  }
  expect(sharedBuffersFor(folder)).toBe('32MB')
  truncateSync(join(database, '2'), 129 * 1024 ** 2)
  expect(sharedBuffersFor(folder)).toBe('128MB')
})
