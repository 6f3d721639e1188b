import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { lookUntil } from '../../tests/kit/look-until.ts'
import { blockersOf, withWaits } from '../server/backend/waiting.ts'
import { openTestDatabase } from './harness/index.ts'
import type { TestDatabase } from './harness/index.ts'
import { missingPostgres } from './harness/postgres.ts'

const isLeftOut = missingPostgres() !== null && process.env.WANGGE_REQUIRE_POSTGRES !== '1'

describe.skipIf(isLeftOut)('what an import on own Postgres waits for', () => {
  let db: TestDatabase
  beforeAll(async () => {
    db = await openTestDatabase({ kind: 'postgres' })
  })
  afterAll(() => db.close())

  it.each([
    ['a table', 'lock table public.incidents', 'select count(*) from public.incidents'],
    [
      'the numbers of a year',
      `insert into private.case_counters (year, last) values (1999, 1)`,
      'select private.draw_case_numbers(array[1999])',
    ],
    ['an advisory lock', 'select pg_advisory_lock(7)', 'select pg_advisory_xact_lock(7)'],
  ])('names the transaction that holds %s, and how to end it', async (_, hold, wait) => {
    const said: string[] = []
    const reasons = async (): Promise<string> => (await blockersOf(db)).join('; ')
    const told = withWaits(db, reasons, (text) => said.push(text), 20)
    let waiting: Promise<unknown> | undefined
    await db.transaction(async (tx) => {
      await tx.query(hold)
      waiting = told.query(wait)
      await lookUntil(() => said.some((text) => text !== ''), 20_000)
      if (hold.includes('advisory')) await tx.query('select pg_advisory_unlock(7)')
    })
    await waiting
    expect(said.at(-1)).toMatch(
      /backend \d+, open for \d+ s, holds a lock .*pg_terminate_backend\(\d+\)/,
    )
    expect(said.at(-1)).toContain(hold.slice(0, 20))
  })

  it('says nothing of a database that answers', async () => {
    const said: string[] = []
    const told = withWaits(
      db,
      async () => 'waits',
      (text) => said.push(text),
    )
    await told.query('select 1')
    expect(await blockersOf(db)).toEqual([])
    expect(said).toEqual([])
  })
})
