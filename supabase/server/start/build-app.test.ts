import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brotliDecompressSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { buildApp } from './build-app.ts'

let folder: string
let dist: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wangge-build-'))
  dist = join(folder, 'dist')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const shown = () => readFileSync(join(dist, 'index.html'), 'utf8')
const building = (page: string) => async (next: string) => {
  mkdirSync(next)
  writeFileSync(join(next, 'index.html'), page)
}
const isNotBuilt = () => Promise.reject(new Error('built again'))

test('builds where there is nothing, and not again from the same sources', async () => {
  await buildApp(dist, () => undefined, building('first'))
  expect(shown()).toBe('first')
  await buildApp(dist, () => undefined, isNotBuilt)
  expect(readdirSync(folder)).toEqual(['dist'])
})

test('compresses scripts and styles ahead, and no other file', async () => {
  const text = 'export const x = 1\n'.repeat(200)
  await buildApp(
    dist,
    () => undefined,
    async (next) => {
      await building('page')(next)
      mkdirSync(join(next, 'assets'))
      for (const name of ['app.js', 'look.css', 'font.woff2'])
        writeFileSync(join(next, 'assets', name), text)
      writeFileSync(join(next, 'assets/short.js'), 'x')
    },
  )
  const names = readdirSync(join(dist, 'assets')).filter((name) => name.endsWith('.br'))
  expect(names.toSorted()).toEqual(['app.js.br', 'look.css.br'])
  const compressed = readFileSync(join(dist, 'assets/app.js.br'))
  expect(brotliDecompressSync(compressed).toString()).toBe(text)
})

test('the earlier app is there until the new one is whole', async () => {
  await buildApp(dist, () => undefined, building('earlier'))
  writeFileSync(join(dist, '.sources'), 'of other sources')
  writeFileSync(join(dist, 'gone.js'), '')
  const seen: string[] = []
  await buildApp(
    dist,
    () => seen.push(shown()),
    async (next) => {
      await building('new')(next)
      seen.push(shown())
    },
  )
  expect([...seen, shown()]).toEqual(['earlier', 'earlier', 'new'])
  expect(existsSync(join(dist, 'gone.js'))).toBe(false)
  expect(readdirSync(folder)).toEqual(['dist'])
})

test('a build that fails leaves the earlier app, and is tried again', async () => {
  await buildApp(dist, () => undefined, building('earlier'))
  writeFileSync(join(dist, '.sources'), 'of other sources')
  const failing = async (next: string) => {
    await building('half')(next)
    throw new Error('no room')
  }
  await expect(buildApp(dist, () => undefined, failing)).rejects.toThrow('no room')
  expect(shown()).toBe('earlier')
  expect(readdirSync(folder)).toEqual(['dist'])
  await buildApp(dist, () => undefined, building('new'))
  expect(shown()).toBe('new')
})
