import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Database } from '../server/base/database-types.ts'
import { importIncidents } from '../server/import/import-incidents.ts'
import type { IncidentImportOptions } from '../server/import/import-incidents.ts'
import type { ImportReport } from '../server/import/report.ts'
import { wakeIndexes } from '../server/owner/resting-indexes.ts'
import { describeOnEachDatabase, openTestDatabase } from './harness/index.ts'
import type { TestDatabase } from './harness/index.ts'
import { putSmallCity, smallHeader, smallMapping, temporaryFiles } from './import-support.ts'

interface BatchResult {
  stored: number
  rejected: { line: number; reason: string }[]
}

/** Rows of a batch that is long enough to be checked as a whole; half of it is not. */
const whole = 500
const stages = ['reported', 'filed', 'closed', 'dispatched', 'rejected'] as const

const row = (n: number, change: object = {}) => {
  const stage = stages[n % stages.length]!
  return {
    ...{ line: n + 1, id: `r${n}`, hash: `h${n}`, department: null, onHold: n % 7 === 0 },
    category: n % 2 ? 'street_light' : 'exposed_garbage',
    ...{ stage, severity: 2, lon: (n % 90) / 10, lat: (n % 97) / 10 },
    ...{ description: `row ${n}`, address: '', channel: ['phone', 'app', null][n % 3], doubts: [] },
    reportedAt: `20${10 + (n % 10)}-05-01T00:00:00Z`,
    closedAt: stage === 'closed' ? '2024-05-01T00:00:00Z' : null,
    ...change,
  }
}
const rows = (count: number, from = 0) => Array.from({ length: count }, (_, n) => row(from + n))

describeOnEachDatabase('batches checked as a whole', (kind) => {
  const files = temporaryFiles()
  let db: TestDatabase
  beforeAll(async () => {
    db = await openTestDatabase({ kind })
    await putSmallCity(db, files)
  })
  afterAll(async () => {
    files.remove()
    await db?.close()
  })

  async function put(source: string, batch: object[], by: Database = db): Promise<BatchResult> {
    const [answer] = await by.query<{ result: BatchResult }>(
      'select private.import_incidents($1, $2::text::json) as result',
      [source, JSON.stringify(batch)],
    )
    return answer!.result
  }
  /** Does something in a transaction and takes all of it back. */
  async function tried(work: (tx: Database) => Promise<void>): Promise<void> {
    const done = new Error('taken back')
    await expect(
      db.transaction(async (tx) => {
        await work(tx)
        throw done
      }),
    ).rejects.toThrow(done)
  }
  const plantTrigger = `
    create function private.planted() returns trigger language plpgsql set search_path = ''
      as $$ begin raise exception 'a trigger ran'; end $$;
    create trigger planted after insert on public.incidents for each row execute function private.planted()`
  const asksNoRowForEachOther = async (): Promise<void> => {
    const [own] = await db.query<{ port: number; name: string }>(
      `select current_setting('port')::integer as port, current_database() as name`,
    )
    let plans = ''
    const session = postgres({
      ...{ host: '127.0.0.1', port: own!.port, database: own!.name, username: 'postgres', max: 1 },
      onnotice: ({ message }) => (plans += `${message}\n`),
    })
    try {
      await session.unsafe(`
        load 'auto_explain';
        set auto_explain.log_level = notice; set auto_explain.log_nested_statements = on;
        set auto_explain.log_min_duration = 0`)
      await session.unsafe('begin')
      // as after some analyses of a table that grows
      await session.unsafe('alter function pg_catalog.json_to_recordset(json) rows 1')
      const batch = JSON.stringify(rows(2_000))
      await session.unsafe('select private.import_incidents($1, $2::text::json)', ['few', batch])
      expect(plans).toContain('Insert on incidents')
      expect(plans.match(/Join Filter: .*\bn = .*/g) ?? []).toEqual([])
      await session.unsafe('rollback')
    } finally {
      await session.end()
    }
  }
  // PGlite has no auto_explain
  if (kind === 'postgres')
    it(
      'meets no row of a batch for each other row, however few the planner expects',
      asksNoRowForEachOther,
    )

  describe('indexes that rest while many rows come in', () => {
    const indexes = async (by: Database = db): Promise<string[]> => {
      const found = await by.query<{ definition: string }>(
        `select pg_get_indexdef(indexrelid) as definition from pg_index
         where indrelid = 'public.incidents'::regclass order by 1`,
      )
      return found.map(({ definition }) => definition)
    }
    /** Imports so many rows; tells which indexes each batch met. */
    async function importRows(
      count: number,
      prefix: string,
      more: Partial<IncidentImportOptions> & {
        diesAtBatch?: number
        isShared?: boolean
        by?: Database
      } = {},
    ): Promise<{ report: ImportReport; met: string[][]; made: number }> {
      const { diesAtBatch = Infinity, isShared = false, by = db, ...options } = more
      const met: string[][] = []
      let made = 0
      const watched: Database = {
        ...by,
        isShared,
        async query(sql, params) {
          if (sql.includes('import_incidents')) met.push(await indexes(by))
          if (met.length >= diesAtBatch) throw new Error('gone')
          return by.query(sql, params)
        },
      }
      const lines = Array.from(
        { length: count },
        (_, n) => `${prefix}${n},2020-05-01 08:00,,1,1,light,`,
      )
      const report = await importIncidents(watched, {
        ...{
          file: files.write([smallHeader, ...lines, ''].join('\n'), '.csv'),
          mapping: smallMapping,
        },
        onIndexes: () => (made += 1),
        ...options,
      })
      return { report, met, made }
    }

    it('stay for updates and where others read', async () => {
      const before = await indexes()
      for (const more of [{ update: true }, { isShared: true }])
        await tried(async (tx) => {
          const { met } = await importRows(2_300, 'stays', { ...more, by: tx })
          expect(met.length).toBeGreaterThan(1)
          for (const found of met) expect(found).toEqual(before)
        })
    })

    it('rest with the one of ids for a source whose rows are all new, and none is stored twice', async () => {
      const ids = (found: string[]) => found.some((one) => one.includes('incidents_id_idx'))
      for (const [source, before] of [
        ['new', []],
        ['known', rows(1)],
      ] as const)
        await tried(async (tx) => {
          if (before.length > 0) await put(source, [...before], tx)
          const { report, met } = await importRows(2_300, 'a', {
            mapping: { ...smallMapping, source },
            by: tx,
          })
          expect(report).toMatchObject({ stored: 2_300, brokenOff: null })
          expect(ids(met[0]!)).toBe(true)
          expect(ids(met.at(-1)!)).toBe(source === 'known')
          expect(ids(await indexes(tx))).toBe(true)
        })
      await tried(async (tx) => {
        await put('new', rows(whole), tx)
        await tx.query('select private.rest_indexes($1, $2)', ['new', whole])
        expect(ids(await indexes(tx))).toBe(false)
        await expect(put('new', rows(whole), tx)).rejects.toMatchObject({ code: '23505' })
      })
    })

    it('are made again by the next opening, when the import died', async () => {
      const before = await indexes()
      const { report, met } = await importRows(2_500, 'died', { diesAtBatch: 2 })
      expect(report).toMatchObject({ stored: 1_000, brokenOff: expect.stringMatching(/^gone/) })
      expect(met[0]).toEqual(before)
      const left = await indexes()
      expect(left.length).toBeLessThan(before.length - 8)
      // the source's ids and the numbers stay unique meanwhile
      expect(left).toEqual(expect.arrayContaining(before.filter((one) => one.includes('UNIQUE'))))
      expect(await wakeIndexes(db)).toBe(before.length - left.length)
      expect(await indexes()).toEqual(before)
      expect(await wakeIndexes(db)).toBe(0)
    })

    it('are made again at the end', async () => {
      const before = await indexes()
      const { report, met, made } = await importRows(4_100, 'many')
      expect(report).toMatchObject({ stored: 4_100, brokenOff: null })
      // foretold by the file's size: the second batch meets few, and most rows are still to come
      expect(made).toBe(before.length - met[1]!.length)
      expect(made).toBeGreaterThan(8)
      expect(await indexes()).toEqual(before)
    })

    it('stay where most rows are there already', async () => {
      const before = await indexes()
      const { met, made } = await importRows(2_100, 'few')
      for (const found of met) expect(found).toEqual(before)
      expect(made).toBe(0)
    })
  })

  it('lays them down in the order of their time, so that a month lies on few pages', async () => {
    await put('times', rows(whole))
    const [order] = await db.query<{ laid: string[]; byTime: string[] }>(
      `select array_agg(reported_at::text order by ctid) as laid, array_agg(reported_at::text order by reported_at) as "byTime"
       from public.incidents where source = 'times'`,
    )
    expect(order!.laid).toEqual(order!.byTime)
    const numbers = await db.query(
      `select source_id from public.incidents where source = 'times' and reported_at = '2011-05-01T00:00:00Z'
       order by case_number limit 3`,
    )
    expect(numbers).toEqual([{ source_id: 'r1' }, { source_id: 'r11' }, { source_id: 'r21' }])
  })

  it('puts them on the lattice of the city as a report is', async () => {
    await put('lattice', rows(whole))
    const [off] = await db.query(
      `select count(*)::integer as count from public.incidents i cross join public.city_settings c
       where i.qx <> private.quantise(i.lon, c.west, c.east) or i.qy <> private.quantise(i.lat, c.south, c.north)`,
    )
    expect(off).toEqual({ count: 0 })
  })

  it('stores the rows that row after row gives, their work and their log', async () => {
    const all = rows(whole)
    const outside = row(whole, { lon: 11 })
    const asWhole = await put('whole', [...all, outside])
    expect(asWhole).toMatchObject({ stored: whole, rejected: [{ reason: 'outside_city' }] })
    for (const half of [all.slice(0, whole / 2), all.slice(whole / 2)]) await put('halves', half)
    const stored = (source: string) =>
      db.query(
        `select to_jsonb(i) - '{id,source,case_number,changed_xid}'::text[] as incident,
           to_jsonb(w) - '{incident_id,changed_xid}'::text[] as work, w.changed_xid = i.changed_xid as is_marked,
           (select jsonb_agg(to_jsonb(l) - '{incident_id,at}'::text[] #- '{data,source}')
            from public.incident_log l where l.incident_id = i.id) as log
         from public.incidents i left join public.incident_work w on w.incident_id = i.id
         where i.source = $1 order by i.source_id`,
        [source],
      )
    const found = await stored('whole')
    expect(found).toEqual(await stored('halves'))
    expect(found.filter(({ work }) => work !== null)).toHaveLength((whole * 3) / 5)
    // the app is trusted, a telephone is not
    const toVerify = await db.query(
      `select distinct to_verify from public.incidents where source = 'whole' and stage = 'reported' order by 1`,
    )
    expect(toVerify).toEqual([{ to_verify: false }, { to_verify: true }])
  })

  it('lets triggers rest for whole batches alone, and only while it stores', async () => {
    await tried(async (tx) => {
      await tx.exec(plantTrigger)
      expect(await put('resting', rows(whole), tx)).toMatchObject({ stored: whole })
      const [setting] = await tx.query(`select current_setting('session_replication_role') as role`)
      expect(setting).toEqual({ role: 'origin' })
      await expect(put('few', rows(1), tx)).rejects.toThrow('a trigger ran')
    })
  })

  it.each([
    [
      'a state that its workflow lacks',
      `create or replace function private.first_state_of(p_workflow text, p_stage text) returns text
       language sql stable set search_path = '' as $$ select 'nowhere' $$`,
      /event nowhere/,
    ],
    [
      'a department that is gone',
      `set session_replication_role = replica; delete from public.departments where code = 'public_works';
       set session_replication_role = origin`,
      /public_works/,
    ],
  ])('refuses what refers to %s', async (_, breaking, message) => {
    await expect(
      db.transaction(async (tx) => {
        await tx.exec(breaking)
        await put('lost', rows(whole), tx)
      }),
    ).rejects.toMatchObject({ code: '23503', message: expect.stringMatching(message) })
    const [left] = await db.query(
      `select count(*)::int as n from public.incidents where source = 'lost'`,
    )
    expect(left).toEqual({ n: 0 })
  })

  it('refuses to lose a row without a word', async () => {
    await expect(
      db.transaction(async (tx) => {
        await tx.exec(
          `create or replace function private.shard_of(p_path text, p_shard_level text)
           returns table (district_code text) language sql stable
           begin atomic select a.code from public.areas a where false; end`,
        )
        await put('unaccounted', rows(whole), tx)
      }),
    ).rejects.toThrow(`a batch of ${whole} rows accounts for 0`)
  })

  // PGlite has one session: nobody else is there
  if (kind === 'postgres')
    it('keeps what it refers to until it ends', async () => {
      await db.query(
        `insert into public.departments (code, name_zh, name_en) values ('passing', '暂', 'Passing')`,
      )
      const remove = `delete from public.departments where code = 'passing'`
      await tried(async (tx) => {
        const named = rows(whole).map((one) => ({ ...one, department: 'passing' }))
        expect(await put('passing', named, tx)).toMatchObject({ stored: whole })
        await expect(
          db.transaction(async (other) => {
            await other.exec(`set local lock_timeout = '100ms'`)
            await other.exec(remove)
          }),
        ).rejects.toMatchObject({ code: '55P03' })
      })
      await db.exec(remove)
    })

  it('does by itself all that the triggers and foreign keys of new rows do', async () => {
    const resting = await db.query<{ name: string }>(
      `select t.tgrelid::regclass || ' ' || coalesce(pg_get_constraintdef(c.oid), t.tgname) as name
       from pg_trigger t left join pg_constraint c on c.oid = t.tgconstraint
       where t.tgrelid in ('public.incidents'::regclass, 'public.incident_log'::regclass,
           'public.incident_work'::regclass)
         and t.tgtype & 4 = 4 and (t.tgconstraint = 0 or t.tgrelid = c.conrelid)
       order by 1`,
    )
    // a new one here: private.import_incidents must do it for a whole batch
    expect(resting.map(({ name }) => name.replaceAll('public.', ''))).toEqual([
      'incident_log FOREIGN KEY (district_code, incident_id) REFERENCES incidents(district_code, id)',
      'incident_work FOREIGN KEY (district_code, incident_id) REFERENCES incidents(district_code, id) ON DELETE CASCADE',
      'incidents FOREIGN KEY (area_code) REFERENCES areas(code)',
      'incidents FOREIGN KEY (category_code) REFERENCES categories(code)',
      'incidents FOREIGN KEY (condition_code) REFERENCES filing_conditions(code)',
      'incidents FOREIGN KEY (department_code) REFERENCES departments(code)',
      'incidents FOREIGN KEY (district_code) REFERENCES areas(code)',
      'incidents FOREIGN KEY (district_code, parent_id) REFERENCES incidents(district_code, id)',
      'incidents FOREIGN KEY (workflow_code, state) REFERENCES workflow_stages(workflow, code)',
      'incidents keep_new_work',
      'incidents mark_new_incident',
    ])
  })
})
