import { moveDueTimes } from '../../../supabase/server/import/import-calendar.ts'
import { generateIncidents } from '../generate/incidents.ts'
import type { BenchResult } from '../run.ts'
import { openBenchDatabase } from './database.ts'
import type { BenchDatabase } from './database.ts'

const incidents = 100_000
const rounds = 2

/**
 * The due times of 100,000 open incidents after an edit of the calendar, as the command line moves them: in
 * batches, each committed. Four days off are added and taken away in turn, so that every due time moves. Beside
 * it the floor: the same column of the same rows written by one plain UPDATE.
 */
export async function run({ log }: { log: (line: string) => void }): Promise<BenchResult[]> {
  const bench = await openBenchDatabase()
  try {
    await generateIncidents(bench.db, { rows: incidents, log })
    await giveClocks(bench)
    const taken: number[] = []
    const plain: number[] = []
    let batches = 0
    for (let round = 0; round < rounds; round++) {
      plain.push(await timed(() => bench.db.exec(plainUpdate)))
      await editCalendar(bench, round % 2 === 0)
      batches = 0
      let moved = 0
      taken.push(
        await timed(async () => {
          ;({ moved } = await moveDueTimes(bench.db, 'cn', () => batches++))
        }),
      )
      // those due before the days off stay
      if (moved < incidents * 0.5) throw new Error(`only ${moved} moved`)
      log(`${moved} moved in ${taken.at(-1)!.toFixed(0)} ms, plain ${plain.at(-1)!.toFixed(0)} ms`)
      await bench.db.exec('vacuum public.incidents, public.incident_work, public.incident_clocks')
    }
    const seconds = Math.min(...taken) / 1000
    const floor = Math.min(...plain) / 1000
    return [
      {
        name: `due times of ${incidents} open incidents after a calendar edit, native, seconds`,
        ratio: seconds,
        target: '≤ 5',
        pass: seconds <= 5,
        detail: `best of ${rounds}, in ${batches} batches; one plain update of the column ${floor.toFixed(1)} s`,
      },
    ]
  } finally {
    await bench.db.close()
  }
}

const plainUpdate = `update public.incident_work set due_at = due_at + interval '1 minute'`

async function timed(run: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await run()
  return performance.now() - began
}

/** Dispatches all incidents within the last week, each with five working days to handle it. */
async function giveClocks({ db }: BenchDatabase): Promise<void> {
  await db.exec(`
    insert into public.calendars (code, name_zh, name_en) values ('cn', '日历', 'Calendar');
    insert into public.calendar_hours
      select 'cn', day, h.from_minute, h.to_minute from generate_series(1, 5) day,
        (values (540, 720), (810, 1080)) h (from_minute, to_minute);
    insert into public.calendar_years
      select 'cn', extract(year from now()) + n, 'bench' from generate_series(-1, 1) n;
    select private.rebuild_calendar('cn');
    update public.incidents set stage = 'dispatched', closed_at = null;
    insert into public.incident_clocks (district_code, incident_id, seq, kind, department_code, calendar,
      amount, unit, day_rule, started_at, running_since)
    select i.district_code, i.id, 1, 'handle', i.department_code, 'cn', 5, 'work_day', 'hours', t.at, t.at
    from public.incidents i
    cross join lateral (
      select date_trunc('minute', now() - make_interval(mins => (i.qx * 7 + i.qy) % 10080)) as at) t;
  `)
  await moveDueTimes(db, 'cn')
  await db.exec('vacuum analyze public.incidents, public.incident_work, public.incident_clocks')
}

/** Four days off from tomorrow on, or none. */
async function editCalendar({ db }: BenchDatabase, off: boolean): Promise<void> {
  await db.exec(
    off
      ? `insert into public.calendar_days (calendar, day, name)
         select 'cn', current_date + n, 'off' from generate_series(1, 4) n`
      : `delete from public.calendar_days`,
  )
  await db.exec(`select private.rebuild_calendar('cn')`)
}
