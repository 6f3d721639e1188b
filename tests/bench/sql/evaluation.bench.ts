import { generateIncidents } from '../generate/incidents.ts'
import type { BenchResult } from '../run.ts'
import { admin, openBenchDatabase, quantile, times, type BenchDatabase } from './database.ts'
import { giveClocks, giveRatings, giveSteps } from './history.ts'

const calls = 5
const boards = ['areas', 'departments', 'posts', 'field_staff'] as const

/**
 * The four boards of the evaluation on a native Postgres where every incident went through the workflow, for the
 * fullest year. The floor of areas and departments counts that year's incidents with their clocks; that of people
 * reads that year's steps in the log.
 */
export async function run({
  rows,
  log,
}: {
  rows: number
  log: (line: string) => void
}): Promise<BenchResult[]> {
  const bench = await openBenchDatabase()
  try {
    await generateIncidents(bench.db, { rows, log })
    await giveClocks(bench)
    await giveSteps(bench)
    await giveRatings(bench, admin)
    const year = await fullestYear(bench)
    const filter = JSON.stringify({ from: `${year}-01-01`, to: `${year}-12-31` })
    const floors = {
      clocks: await times(calls, () => countWith(bench, year, 'incident_clocks')),
      steps: await times(calls, () => countWith(bench, year, 'incident_log')),
    }
    const results: BenchResult[] = []
    for (const board of boards) {
      const floor = board === 'areas' || board === 'departments' ? floors.clocks : floors.steps
      const [count, ms] = [
        quantile(floor, 0.5),
        quantile(
          await times(calls, () =>
            bench.call(`evaluation_board('${board}', '${filter}', 'community')`),
          ),
          0.5,
        ),
      ]
      log(`${board}: ${ms.toFixed(0)} against ${count.toFixed(0)} ms`)
      results.push({
        name: `evaluation of ${board.replace('_', ' ')}, a year ÷ count of its ${floor === floors.clocks ? 'clocks' : 'steps'}`,
        ratio: ms / count,
        target: '≤ 6',
        pass: ms <= 6 * count,
        detail: `${ms.toFixed(0)} against ${count.toFixed(0)} ms, ${rows} incidents, median of ${calls}`,
      })
    }
    return results
  } finally {
    await bench.db.close()
  }
}

async function fullestYear({ db }: BenchDatabase): Promise<string> {
  const [found] = await db.query<{ year: string }>(
    `select to_char(month, 'YYYY') as year from public.incidents group by 1 order by count(*) desc limit 1`,
  )
  return found!.year
}

const countWith = (
  { db }: BenchDatabase,
  year: string,
  table: 'incident_clocks' | 'incident_log',
): Promise<unknown> =>
  db.query(
    `select count(*), count(distinct i.id) from public.incidents i
     join public.${table} c on c.district_code = i.district_code and c.incident_id = i.id
     where i.month between '${year}-01-01' and '${year}-12-01'`,
  )
