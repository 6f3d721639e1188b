import { afterAll, beforeAll, expect, it } from 'vitest'
import { compileFigures } from '../../src/domain/publish/compile.ts'
import { countIndex, shareIndex, type PublicFigures } from '../../src/domain/publish/figures.ts'
import {
  listPublications,
  publish,
  readNewestPublication,
  withdrawPublication,
} from '../server/publish/publications.ts'
import { describeOnEachDatabase, openTestDatabase } from './harness/index.ts'
import type { TestDatabase } from './harness/index.ts'
import { people, seedSmallCity } from './harness/small-city.ts'

describeOnEachDatabase('publications', (kind) => {
  let db: TestDatabase
  beforeAll(async () => {
    db = await openTestDatabase({ kind })
    await seedSmallCity(db)
    // 3 in N-1_A, 7 in N-1-A, 9 in N-10 outside its grid; each month the same, the first of them rejected
    for (const [lon, n] of [
      [10.5, 3],
      [11.5, 7],
      [13.5, 9],
    ])
      for (const month of ['2026-01', '2026-02'])
        await db.query(
          `insert into public.incidents (district_code, id, category_code, area_code, lon, lat, qx, qy, reported_at,
             month, stage, state, closed_at)
           select p.district_code, gen_random_uuid(), 'noise', p.area_code, $1, 21, p.qx, p.qy,
             $2::text::timestamptz, ($3 || '-01')::date, case k when 0 then 'rejected' else 'closed' end,
             case k when 0 then 'rejected' else 'closed' end,
             case k when 0 then null else $2::text::timestamptz + interval '1 hour' end
           from private.place_incident($1, 21) p cross join generate_series(0, $4::int) k`,
          // the last hour of the month by the city's clock, where UTC is in the same month
          [lon!, `${month}-10T23:30:00+08:00`, month, n!],
        )
  })
  afterAll(() => db.close())

  const run = (from: string, to: string, isTrial = false) =>
    publish(db, { from, to, level: 'grid', isTrial })
  const newest = async (): Promise<PublicFigures> =>
    JSON.parse((await readNewestPublication(db))!) as PublicFigures
  const reported = (figures: PublicFigures, code: string | null): number | null | undefined => {
    const place = code === null ? null : figures.areas.findIndex((area) => area.code === code)
    return figures.reported[countIndex(figures, place, null, null)]
  }

  it('counts months once, hides small counts with another, and withdraws', async () => {
    expect(await readNewestPublication(db)).toBe(null)
    await run('2026-01', '2026-01', true)
    expect(await db.query('select from private.publication_months')).toEqual([])

    await run('2026-01', '2026-01')
    const figures = await newest()
    expect(figures.months).toEqual(['2026-01'])
    expect(figures.areas.map(({ code, isRest }) => [code, isRest])).toEqual(
      expect.arrayContaining([
        ['N-10+', true],
        ['N-1_A', false],
      ]),
    )
    expect(
      ['N-1_A', 'N-1-A', 'N-1', 'N-10', 'N-10+', null].map((one) => reported(figures, one)),
    ).toEqual([null, null, 10, 9, 9, 19])
    expect(figures.closed[countIndex(figures, null, null, null)]).toBe(19)
    expect(figures.satisfied.n[shareIndex(figures, null, null)]).toBe(0)
    expect(figures.areas.find(({ code }) => code === 'N-1-A')?.outline?.[0]).toHaveLength(10)

    // Later steps change no month that was counted.
    await db.query(`update public.incidents set stage = 'rejected', state = 'rejected', closed_at = null
      where month = '2026-01-01' and lon = 13.5`)
    await run('2026-01', '2026-02')
    const later = await newest()
    expect(reported(later, null)).toBe(38)
    expect(reported(later, 'N-1_A')).toBe(6)
    const january = countIndex(
      later,
      later.areas.findIndex(({ code }) => code === 'N-1_A'),
      0,
      null,
    )
    expect(later.reported[january]).toBe(null)

    // a trial tells why each figure is hidden, and what it rests on
    const trial = await run('2026-01', '2026-02', true)
    const reasons = trial.reasons.reported
    expect(reasons.length).toBe(trial.figures.reported.length)
    trial.figures.reported.forEach((value, at) =>
      expect(reasons[at] === '.', String(at)).toBe(value !== null),
    )
    const placeOf = (code: string) => trial.figures.areas.findIndex((area) => area.code === code)
    const january2 = (code: string) => countIndex(trial.figures, placeOf(code), 0, null)
    expect(reasons[january2('N-1_A')]).toBe('s')
    expect(new Set(reasons)).toEqual(new Set(['.', 's', 'p']))
    const again = { from: '2026-01', to: '2026-02', level: 'grid', isTrial: false } as const
    await expect(publish(db, { ...again, basis: 'another' })).rejects.toMatchObject({
      code: 'changed',
    })
    // a month counted by another while the audit ran
    const meanwhile = publish(db, {
      ...again,
      async compile(wanted) {
        await db.query(`update private.publication_counts set n = n + 1 where measure = 'reported'
          and month = '2026-01-01' and area_path = 'N/N-10/'`)
        return compileFigures(wanted)
      },
    })
    await expect(meanwhile).rejects.toMatchObject({ code: 'changed' })
    expect(await db.query('select from public.publications')).toHaveLength(2)

    const ids = await db.query<{ id: number }>('select id from public.publications order by id')
    await withdrawPublication(db, ids[1]!.id, people.admin)
    expect((await newest()).months).toEqual(['2026-01'])
    await expect(withdrawPublication(db, ids[1]!.id)).rejects.toThrow('no publication')
    expect(await listPublications(db)).toMatchObject([
      { isWithdrawn: false, withdrawnAt: null, publishedBy: null },
      { isWithdrawn: true, publishedBy: null, withdrawnBy: 'admin' },
    ])
    const seen = await db.asUser(people.stranger, (tx) =>
      tx.query('select from public.publications'),
    )
    expect(seen).toHaveLength(1)
  })

  it('refuses a month that is not over, and another level than the first', async () => {
    await expect(run('2026-01', '2999-01')).rejects.toThrow('once it is over')
    const other = { from: '2026-01', to: '2026-01', level: 'district' as const, isTrial: false }
    await expect(publish(db, other)).rejects.toThrow('level grid')
  })
})
