import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { applyCommands, commandOf, reportCommand } from '../../supabase/tests/harness/commands.ts'
import { openTestDatabase, type TestDatabase } from '../../supabase/tests/harness/index.ts'
import { people, seedSmallCity } from '../../supabase/tests/harness/small-city.ts'
import { hashOfContent, Ledger, sha256Hex, type Content, type Intent } from './ledger.ts'
import { isClean, reconcile, type StoredIntent } from './reconcile.ts'
import { markedText, storedIntentsIn } from './stored-intents.ts'

const contentOf = (n: number): Required<Content> => ({
  text: `text ${n}`,
  report: { categoryCode: 'litter', severity: 2, lon: 113.0001, lat: 28.5 },
})
const intents: Intent[] = Array.from({ length: 200 }, (_, n) => ({
  token: `intent-${n}`,
  actor: n % 3 === 0 ? 'anna' : 'bo',
  type: 'report_incident',
  incidentId: `incident-${n}`,
  photoHashes: n % 5 === 0 ? [sha256Hex(`photo ${n}`)] : [],
  contentHash: hashOfContent(contentOf(n)),
}))
const asStored = (): StoredIntent[] => intents.map(({ type: _, ...stored }) => stored)

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
    stored.push({ token: 'ghost', actor: 'bo', incidentId: 'x', photoHashes: [], contentHash: '' })
    expect(reconcile(intents, stored)).toEqual({
      intents: 200,
      lost: [],
      doubled: [],
      wrongUser: ['intent-4'],
      wrongIncident: ['intent-8'],
      mangled: [],
      withoutPhotos: ['intent-10'],
      invented: ['ghost'],
    })
  })

  test.each(['categoryCode', 'severity', 'lon', 'lat', 'text'] as const)(
    'one mangled %s',
    (field) => {
      const stored = asStored()
      const { text, report } = contentOf(12)
      const [value, mangled] =
        field === 'text' ? [`${text} `, report] : [text, { ...report, [field]: 3 }]
      stored[12]!.contentHash = hashOfContent({ text: value, report: mangled as typeof report })
      expect(reconcile(intents, stored)).toMatchObject({ lost: [], mangled: ['intent-12'] })
      expect(isClean(reconcile(intents, stored))).toBe(false)
    },
  )
})

describe('the checker finds what is planted in a database', () => {
  let db: TestDatabase
  const meant: Intent[] = []
  /** Incident that the device sends, by token. */
  const incidentOf = new Map<string, string>()
  beforeAll(async () => {
    db = await openTestDatabase({ kind: 'pglite' })
    await seedSmallCity(db)
    const actor = people.field
    const mean = (token: string, type: string, incidentId: string) => {
      meant.push({ ...intents[0]!, token, actor, type, incidentId, photoHashes: [] })
      incidentOf.set(token, incidentId)
    }
    const commands = Array.from({ length: 6 }, (_, n) => {
      const incidentId = randomUUID()
      mean(`report-${n}`, 'report_incident', incidentId)
      return reportCommand(actor, { incidentId, description: markedText(`report-${n}`, 'x') })
    })
    const incidentId = incidentOf.get('report-0')!
    mean('note-1', 'add_note', incidentId)
    await applyCommands(db, actor, [
      ...commands,
      commandOf(actor, 'add_note', { incidentId, note: markedText('note-1', '') }),
    ])
    // what is planted below is lost or doubled, not changed
    const stored = await storedIntentsIn(db, '/nowhere')
    for (const intent of meant)
      intent.contentHash = stored.find(({ token }) => token === intent.token)!.contentHash
    // the log is append-only: what is planted has to pass by its trigger
    await db.exec('alter table public.incident_log disable trigger refuse_log_change')
  })
  afterAll(() => db?.close())

  /** Plants something, compares, and takes it away again. */
  async function planted(sql: string, token: string) {
    class Undo extends Error {}
    let found = reconcile([], [])
    await db
      .transaction(async (tx) => {
        await tx.query(sql, [incidentOf.get(token)!])
        found = reconcile(meant, await storedIntentsIn(tx, '/nowhere'))
        throw new Undo()
      })
      .catch((error: unknown) => {
        if (!(error instanceof Undo)) throw error
      })
    return found
  }
  const copyOf = (changes: string) => `
    insert into public.incidents (district_code, id, category_code, area_code, lon, lat, qx, qy,
      description, reported_at, month, reported_by)
    select district_code, gen_random_uuid(), category_code, area_code, lon, lat, qx, qy,
      description, reported_at, month, ${changes} from public.incidents where id = $1`

  test('nothing, when nothing is', async () => {
    expect(isClean(await planted('select $1::uuid', 'report-0'))).toBe(true)
  })

  test('a lost report, and a lost note', async () => {
    const lost = `with log as (delete from public.incident_log where incident_id = $1),
        clocks as (delete from public.incident_clocks where incident_id = $1)
      delete from public.incidents where id = $1`
    expect(await planted(lost, 'report-3')).toMatchObject({ lost: ['report-3'], doubled: [] })
    const note = `delete from public.incident_log where incident_id = $1 and kind = 'note'`
    expect(await planted(note, 'note-1')).toMatchObject({ lost: ['note-1'], doubled: [] })
  })

  test('an incident doubled without an entry in the log, and under somebody else', async () => {
    expect(await planted(copyOf('reported_by'), 'report-2')).toMatchObject({
      lost: [],
      doubled: ['report-2'],
      wrongIncident: ['report-2'],
      wrongUser: [],
    })
    expect(await planted(copyOf(`'${people.manager}'::uuid`), 'report-2')).toMatchObject({
      doubled: ['report-2'],
      wrongUser: ['report-2'],
    })
  })

  test('a doubled entry', async () => {
    const entry = `insert into public.incident_log (district_code, incident_id, seq, actor, kind, note)
      select district_code, incident_id, 9, actor, kind, note from public.incident_log
      where incident_id = $1 and kind = 'note'`
    expect(await planted(entry, 'note-1')).toMatchObject({ lost: [], doubled: ['note-1'] })
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
