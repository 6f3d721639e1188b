import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { cutPower, keepAll, keepWhatIsSynced } from '../../../tests/faults/synced-disk.ts'
import { makeFolder, removeUnfinished, syncTree, writeDurably } from './files.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wangge-files-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('a write that fails leaves nothing beside the old content', () => {
  const path = join(folder, 'file')
  writeDurably(path, 'old')
  mkdirSync(join(folder, 'taken/in'), { recursive: true })
  // a non-empty folder cannot be replaced
  expect(() => writeDurably(join(folder, 'taken'), 'x'.repeat(100_000))).toThrow()
  expect(readdirSync(folder).sort()).toEqual(['file', 'taken'])
  expect(readFileSync(path, 'utf8')).toBe('old')
})

test('what a crash left half written is removed', () => {
  writeFileSync(join(folder, '2026-01-01-00000001.tar.zst.77.tmp'), 'half')
  writeFileSync(join(folder, '2026-01-01-00000002.tar.zst'), 'whole')
  removeUnfinished(folder)
  expect(readdirSync(folder)).toEqual(['2026-01-01-00000002.tar.zst'])
})

test('a power cut leaves made folders and synced trees, by content and by name', async () => {
  const data = join(folder, 'data')
  const disk = join(folder, 'disk')
  mkdirSync(data)
  keepAll(data, disk)
  keepWhatIsSynced(data, disk)
  const tree = join(data, 'tree')
  mkdirSync(join(tree, 'base'), { recursive: true })
  writeFileSync(join(tree, 'base/file'), 'kept')
  await syncTree(tree)
  writeFileSync(join(tree, 'late'), 'lost')
  cutPower(data, disk)
  expect(readdirSync(data, { recursive: true }).sort()).toEqual([
    'tree',
    'tree/base',
    'tree/base/file',
  ])
  expect(readFileSync(join(tree, 'base/file'), 'utf8')).toBe('kept')

  makeFolder(join(data, 'made/inside'))
  cutPower(data, disk)
  expect(readdirSync(join(data, 'made'))).toEqual(['inside'])
})
