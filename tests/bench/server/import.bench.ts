import { rmSync } from 'node:fs'
import { openDatabase } from '../../../supabase/server/backend/open-database.ts'
import type { Database } from '../../../supabase/server/base/database-types.ts'
import { findPostgres, startCluster } from '../../../supabase/tests/harness/cluster.ts'
import { apiClient, call } from '../../kit/api.ts'
import { newDataDir, startAppServer } from '../../kit/app-server.ts'
import { launchChromium } from '../../kit/browser.ts'
import { openPage } from '../../kit/session.ts'
import { createCity } from '../generate/city.ts'
import type { BenchResult } from '../run.ts'
import { fewRows, Files, importByCommand, source } from './import-kit.ts'
import type { Env, Imported } from './import-kit.ts'
import { processorTimeOf } from './processor-time.ts'

/** Rows without `--rows 1000000`. */
const usualRows = 100_000
const mostTimes = 5
const mostMegabytes = 300
/** Of the map's figures. */
const mostSeconds = { first: 3, all: 8 }

interface Options {
  rows: number
  log: (line: string) => void
}

/**
 * Imports a CSV by the command, against a COPY of the same values with one spatial join in the same database; then
 * the map of that city.
 */
export async function run({ rows, log }: Options): Promise<BenchResult[]> {
  const files = new Files()
  try {
    const found = findPostgres()
    const many = rows >= 1_000_000 ? rows : Math.min(rows, usualRows)
    if ('reason' in found) log(`own Postgres left out: ${found.reason}`)
    const results = 'reason' in found ? [] : await ownPostgres(found.bin, many, files, log)
    results.push(...(await embedded(files, log)))
    return results
  } finally {
    files.remove()
  }
}

/** Seconds by the clock, and of all processors; null where they cannot be told apart from the bench's own. */
interface Cost {
  clock: number
  processor: number | null
}
interface Floor {
  copy: Cost
  join: Cost
}
/** Seconds of processors so far. */
type Processor = (() => number) | null

/**
 * A plain COPY of the values that the import has stored, geometry included, into a table of the same columns that has
 * neither key, index nor log; and one spatial join that gives each its grid.
 */
async function floorOf(db: Database, path: string, processor: Processor): Promise<Floor> {
  const [columns] = await db.query<{ list: string }>(
    `select string_agg(quote_ident(attname), ', ' order by attnum) as list from pg_attribute
     where attrelid = 'public.incidents'::regclass and attnum > 0 and not attisdropped and attgenerated = ''`,
  )
  const list = columns?.list ?? ''
  await db.exec(`create unlogged table public.copied (like public.incidents including generated)`)
  await db.exec(
    `copy (select ${list} from public.incidents where source = '${source}') to '${path}'`,
  )
  const copy = await costOf(() => db.exec(`copy public.copied (${list}) from '${path}'`), processor)
  await db.exec('analyze public.copied, public.areas')
  const join = await costOf(
    () =>
      db.exec(
        `create unlogged table public.joined as select c.id, a.code from public.copied c
         join public.areas a on a.level = 'grid' and extensions.st_covers(a.geom, c.geom)`,
      ),
    processor,
  )
  await db.exec('drop table public.copied, public.joined')
  return { copy, join }
}

async function costOf(work: () => Promise<unknown>, processor: Processor): Promise<Cost> {
  const [began, before] = [performance.now(), processor?.()]
  await work()
  const clock = (performance.now() - began) / 1000
  return { clock, processor: processor && before !== undefined ? processor() - before : null }
}

async function withCity(env: Env): Promise<void> {
  const db = await openDatabase(env)
  await createCity(db)
  await db.close()
}

async function processorOf(env: Env): Promise<() => number> {
  const db = await openDatabase(env)
  try {
    return await processorTimeOf(db)
  } finally {
    await db.close()
  }
}

function importResults(
  tier: string,
  { seconds, stored, tenths, megabytes }: Imported,
  processorSeconds: number | null,
  { copy, join }: Floor,
): BenchResult[] {
  const timesOf = (
    way: string,
    spent: number,
    floor: [copy: number, join: number],
  ): BenchResult => {
    const ratio = spent / (floor[0] + floor[1])
    return {
      name: `import of ${stored} incidents / COPY and one spatial join, ${tier}, ${way}`,
      ratio,
      target: `≤ ${mostTimes}`,
      pass: ratio <= mostTimes,
      detail: `${spent.toFixed(1)} s, ${((1e6 * spent) / stored).toFixed(0)} µs each, against ${floor[0].toFixed(2)} + ${floor[1].toFixed(2)} s`,
    }
  }
  return [
    timesOf('by the clock', seconds, [copy.clock, join.clock]),
    ...(processorSeconds !== null && copy.processor !== null && join.processor !== null
      ? [
          timesOf(`processor time of Postgres, the command's start included`, processorSeconds, [
            copy.processor,
            join.processor,
          ]),
        ]
      : []),
    {
      name: `memory of the importing process at its highest, ${tier}, MB`,
      ratio: megabytes,
      target: tier === 'own Postgres' ? `≤ ${mostMegabytes}` : 'none: it holds the database',
      pass: tier !== 'own Postgres' || megabytes <= mostMegabytes,
      detail: `after each tenth of the rows: ${tenths.join(', ')} MB`,
    },
  ]
}

async function embedded(files: Files, log: Options['log']): Promise<BenchResult[]> {
  const env = { DATA_DIR: newDataDir() }
  try {
    await withCity(env)
    const imported = await importByCommand(env, files, fewRows, log)
    const db = await openDatabase(env)
    // a folder of PGlite's own file system
    const floor = await floorOf(db, '/tmp/copied.txt', null)
    await db.close()
    return importResults('embedded', imported, null, floor)
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
    const processor = await processorOf(env)
    const before = processor()
    const imported = await importByCommand(env, files, rows, log)
    const spent = processor() - before
    log(`${imported.stored} stored in ${imported.seconds.toFixed(1)} s`)
    const db = await openDatabase(env)
    const [setting] = await db.query<{ folder: string }>(
      `select current_setting('data_directory') as folder`,
    )
    const floor = await floorOf(db, `${setting?.folder}/copied.txt`, processor)
    await db.close()
    const server = await start()
    try {
      return [
        ...importResults('own Postgres', imported, spent, floor),
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
