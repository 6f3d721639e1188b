import { unpackMonth } from '../../../src/domain/column-set.ts'
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
    target: '≤ 10',
    pass: worst <= 10,
    detail: describeTransfer(transfer),
  }
}

/** One month by grid: the best SQL is an index-only scan; columns are already in memory. */
async function countsByGrid(bench: BenchDatabase, { packed }: Transfer): Promise<BenchResult> {
  const fullest = packed.reduce((most, month) => (month.count > most.count ? month : most))
  const { area } = unpackMonth(fullest)
  let found = 0
  const sql = await times(60, async () => {
    const rows = await bench.db.query<{ area_code: string; n: number }>(
      'select area_code, count(*)::integer as n from public.incidents where month = $1::text::date group by 1',
      [`${fullest.month}-01`],
    )
    found = rows.reduce((sum, row) => sum + row.n, 0)
  })
  let counted = 0
  const columns = await times(200, () => {
    const counts = new Uint32Array(1024)
    for (const idx of area) counts[idx]!++
    counted = counts.reduce((sum, n) => sum + n, 0)
  })
  if (found !== fullest.count || counted !== fullest.count) {
    throw new Error(`Counts differ: ${found} by SQL, ${counted} by columns, ${fullest.count} sent.`)
  }
  const [sqlTime, columnsTime] = [quantile(sql, 0.5), quantile(columns, 0.5)]
  const ratio = sqlTime / columnsTime
  return {
    name: 'counts by grid of one month: covering index ÷ columns',
    ratio,
    target: '≥ 20',
    pass: ratio >= 20,
    detail: `${fullest.count} incidents; ${sqlTime.toFixed(2)} ms against ${columnsTime.toFixed(4)} ms`,
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
