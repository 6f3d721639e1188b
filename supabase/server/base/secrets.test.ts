import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { loadSecrets } from './secrets.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wangge-secrets-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('secrets are made once, differ, and are open to their owner alone', () => {
  const secrets = loadSecrets(folder)
  expect(new Set(Object.values(secrets)).size).toBe(4)
  expect(statSync(join(folder, 'secrets.json')).mode & 0o777).toBe(0o600)
  expect(loadSecrets(folder)).toEqual(secrets)
})

test('a damaged file is refused by name instead of signing with half a secret', () => {
  const path = join(folder, 'secrets.json')
  const whole = loadSecrets(folder)
  for (const jwtSecret of [undefined, 1, 'short']) {
    writeFileSync(path, JSON.stringify({ ...whole, jwtSecret }))
    expect(() => loadSecrets(folder)).toThrow('jwtSecret is missing or too short')
  }
})
