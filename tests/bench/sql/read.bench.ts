import type { Area } from '../../../src/domain/city/area.ts'
import type { Category } from '../../../src/domain/city/category.ts'
import { ColumnSet, unpackMonth } from '../../../src/columns/count/column-set.ts'
import { emptyFilter } from '../../../src/domain/filter/filter.ts'
import { project } from '../../../src/columns/count/project.ts'
import { generateIncidents, storeSample } from '../generate/incidents.ts'
import type { BenchResult } from '../run.ts'
import { openBenchDatabase, quantile, times } from './database.ts'
import type { BenchDatabase } from './database.ts'
import { timeTiles } from './tiles.ts'
import { measureTransfer } from './transfer.ts'
import type { Transfer } from './transfer.ts'

interface Options {
  rows: number
  log: (line: string) => void
}

/** The read path on a native Postgres: bytes of the columns, counts by grid, points of a tile. */
export async function run({ rows, log }: Options): Promise<BenchResult[]> {
  const bench = await openBenchDatabase()
  try {
    await storeSample(bench.db)
    const sample = await measureTransfer(bench)
    log(`real sample: ${describeTransfer(sample)}`)
    await bench.db.exec('delete from public.incidents')
    await generateIncidents(bench.db, { rows, log })
    const generated = await measureTransfer(bench)
    log(`generated: ${describeTransfer(generated)}`)
    return [
      transferResult('columns, real sample: bytes an incident', sample),
      transferResult('columns, generated: bytes an incident', generated),
      await countsByGrid(bench, generated),
      await pointsOfTile(bench, generated),
    ]
  } finally {
    await bench.db.close()
  }
}

const describeTransfer = ({ incidents, gzip, brotli }: Transfer) =>
  `${incidents} incidents, gzip ${gzip.toFixed(2)}, brotli ${brotli.toFixed(2)} bytes each`

function transferResult(name: string, transfer: Transfer): BenchResult {
  const worst = Math.max(transfer.gzip, transfer.brotli)
  return {
    name,
    ratio: worst,
    target: '≤ 11',
    pass: worst <= 11,
    detail: describeTransfer(transfer),
  }
}

const rounds = 7

/**
 * One month by grid: the best SQL is an index-only scan; the columns answer through the same
 * projection as the page, all months loaded and everything else that it counts with it. Several
 * rounds in turn; the median of their ratios counts, the others show the spread.
 */
async function countsByGrid(bench: BenchDatabase, { packed }: Transfer): Promise<BenchResult> {
  const fullest = packed.reduce((most, month) => (month.count > most.count ? month : most))
  const set = new ColumnSet()
  for (const month of packed) set.replace(unpackMonth(month))
  const areas = await bench.call<Area[]>('area_list()')
  const world = {
    areas,
    categories: await bench.call<Category[]>('category_list()'),
    cityBbox: areas[0]!.bbox,
    nowMinute: Date.now() / 60_000,
    asOfWallMinutes: Date.now() / 60_000,
  }
  const last = new Date(Date.UTC(+fullest.month.slice(0, 4), +fullest.month.slice(5), 0))
  const period = { from: `${fullest.month}-01`, to: last.toISOString().slice(0, 10) }
  const filter = { ...emptyFilter(), period }
  const bySql = () =>
    bench.db.query<{ area_code: string; n: number }>(
      'select area_code, count(*)::integer as n from public.incidents where month = $1::text::date group by 1',
      [`${fullest.month}-01`],
    )
  const { byArea } = project(set, filter, world)
  const counted = new Map(areas.map(({ code, idx }) => [code, byArea[idx]]))
  const rows = await bySql()
  if (rows.some((row) => counted.get(row.area_code) !== row.n))
    throw new Error('Columns and SQL count differently.')

  const found: { ratio: number; sql: number; columns: number }[] = []
  for (let round = 0; round < rounds; round++) {
    const sql = quantile(await times(60, bySql), 0.5)
    const columns = quantile(await times(300, () => project(set, filter, world)), 0.5)
    found.push({ ratio: sql / columns, sql, columns })
  }
  found.sort((a, b) => a.ratio - b.ratio)
  const middle = found[rounds >> 1]!
  const spread = `${found[0]!.ratio.toFixed(0)}–${found.at(-1)!.ratio.toFixed(0)}`
  return {
    name: 'counts by grid of one month: covering index ÷ projection from columns',
    ratio: middle.ratio,
    target: '≥ 20',
    pass: middle.ratio >= 20,
    detail: `${fullest.count} incidents of ${set.count}; ${middle.sql.toFixed(2)} ms against ${middle.columns.toFixed(3)} ms, median of ${rounds} rounds (${spread})`,
  }
}

async function pointsOfTile(bench: BenchDatabase, { packed }: Transfer): Promise<BenchResult> {
  const last = packed.at(-1)!.month
  const year = { from: `${Number(last.slice(0, 4)) - 1}${last.slice(4)}-01`, to: `${last}-28` }
  const { points, boxCount, fullest } = await timeTiles(bench, year)
  const ratio = points / boxCount
  return {
    name: 'points tile p95 ÷ plain GiST box count p95',
    ratio,
    target: '≤ 3',
    pass: ratio <= 3,
    detail: `zoom 14–16, up to ${fullest} incidents a tile; ${points.toFixed(1)} ms against ${boxCount.toFixed(1)} ms`,
  }
}
