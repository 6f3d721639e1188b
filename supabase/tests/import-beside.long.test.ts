import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { patient } from '../../tests/kit/patience.ts'
import { openDatabase } from '../server/backend/open-database.ts'
import type { ImportReport } from '../server/import/report.ts'
import { temporaryFolder } from '../server/testing/kit.ts'
import { shortLifeFlags } from '../server/testing/short-life.ts'
import { box, collection, runCommand, temporaryFiles } from './import-support.ts'

/** Imports beside a server that is a process of its own: either of them dies in the middle. */
const folder = temporaryFolder('import-beside')
const files = temporaryFiles()
const env = { ...process.env, DATA_DIR: join(folder.path, 'data'), DATABASE_URL: '' }
const rows = 6_000
/** Printed with the first batch: more are to come. */
const firstBatch = /\d+ read, \d+ stored/
/** Processes that open a database, on a machine that may be busy. */
const timeout = patient(300_000)

let server: ChildProcess

async function startServer(): Promise<void> {
  const entry = 'supabase/server/testing/testing-server.ts'
  server = spawn(process.execPath, [...shortLifeFlags, entry, folder.path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  for await (const chunk of server.stdout!) if (String(chunk).includes('listening on')) break
}

async function kill(): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return
  server.kill('SIGKILL')
  await once(server, 'exit')
}

beforeAll(startServer, timeout)
afterAll(async () => {
  await kill()
  folder.remove()
  files.remove()
})

const mapping = (source: string): string =>
  files.write(
    JSON.stringify({
      source,
      columns: { id: 'id', reportedAt: 't', lon: 'x', lat: 'y', description: 'text' },
      categories: { otherwise: 'street_light' },
      stages: { otherwise: 'filed' },
    }),
    '.json',
  )
const line = (n: number): string =>
  `${n},2024-05-01 08:00,${113 + (n % 100) / 2_000},${28 + (n % 77) / 2_000},第${n}件`
const csv = files.write(
  ['id,t,x,y,text', ...Array.from({ length: rows }, (_, n) => line(n)), ''].join('\n'),
  '.csv',
)

async function asked<T>(sql: string): Promise<T[]> {
  const db = await openDatabase(env)
  try {
    return await db.query<T>(sql)
  } finally {
    await db.close()
  }
}

/** How many there are of incidents. */
async function indexes(): Promise<number> {
  const [found] = await asked<{ count: number }>(
    `select count(*)::integer as count from pg_index where indrelid = 'public.incidents'::regclass`,
  )
  return found!.count
}

async function counted(
  source: string,
): Promise<{ incidents: number; sources: number; log: number }> {
  const db = await openDatabase(env)
  const [row] = await db.query<{ incidents: number; sources: number; log: number }>(
    // ids of the file count from 0 on: without a hole they end one below their number
    `select count(*)::int as incidents, coalesce(max(source_id::int) + 1, 0) as sources,
       (select count(*)::int from public.incident_log l join public.incidents i
        on i.district_code = l.district_code and i.id = l.incident_id where i.source = $1) as log
     from public.incidents where source = $1`,
    [source],
  )
  await db.close()
  return row!
}

/**
 * Kills a client while its batch waits for the database, which somebody else holds. Nothing tells
 * that it waits: time alone lets the batch come.
 */
async function killWaiting(client: ChildProcess): Promise<void> {
  const db = await openDatabase(env)
  await db.transaction(async (tx) => {
    await tx.query('select 1')
    await sleep(300)
    const gone = once(client, 'exit')
    client.kill('SIGKILL')
    await gone
  })
  await db.close()
}

const reportOf = (base: string): ImportReport =>
  JSON.parse(readFileSync(`${base}.json`, 'utf8')) as ImportReport
const incidents = (source: string, name: string): { base: string; args: string[] } => {
  // the folder is not there yet
  const base = join(files.folder, 'reports', name)
  return { base, args: ['incidents', csv, '--mapping', mapping(source), '--report', base] }
}

it(
  'a client killed in the middle of a batch: whole batches, then no loss and no doubles',
  async () => {
    const { base, args } = incidents('client', 'client')
    const killed = await runCommand(env, 'import', args, { on: firstBatch, what: killWaiting })
    expect(killed.signal, killed.out).toBe('SIGKILL')
    const half = await counted('client')
    expect(half.incidents).toBeGreaterThan(0)
    expect(half.incidents).toBeLessThan(rows)
    expect(half).toEqual({
      incidents: half.incidents,
      sources: half.incidents,
      log: half.incidents,
    })

    const again = await runCommand(env, 'import', args)
    expect(again.code, again.out).toBe(0)
    const report = reportOf(base)
    expect(report).toMatchObject({ read: rows, rejected: 0, brokenOff: null })
    expect(report.unchanged).toBeGreaterThanOrEqual(half.incidents)
    expect(report.stored + report.unchanged).toBe(rows)
    expect(await counted('client')).toEqual({ incidents: rows, sources: rows, log: rows })
  },
  timeout,
)

it(
  'a server killed in the middle: the report says what is stored, the next run brings the rest',
  async () => {
    const { base, args } = incidents('server', 'server')
    // as an import leaves them that was killed when it had the database to itself
    const whole = await indexes()
    await asked(`select private.rest_indexes('none', 1)`)
    expect(await indexes()).toBeLessThan(whole)
    const broken = await runCommand(env, 'import', args, { on: firstBatch, after: 60, what: kill })
    expect(broken).toMatchObject({
      code: 1,
      out: expect.stringContaining('broke off: The running'),
    })
    const report = reportOf(base)
    expect(report.stored).toBeGreaterThan(0)
    expect(report.stored).toBeLessThan(rows)
    expect(report.brokenOff).toMatch(/lines \d+ to \d+ were under way/)
    expect(readFileSync(`${base}.txt`, 'utf8')).toContain(`stored ${report.stored}, updated 0`)

    await startServer()
    expect(await indexes()).toBe(whole)
    const half = await counted('server')
    const [first = 0, last = 0] = report.brokenOff!.match(/\d+/g)!.map(Number)
    expect([report.stored, report.stored + last - first + 1]).toContain(half.incidents)
    const again = await runCommand(env, 'import', args)
    expect(again.code, again.out).toBe(0)
    expect(reportOf(base)).toMatchObject({
      stored: rows - half.incidents,
      unchanged: half.incidents,
      brokenOff: null,
    })
    expect(await counted('server')).toEqual({ incidents: rows, sources: rows, log: rows })
  },
  timeout,
)

it(
  'says who holds the database after five seconds, and goes on when it is free',
  async () => {
    const db = await openDatabase(env)
    const { args } = incidents('waits', 'waits')
    const free = Promise.withResolvers<void>()
    const held = db.transaction(async (tx) => {
      await tx.query('select 1')
      await free.promise
    })
    const waited = await runCommand(env, 'import', args, {
      on: /Waiting for the database/,
      what: () => free.resolve(),
    })
    await held
    await db.close()
    expect(waited).toMatchObject({
      code: 0,
      out: expect.stringMatching(/process \d+\) has used the database of process \d+ .*Ctrl\+C/),
    })
    expect(await counted('waits')).toMatchObject({ incidents: rows })
  },
  timeout,
)

it(
  'a CSV cut off in the middle of a row: exit code by what was stored, the line named',
  async () => {
    const args = (content: string, name: string): string[] => [
      'incidents',
      files.write(content, '.csv'),
      '--mapping',
      mapping(name),
    ]
    const one = await runCommand(
      env,
      'import',
      args(`id,t,x,y,text\n${line(1)}\n2,2024-05-0`, 'cut'),
    )
    expect(one).toMatchObject({ code: 0, out: expect.stringContaining('line 3: truncated_row') })
    expect(await counted('cut')).toMatchObject({ incidents: 1 })
    const none = await runCommand(env, 'import', args('id,t,x,y,text\n2,2024-05-0', 'none'))
    expect(none).toMatchObject({ code: 1, out: expect.stringContaining('line 2: truncated_row') })
  },
  timeout,
)

it(
  'GBK where UTF-8 is meant: exit code 1, the place and the way out named, nothing stored',
  async () => {
    // 井盖 in GBK
    const gbk = Buffer.from([0xbe, 0xae, 0xb8, 0xc7])
    const table = files.write(
      Buffer.concat([Buffer.from(`id,t,x,y,text\n1,2024,113,28,`), gbk]),
      '.csv',
    )
    const args = ['incidents', table, '--mapping', mapping('gbk')]
    expect(await runCommand(env, 'import', args)).toMatchObject({
      code: 1,
      out: expect.stringMatching(/line 2: not utf-8 text.*--encoding gb18030/),
    })
    expect(await counted('gbk')).toMatchObject({ incidents: 0 })

    const area = collection([
      { code: 'G1', name: 'One', parent: 'CITY', coordinates: box(113, 28, 113.01, 28.01) },
      { code: 'G2', name: '?', parent: 'CITY', coordinates: box(113.01, 28, 113.02, 28.01) },
    ])
    const [before = '', after = ''] = area.split('?')
    const shapes = files.write(
      Buffer.concat([Buffer.from(before), gbk, Buffer.from(after)]),
      '.geojson',
    )
    expect(
      await runCommand(env, 'import', ['areas', shapes, '--level', 'grid', '--parent', 'parent']),
    ).toMatchObject({
      code: 1,
      out: expect.stringMatching(
        /line 1, column \d+, feature 2, field name: GeoJSON is UTF-8.*GBK/,
      ),
    })
  },
  timeout,
)

it(
  'a report that cannot be written: refused before anything is stored',
  async () => {
    const { args } = incidents('unreported', 'unreported')
    const notAFolder = files.write('', '.txt')
    const refused = await runCommand(env, 'import', [
      ...args.slice(0, -1),
      join(notAFolder, 'report'),
    ])
    expect(refused).toMatchObject({ code: 1, out: expect.stringContaining('cannot be written') })
    expect(await counted('unreported')).toMatchObject({ incidents: 0 })
  },
  timeout,
)
