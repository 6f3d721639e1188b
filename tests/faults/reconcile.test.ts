import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Ledger, sha256Hex, type Intent } from './ledger.ts'
import { isClean, reconcile, type StoredIntent } from './reconcile.ts'

const intents: Intent[] = Array.from({ length: 200 }, (_, n) => ({
  token: `intent-${n}`,
  actor: n % 3 === 0 ? 'anna' : 'bo',
  type: 'report_incident',
  incidentId: `incident-${n}`,
  photoHashes: n % 5 === 0 ? [sha256Hex(`photo ${n}`)] : [],
}))
const asStored = (): StoredIntent[] =>
  intents.map(({ token, actor, incidentId, photoHashes }) => ({ token, actor, incidentId, photoHashes }))

describe('the checker finds what is planted', () => {
  test('nothing is wrong with a database that holds what was meant', () => {
    expect(isClean(reconcile(intents, asStored()))).toBe(true)
  })

  test('one lost row', () => {
    const stored = asStored().filter(({ token }) => token !== 'intent-77')
    expect(reconcile(intents, stored)).toMatchObject({ lost: ['intent-77'], doubled: [] })
  })

  test('one doubled row', () => {
    const stored = asStored()
    stored.push({ ...stored[31]!, incidentId: 'another' })
    expect(reconcile(intents, stored)).toMatchObject({ lost: [], doubled: ['intent-31'] })
    expect(isClean(reconcile(intents, stored))).toBe(false)
  })

  test('one row under the wrong user, one at the wrong incident, one photo gone, one row nobody meant', () => {
    const stored = asStored()
    stored[4]!.actor = 'anna'
    stored[8]!.incidentId = 'incident-9'
    stored[10]!.photoHashes = []
    stored.push({ token: 'ghost', actor: 'bo', incidentId: 'x', photoHashes: [] })
    expect(reconcile(intents, stored)).toEqual({
      intents: 200,
      lost: [],
      doubled: [],
      wrongUser: ['intent-4'],
      wrongIncident: ['intent-8'],
      withoutPhotos: ['intent-10'],
      invented: ['ghost'],
    })
  })
})

describe('the ledger', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'wangge-ledger-'))
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  test('keeps every intent, also across two openings', () => {
    const path = join(folder, 'intents.ndjson')
    const first = new Ledger(path)
    for (const intent of intents.slice(0, 50)) first.write(intent)
    first.close()
    const second = new Ledger(path)
    for (const intent of intents.slice(50)) second.write(intent)
    expect(second.read()).toEqual(intents)
    second.close()
  })
})
