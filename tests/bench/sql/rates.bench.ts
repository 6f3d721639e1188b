import { generateIncidents } from '../generate/incidents.ts'
import type { BenchResult } from '../run.ts'
import { openBenchDatabase, quantile, times } from './database.ts'
import type { BenchDatabase } from './database.ts'
import { giveClocks } from './history.ts'

const calls = 9

/**
 * Rates on a native Postgres where every incident went through the workflow, under three filters. The
 * floor counts the incidents and their clocks under the same filter: no verdicts, no earlier incidents.
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
    const filters = await filtersOf(bench)
    const measured = []
    for (const [name, { filter, where }] of Object.entries(filters)) {
      const plain = await times(calls, () => plainCount(bench, where))
      const rates = await times(calls, () => bench.call(`incident_rates('${filter}')`))
      const ratio = quantile(rates, 0.5) / quantile(plain, 0.5)
      log(
        `${name}: ${quantile(rates, 0.5).toFixed(0)} against ${quantile(plain, 0.5).toFixed(0)} ms`,
      )
      measured.push({ name, ratio, ms: quantile(rates, 0.5) })
    }
    const worst = measured.toSorted((a, b) => b.ratio - a.ratio)[0]!
    const year = measured.find(({ name }) => name === 'a year')!
    return [
      {
        name: `rates of a year, own Postgres with ${rows} incidents, milliseconds`,
        ratio: year.ms,
        target: '≤ 1000',
        pass: year.ms <= 1000,
        detail: `median of ${calls}`,
      },
      {
        name: 'rates ÷ count of the same incidents and clocks, worst of three filters',
        ratio: worst.ratio,
        target: '≤ 4',
        pass: worst.ratio <= 4,
        detail: `${rows} incidents; ${measured.map(({ name, ms }) => `${name} ${ms.toFixed(0)} ms`).join(', ')}`,
      },
    ]
  } finally {
    await bench.db.close()
  }
}

async function filtersOf({ db }: BenchDatabase) {
  const [busy] = await db.query<{ month: string }>(
    `select to_char(i.month, 'YYYY-MM') as month
     from public.incidents i group by i.month order by count(*) desc limit 1`,
  )
  const [area] = await db.query<{ code: string }>(
    `select area_code as code from public.incidents group by 1 order by count(*) desc limit 1`,
  )
  const { month } = busy!
  const year = month.slice(0, 4)
  return {
    'a month': {
      filter: JSON.stringify({ from: `${month}-01`, to: `${month}-28` }),
      where: `i.month = '${month}-01'`,
    },
    'a grid': {
      filter: JSON.stringify({ areas: [area!.code] }),
      where: `i.area_code = '${area!.code}'`,
    },
    // as the overview opens
    'a year': {
      filter: JSON.stringify({ from: `${year}-01-01`, to: `${year}-12-31` }),
      where: `i.month between '${year}-01-01' and '${year}-12-01'`,
    },
  }
}

const plainCount = ({ db }: BenchDatabase, where: string) =>
  db.query(
    `select count(*), count(distinct i.id) from public.incidents i
     join public.incident_clocks c on c.district_code = i.district_code and c.incident_id = i.id
     where ${where}`,
  )
