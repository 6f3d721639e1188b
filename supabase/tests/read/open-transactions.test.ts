import { randomUUID } from 'node:crypto'
import postgres from 'postgres'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Database } from '../../server/base/database-types.ts'
import { missingPostgres, openPostgresTestDatabase } from '../harness/postgres.ts'
import type { TestDatabase } from '../harness/index.ts'
import { people, seedSmallCity } from '../harness/small-city.ts'

interface Changes {
  cursor: string
  months: string[]
  reset: boolean
  waiting: { since: string } | null
}

/** A transaction that stays open until it is ended. */
interface OpenTransaction {
  tx: Database
  commit(): Promise<void>
}

const missing = missingPostgres()

describe.skipIf(missing !== null && process.env.WANGGE_REQUIRE_POSTGRES !== '1')(
  'changes_since beside open transactions (Postgres)',
  () => {
    let db: TestDatabase
    let otherDatabase: postgres.Sql
    const opened: OpenTransaction[] = []

    beforeAll(async () => {
      db = await openPostgresTestDatabase()
      await seedSmallCity(db)
      otherDatabase = postgres(await otherUrl(db), { max: 1, onnotice: () => undefined })
    })
    afterEach(async () => {
      for (const transaction of opened.splice(0)) await transaction.commit()
    })
    afterAll(async () => {
      await otherDatabase?.end({ timeout: 5 })
      await db?.close()
    })

    const changes = (cursor: string) =>
      db.asUser(people.admin, async (tx) => {
        const sql = 'select public.changes_since($1) as c'
        return (await tx.query<{ c: Changes }>(sql, [cursor]))[0]!.c
      })
    const cursorNow = async () => (await changes('')).cursor
    const report = (on: Database) => store(on, people.field)

    /** Opens a transaction of this database that has its number already. */
    async function openHere(): Promise<OpenTransaction> {
      const transaction = await hold(db)
      await transaction.tx.query('select pg_current_xact_id()')
      opened.push(transaction)
      return transaction
    }

    /** The same in another database of the cluster. */
    async function openElsewhere(): Promise<() => Promise<void>> {
      const session = await otherDatabase.reserve()
      await session.unsafe('begin; select pg_current_xact_id()')
      let isOpen = true
      const commit = async () => {
        if (!isOpen) return
        isOpen = false
        await session.unsafe('commit')
        session.release()
      }
      opened.push({ tx: db, commit })
      return commit
    }

    for (const owner of ['the owner', 'an owner without rights on the cluster'] as const)
      describe(`for ${owner}`, () => {
        beforeEach(async () => {
          if (owner === 'the owner') return
          await db.exec(`
            do $$ begin create role plain_owner nologin; exception when duplicate_object then null; end $$;
            alter function private.settled_until() owner to plain_owner`)
        })
        afterEach(() => db.exec('alter function private.settled_until() owner to current_user'))

        it('does not wait for another database', async () => {
          const before = await cursorNow()
          await openElsewhere()
          await report(db)
          const told = await changes(before)
          expect(told.months).toHaveLength(1)
          expect(told.cursor).not.toBe(before)
          expect((await changes(told.cursor)).months).toEqual([])
          expect(told.waiting).toBeNull()
        })

        it('waits for its own although an older one of another database is open', async () => {
          const before = await cursorNow()
          await openElsewhere()
          const own = await openHere()
          await report(db)
          const waited = await changes(before)
          expect(waited.months).toEqual([])
          await report(own.tx)
          await own.commit()
          expect((await changes(waited.cursor)).months).toHaveLength(1)
        })
      })

    it('loses nothing of a transaction that began before a poll and writes after it', async () => {
      const own = await openHere()
      // a newer one that has ended
      await db.query('select pg_current_xact_id()')
      const first = await changes(await cursorNow())
      await report(own.tx)
      const second = await changes(first.cursor)
      expect([first.months, second.months]).toEqual([[], []])
      await own.commit()
      expect((await changes(second.cursor)).months).toHaveLength(1)
    })

    it('tells every month once it is settled, with writers and pollers at once', async () => {
      const elsewhere = await openElsewhere()
      let cursor = await cursorNow()
      let writing = true
      const months = Array.from({ length: 60 }, (_, n) => `${2001 + (n % 30)}-0${n < 30 ? 1 : 2}`)
      const toWrite = [...months]
      const write = async () => {
        for (let month = toWrite.pop(); month; month = toWrite.pop()) {
          const day = `${month}-01`
          await db.transaction(async (tx) => {
            await tx.query('select pg_current_xact_id(), pg_sleep(random() * 0.02)')
            await store(tx, people.field, day)
          })
        }
      }
      const writers = Promise.all([write(), write()]).finally(() => (writing = false))
      const told = new Set<string>()
      const poll = async () => {
        const next = await changes(cursor)
        for (const month of next.months) told.add(month)
        cursor = next.cursor
      }
      while (writing) await poll()
      await writers
      await poll()
      expect([...told].sort()).toEqual([...months].sort())
      await elsewhere()
    })

    it('says since when it waits, after a minute', async () => {
      const own = await openHere()
      const [row] = await own.tx.query<{ at: string }>('select now()::text as at')
      const cursor = await cursorNow()
      expect((await changes(cursor)).waiting).toBeNull()
      const [definition] = await db.query<{ text: string }>(
        `select pg_get_functiondef('private.changes_since(text)'::regprocedure) as text`,
      )
      expect(definition!.text).toContain(`interval '1 minute'`)
      await db.exec(definition!.text.replace(`interval '1 minute'`, `interval '0'`))
      const { waiting } = await changes(cursor)
      await db.exec(definition!.text)
      expect(Date.parse(waiting!.since)).toBe(Date.parse(row!.at))
    })
  },
)

/** Begins a transaction of `db` and hands it out. */
async function hold(db: Database): Promise<OpenTransaction> {
  let end: () => void = () => undefined
  const ended = new Promise<void>((resolve) => (end = resolve))
  let finished: Promise<void> = Promise.resolve()
  const tx = await new Promise<Database>((resolve, reject) => {
    finished = db.transaction(async (inner) => {
      resolve(inner)
      await ended
    })
    finished.catch(reject)
  })
  return {
    tx,
    async commit() {
      end()
      await finished
    },
  }
}

/** Stores a report the way the owner's functions do, in the transaction of `on`. */
async function store(on: Database, reporter: string, month = '2026-03-01'): Promise<void> {
  await on.query(
    `insert into public.incidents (district_code, id, category_code, area_code, lon, lat, qx, qy,
       reported_at, month, reported_by)
     values ('N-1', $1::text::uuid, 'illegal_dumping', 'N-1_A', 10.5, 21, 0, 0, clock_timestamp(),
       $3::text::date, $2::text::uuid)`,
    [randomUUID(), reporter, month],
  )
}

/** The maintenance database of the cluster that `db` lies on. */
async function otherUrl(db: Database): Promise<string> {
  const [row] = await db.query<{ port: number }>('select inet_server_port() as port')
  return process.env.TEST_DATABASE_URL ?? `postgres://postgres@127.0.0.1:${row!.port}/postgres`
}
