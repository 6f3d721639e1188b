import { generateIncidents } from '../generate/incidents.ts'
import type { BenchResult } from '../run.ts'
import { openBenchDatabase, quantile, times } from './database.ts'
import type { BenchDatabase } from './database.ts'

const queues = ['to_file', 'to_dispatch', 'to_check'] as const
type Queue = (typeof queues)[number]
const stageOf: Record<Queue, string> = {
  to_file: 'reported',
  to_dispatch: 'filed',
  to_check: 'handled',
}
const pageRows = 50
const calls = 200
const fewRows = 10_000

/**
 * A page of 50 rows of each queue, on a native Postgres. The floor is the plain scan of the same index with
 * the same rows as JSON: no scope, no names of people, no steps.
 */
export async function run({
  rows,
  log,
}: {
  rows: number
  log: (line: string) => void
}): Promise<BenchResult[]> {
  const few = await measure(fewRows, log)
  const many = await measure(rows, log)
  const worst = queues
    .map((queue) => ({ queue, ...many[queue] }))
    .toSorted((a, b) => b.ratio - a.ratio)[0]!
  const growth = Math.max(...queues.map((queue) => many[queue].page / few[queue].page))
  return [
    {
      name: 'a page of a queue p95 ÷ plain scan of its index p95, worst of three queues',
      ratio: worst.ratio,
      target: '≤ 1.5',
      pass: worst.ratio <= 1.5,
      detail: `${worst.queue}, ${rows} incidents; ${worst.page.toFixed(1)} ms against ${worst.plain.toFixed(1)} ms`,
    },
    {
      name: `a page of a queue p95: ${rows} incidents ÷ ${fewRows}, worst of three queues`,
      ratio: growth,
      target: '≤ 1.3',
      pass: growth <= 1.3,
      detail: queues.map((queue) => `${queue} ${many[queue].page.toFixed(1)} ms`).join(', '),
    },
  ]
}

interface Measured {
  page: number
  plain: number
  ratio: number
}

async function measure(
  rows: number,
  log: (line: string) => void,
): Promise<Record<Queue, Measured>> {
  const bench = await openBenchDatabase()
  try {
    await generateIncidents(bench.db, { rows, log })
    await spreadOverStages(bench)
    const measured = {} as Record<Queue, Measured>
    for (const queue of queues) {
      // in turn, so that the machine's other work meets both
      const plain: number[] = []
      const page: number[] = []
      for (let round = 0; round < 4; round++) {
        plain.push(...(await times(calls / 4, () => plainPage(bench, queue))))
        page.push(...(await times(calls / 4, () => queuePage(bench, queue))))
      }
      const p95 = (all: number[]) =>
        quantile(
          all.toSorted((a, b) => a - b),
          0.95,
        )
      measured[queue] = { page: p95(page), plain: p95(plain), ratio: p95(page) / p95(plain) }
      log(
        `${rows} incidents, ${queue}: ${measured[queue].page.toFixed(2)} against ${measured[queue].plain.toFixed(2)} ms`,
      )
    }
    return measured
  } finally {
    await bench.db.close()
  }
}

/** Open incidents in every stage, with clocks that end within the month before and after now. */
async function spreadOverStages({ db }: BenchDatabase): Promise<void> {
  await db.exec(`
    update public.incidents i set channel = 'app',
      stage = (array['reported', 'filed', 'dispatched', 'handled'])[1 + (i.qx + i.qy) % 4],
      due_at = now() + make_interval(mins => (i.qx * 7 + i.qy) % 86400 - 43200)
    where private.is_open(i.stage)`)
  await db.exec('vacuum analyze public.incidents')
}

const plainPage = ({ db }: BenchDatabase, queue: Queue) =>
  db.query(
    `select jsonb_agg(private.incident_row(r.i)) from (
       select i from public.incidents i
       where i.stage = '${stageOf[queue]}' and private.is_open(i.stage) and not i.on_hold
       order by coalesce(i.due_at, 'infinity'), i.id limit ${pageRows}) r`,
  )

async function queuePage(bench: BenchDatabase, queue: Queue): Promise<void> {
  const { rows } = await bench.call<{ rows: unknown[] }>(
    `work_queue('${queue}', '{}', null, ${pageRows})`,
  )
  if (rows.length !== pageRows) throw new Error(`${queue} has ${rows.length} rows.`)
}
