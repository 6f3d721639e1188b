import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { SupabaseClient } from '@supabase/supabase-js'
import { openDatabase } from '../../../supabase/server/backend/open-database.ts'
import type { Database } from '../../../supabase/server/base/database-types.ts'
import { findPostgres, startCluster } from '../../../supabase/tests/harness/cluster.ts'
import { apiClient, call } from '../../kit/api.ts'
import { newDataDir, startAppServer } from '../../kit/app-server.ts'
import { launchChromium } from '../../kit/browser.ts'
import { openPage } from '../../kit/session.ts'
import { createCity } from '../generate/city.ts'
import { writeIncidentCsv } from '../generate/csv.ts'
import { demoFolder } from '../generate/sample.ts'
import { quantileSorted } from '../quantile.ts'
import type { BenchResult } from '../run.ts'

/** Rows without `--rows 1000000`, and on PGlite. */
const usualRows = { postgres: 100_000, pglite: 20_000 }
const mostTimes = 5
const mostMegabytes = 300
const mostSlower = 3
/** Of the map's figures. */
const mostSeconds = { first: 3, all: 8 }
/** Pause between ordinary calls, milliseconds: a person reading. */
const pauseMs = 40
const callsQuiet = 100

interface Options {
  rows: number
  log: (line: string) => void
}
type Env = Record<string, string>

/**
 * Imports a CSV by the command, against a COPY of the same values with one spatial join in the same database; and
 * ordinary calls to a server beside an import against those after it.
 */
export async function run({ rows, log }: Options): Promise<BenchResult[]> {
  const folder = mkdtempSync(join(tmpdir(), 'wangge-import-bench-'))
  try {
    const files = new Files(folder)
    const results = [
      ...(await embedded(files, log)),
      ...(await besideServer('embedded server', {}, files, log)),
    ]
    const found = findPostgres()
    if ('reason' in found) {
      log(`own Postgres left out: ${found.reason}`)
      return results
    }
    const many = rows >= 1_000_000 ? rows : Math.min(rows, usualRows.postgres)
    results.push(...(await ownPostgres(found.bin, many, files, log)))
    const cluster = await startCluster(found.bin)
    try {
      const env = { DATABASE_URL: cluster.url }
      results.push(...(await besideServer('own Postgres', env, files, log)))
    } finally {
      await cluster.stop()
    }
    return results
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

class Files {
  readonly folder: string
  readonly mapping: string
  readonly #written = new Map<number, string>()

  constructor(folder: string) {
    this.folder = folder
    this.mapping = join(folder, 'mapping.json')
    const mapping = JSON.parse(
      readFileSync(new URL('incidents.mapping.json', demoFolder), 'utf8'),
    ) as { source: string; columns: Record<string, unknown> }
    mapping.source = 'bench'
    mapping.columns.address = 'address'
    writeFileSync(this.mapping, JSON.stringify(mapping))
  }

  async csv(rows: number): Promise<string> {
    const known = this.#written.get(rows)
    if (known) return known
    const path = join(this.folder, `${rows}.csv`)
    await writeIncidentCsv(path, rows)
    this.#written.set(rows, path)
    return path
  }
}

interface Imported {
  seconds: number
  stored: number
  /** Resident memory of the process at its highest, in MB: after a quarter of the rows, and in all. */
  quarterMegabytes: number
  megabytes: number
}

function peakMegabytes(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024
  } catch {
    return 0
  }
}

/** `npm run import`, with the flags of its script. */
async function importByCommand(
  env: Env,
  files: Files,
  rows: number,
  log: Options['log'],
): Promise<Imported> {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as {
    scripts: { import: string }
  }
  const [, ...script] = scripts.import.split(' ')
  const base = join(files.folder, `report-${performance.now()}`)
  const args = ['incidents', await files.csv(rows), '--mapping', files.mapping, '--report', base]
  const child = spawn(process.execPath, [...script, ...args], {
    env: { ...process.env, DATABASE_URL: '', ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let quarterMegabytes = 0
  let megabytes = 0
  const look = setInterval(() => {
    megabytes = Math.max(megabytes, peakMegabytes(child.pid ?? 0))
  }, 200)
  child.stderr.on('data', (chunk: Buffer) => {
    const text = String(chunk)
    const read = Number(/(\d+) read/.exec(text)?.[1] ?? Number.NaN)
    if (Number.isNaN(read)) log(text.trim())
    if (quarterMegabytes === 0 && read >= rows / 4) quarterMegabytes = peakMegabytes(child.pid ?? 0)
  })
  const [code] = (await once(child, 'exit')) as [number | null]
  clearInterval(look)
  if (code !== 0) throw new Error(`the import ended with ${code}`)
  const report = JSON.parse(readFileSync(`${base}.json`, 'utf8')) as {
    startedAt: string
    finishedAt: string
    stored: number
  }
  const seconds = (Date.parse(report.finishedAt) - Date.parse(report.startedAt)) / 1000
  return { seconds, stored: report.stored, quarterMegabytes, megabytes }
}

/** Seconds of a plain COPY of the stored values and of one spatial join with the grids. */
async function floorSeconds(db: Database, path: string): Promise<{ copy: number; join: number }> {
  const [columns] = await db.query<{ list: string }>(
    `select string_agg(quote_ident(attname), ', ' order by attnum) as list from pg_attribute
     where attrelid = 'public.incidents'::regclass and attnum > 0 and not attisdropped and attgenerated = ''`,
  )
  const list = columns?.list ?? ''
  await db.exec(`create unlogged table public.copied (like public.incidents including generated)`)
  await db.exec(`copy (select ${list} from public.incidents) to '${path}'`)
  const copy = await secondsOf(() => db.exec(`copy public.copied (${list}) from '${path}'`))
  await db.exec('analyze public.copied, public.areas')
  const join = await secondsOf(() =>
    db.exec(
      `create unlogged table public.joined as select c.id, a.code from public.copied c
       join public.areas a on a.level = 'grid' and extensions.st_covers(a.geom, c.geom)`,
    ),
  )
  await db.exec('drop table public.copied, public.joined')
  return { copy, join }
}

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await work()
  return (performance.now() - began) / 1000
}

async function withCity(env: Env): Promise<void> {
  const db = await openDatabase(env)
  await createCity(db)
  await db.close()
}

function importResults(
  tier: string,
  { seconds, stored, quarterMegabytes, megabytes }: Imported,
  { copy, join }: { copy: number; join: number },
): BenchResult[] {
  const ratio = seconds / (copy + join)
  return [
    {
      name: `import of ${stored} incidents / COPY and one spatial join, ${tier}`,
      ratio,
      target: `≤ ${mostTimes}`,
      pass: ratio <= mostTimes,
      detail: `${seconds.toFixed(1)} s, ${((1e6 * seconds) / stored).toFixed(0)} µs each, against ${copy.toFixed(2)} + ${join.toFixed(2)} s`,
    },
    {
      name: `memory of the importing process at its highest, ${tier}, MB`,
      ratio: megabytes,
      target: tier === 'own Postgres' ? `≤ ${mostMegabytes}` : 'none: it holds the database',
      pass: tier !== 'own Postgres' || megabytes <= mostMegabytes,
      detail: `${quarterMegabytes.toFixed(0)} MB after a quarter of the rows`,
    },
  ]
}

async function embedded(files: Files, log: Options['log']): Promise<BenchResult[]> {
  const env = { DATA_DIR: newDataDir() }
  try {
    await withCity(env)
    const imported = await importByCommand(env, files, usualRows.pglite, log)
    const db = await openDatabase(env)
    // a folder of PGlite's own file system
    const floor = await floorSeconds(db, '/tmp/copied.txt')
    await db.close()
    return importResults('embedded', imported, floor)
  } finally {
    rmSync(env.DATA_DIR, { recursive: true, force: true })
  }
}

/** A city with the demo's areas and people, filled by the import; then the map of that city. */
async function ownPostgres(
  bin: string,
  rows: number,
  files: Files,
  log: Options['log'],
): Promise<BenchResult[]> {
  const cluster = await startCluster(bin)
  const dataDir = newDataDir()
  const env = { DATA_DIR: dataDir, DATABASE_URL: cluster.url }
  const start = () =>
    startAppServer({ env: { DATABASE_URL: cluster.url }, dataDir, keepData: true })
  try {
    await (await start()).stop()
    const imported = await importByCommand(env, files, rows, log)
    log(`${imported.stored} stored in ${imported.seconds.toFixed(1)} s`)
    const db = await openDatabase(env)
    const [setting] = await db.query<{ folder: string }>(
      `select current_setting('data_directory') as folder`,
    )
    const floor = await floorSeconds(db, `${setting?.folder}/copied.txt`)
    await db.close()
    const server = await start()
    try {
      return [
        ...importResults('own Postgres', imported, floor),
        ...(await firstFigures(server.url, log)),
      ]
    } finally {
      await server.stop()
    }
  } finally {
    await cluster.stop()
    rmSync(dataDir, { recursive: true, force: true })
  }
}

/** From opening the map signed in to its first figures, and to those of all months. */
async function firstFigures(url: string, log: Options['log']): Promise<BenchResult[]> {
  const leader = await apiClient(url, 'leader')
  const { months } = await call<{ months: { count: number }[] }>(leader, 'incident_months')
  const all = months.reduce((sum, { count }) => sum + count, 0)
  const browser = await launchChromium()
  try {
    const { page, context } = await openPage(browser, { url, role: 'leader', path: '/my-day' })
    const opened = performance.now()
    const seconds = (): number => (performance.now() - opened) / 1000
    await page.goto(`${url}/map?from=all`)
    const total = page.getByTestId('total-count')
    await total.filter({ hasText: /[1-9]/ }).waitFor()
    const first = seconds()
    await total.filter({ hasText: all.toLocaleString('en') }).waitFor({ timeout: 120_000 })
    const whole = seconds()
    log(`first figures after ${first.toFixed(1)} s, all months after ${whole.toFixed(1)} s`)
    await context.close()
    const detail = `${all} incidents in ${months.length} months, own Postgres, leader; nothing kept on the device`
    return [
      {
        ...{ name: "the map's first figures, seconds", ratio: first, detail },
        ...{ target: `≤ ${mostSeconds.first}`, pass: first <= mostSeconds.first },
      },
      {
        ...{ name: 'the map with all months, seconds', ratio: whole, detail },
        ...{ target: `≤ ${mostSeconds.all}`, pass: whole <= mostSeconds.all },
      },
    ]
  } finally {
    await browser.close()
  }
}

async function besideServer(
  tier: string,
  env: Env,
  files: Files,
  log: Options['log'],
): Promise<BenchResult[]> {
  const server = await startAppServer(env.DATABASE_URL ? { env, dataDir: newDataDir() } : {})
  try {
    const leader = await apiClient(server.url, 'leader')
    await timed(leader, () => true, 20)
    let isUnderWay = true
    const rows = usualRows.pglite
    const importing = importByCommand({ ...env, DATA_DIR: server.dataDir }, files, rows, log)
    void importing.finally(() => (isUnderWay = false)).catch(() => undefined)
    const during = await timed(leader, () => isUnderWay)
    const { seconds } = await importing
    // afterwards: as many incidents as at the import's end
    const quiet = await timed(leader, () => true, callsQuiet)
    const ratio = during.p95 / quiet.p95
    log(`${tier}: ${during.p95.toFixed(1)} ms beside an import, ${quiet.p95.toFixed(1)} after it`)
    return [
      {
        name: `an ordinary call beside an import / after it, p95, ${tier}`,
        ratio,
        target: `≤ ${mostSlower}`,
        pass: ratio <= mostSlower,
        detail: `${during.p95.toFixed(1)} against ${quiet.p95.toFixed(1)} ms, ${during.calls} calls beside ${rows} rows in ${seconds.toFixed(1)} s; slowest ${during.slowest.toFixed(0)} ms`,
      },
    ]
  } finally {
    await server.stop()
  }
}

/** Ordinary calls in turn, one after the other, while `goesOn` holds. */
async function timed(
  client: SupabaseClient,
  goesOn: () => boolean,
  most = Number.POSITIVE_INFINITY,
): Promise<{ p95: number; slowest: number; calls: number }> {
  const took: number[] = []
  while (goesOn() && took.length < most) {
    const began = performance.now()
    await call(client, took.length % 2 ? 'session_context' : 'incident_months')
    took.push(performance.now() - began)
    await sleep(pauseMs)
  }
  const sorted = took.toSorted((a, b) => a - b)
  return { p95: quantileSorted(sorted, 0.95)!, slowest: sorted.at(-1) ?? 0, calls: took.length }
}
