import { generateIncidents } from '../generate/incidents.ts'
import type { BenchResult } from '../run.ts'
import { admin, openBenchDatabase, quantile, times } from './database.ts'
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
 * A page of 50 rows of each queue, on a native Postgres, and the counts of all queues. The floor is the query
 * that one would write by hand: the same rows in the same order with the same columns as JSON, under the same
 * rights by the table's policy; without names of people and without steps.
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
  const countGrowth = many.counts / few.counts
  const growth = Math.max(...queues.map((queue) => many[queue].page / few[queue].page))
  return [
    {
      name: 'a page of a queue p95 ÷ plain scan of its index p95, worst of three queues',
      ratio: worst.ratio,
      target: '≤ 1.5',
      pass: worst.ratio <= 1.5,
      detail: `${worst.queue}, ${rows} incidents, middle of five rounds; ${worst.page.toFixed(1)} ms against ${worst.plain.toFixed(1)} ms, ${worst.fastest.toFixed(2)} times by the fastest calls`,
    },
    {
      name: `a page of a queue p95: ${rows} incidents ÷ ${fewRows}, worst of three queues`,
      ratio: growth,
      target: '≤ 1.3',
      pass: growth <= 1.3,
      detail: queues.map((queue) => `${queue} ${many[queue].page.toFixed(1)} ms`).join(', '),
    },
    {
      name: `counts of all queues p95: ${rows} incidents ÷ ${fewRows}`,
      ratio: countGrowth,
      target: '≤ 3',
      pass: countGrowth <= 3,
      detail: `${many.counts.toFixed(1)} ms against ${few.counts.toFixed(1)} ms; a queue is counted to 1,000`,
    },
  ]
}

const p95 = (all: number[]): number =>
  quantile(
    all.toSorted((a, b) => a - b),
    0.95,
  )

interface Measured {
  page: number
  plain: number
  ratio: number
  /** The fastest page ÷ the fastest plain scan: what no other work disturbed. */
  fastest: number
}

async function measure(
  rows: number,
  log: (line: string) => void,
): Promise<Record<Queue, Measured> & { counts: number }> {
  const bench = await openBenchDatabase()
  try {
    await generateIncidents(bench.db, { rows, log })
    await spreadOverStages(bench)
    const measured = { counts: 0 } as Record<Queue, Measured> & { counts: number }
    for (const queue of queues) {
      // plans of each connection
      await times(10, () => queuePage(bench, queue))
      const rounds: { plain: number[]; page: number[] }[] = []
      for (let round = 0; round < 5; round++) {
        const plain: number[] = []
        const page: number[] = []
        // call by call in turn, so that the machine's other work meets both
        for (let n = 0; n < calls / 5; n++) {
          plain.push(...(await times(1, () => plainPage(bench, queue))))
          page.push(...(await times(1, () => queuePage(bench, queue))))
        }
        rounds.push({ plain, page })
      }
      const all = (which: 'plain' | 'page') => rounds.flatMap((round) => round[which])
      measured[queue] = {
        page: p95(all('page')),
        plain: p95(all('plain')),
        // the middle one of the rounds
        ratio: rounds
          .map(({ page, plain }) => p95(page) / p95(plain))
          .toSorted((x, y) => x - y)[2]!,
        fastest: Math.min(...all('page')) / Math.min(...all('plain')),
      }
      log(
        `${rows} incidents, ${queue}: p95 ${measured[queue].page.toFixed(2)} against ${measured[queue].plain.toFixed(2)} ms, ` +
          `${measured[queue].ratio.toFixed(2)} times in the middle round, ${measured[queue].fastest.toFixed(2)} times by the fastest calls`,
      )
    }
    const rounds: number[] = []
    for (let round = 0; round < 5; round++)
      rounds.push(p95(await times(calls / 5, () => bench.call('work_counts()'))))
    // the middle one, as of the pages: a burst of other work meets one or two
    measured.counts = rounds.toSorted((x, y) => x - y)[2]!
    log(`${rows} incidents, all counts: ${measured.counts.toFixed(2)} ms`)
    return measured
  } finally {
    await bench.db.close()
  }
}

/** Open incidents in every stage, with clocks that end within the month before and after now. */
async function spreadOverStages({ db }: BenchDatabase): Promise<void> {
  await db.exec(`
    update public.incidents i set channel = 'app',
      stage = (array['reported', 'filed', 'dispatched', 'handled'])[1 + (i.qx + i.qy) % 4]
    where private.is_open(i.stage)`)
  await db.exec(`
    update public.incident_work w
    set due_at = now() + make_interval(mins => (i.qx * 7 + i.qy) % 86400 - 43200)
    from public.incidents i where i.district_code = w.district_code and i.id = w.incident_id`)
  await db.exec('vacuum analyze public.incidents, public.incident_work')
}

/** Columns of an IncidentRow by the names of the table. */
const columns = `'id', i.id, 'districtCode', i.district_code, 'categoryCode', i.category_code,
  'areaCode', i.area_code, 'departmentCode', i.department_code, 'stage', i.stage, 'onHold', i.on_hold,
  'severity', i.severity, 'lon', i.lon, 'lat', i.lat, 'description', i.description,
  'addressLabel', i.address_label, 'reportedAt', i.reported_at, 'closedAt', i.closed_at,
  'channel', i.channel, 'version', i.version, 'workflowCode', i.workflow_code, 'state', i.state,
  'stateSince', i.state_since, 'dueAt', w.due_at, 'warnAt', w.warn_at, 'pending', i.pending,
  'holdUntil', i.hold_until, 'supervision', i.supervision, 'replyBy', i.reply_by, 'rework', i.rework,
  'reopened', i.reopened, 'extensions', i.extensions, 'selfHandled', i.self_handled,
  'handler', i.handler, 'assignee', i.assignee`

const plainPage = (bench: BenchDatabase, queue: Queue) =>
  bench.db.asUser(admin, (tx) =>
    tx.query(
      `select jsonb_agg(jsonb_build_object(${columns}) order by coalesce(w.due_at, 'infinity'), i.id) from (
         select * from public.incident_work w
         where w.stage = '${stageOf[queue]}' and w.stage in ('reported', 'filed', 'dispatched', 'handled')
           and not w.to_verify and not w.on_hold
         order by coalesce(w.due_at, 'infinity'), w.incident_id limit ${pageRows}) w
       join public.incidents i on i.district_code = w.district_code and i.id = w.incident_id`,
    ),
  )

async function queuePage(bench: BenchDatabase, queue: Queue): Promise<void> {
  const { rows } = await bench.call<{ rows: unknown[] }>(
    `work_queue('${queue}', '{}', null, ${pageRows})`,
  )
  if (rows.length !== pageRows) throw new Error(`${queue} has ${rows.length} rows.`)
}
