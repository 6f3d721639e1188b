import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Command, Receipt } from './harness/commands.ts'
import { commandOf, reportCommand } from './harness/commands.ts'
import { describeOnEachDatabase, openTestDatabase } from './harness/index.ts'
import type { TestDatabase } from './harness/index.ts'
import { people, seedSmallCity } from './harness/small-city.ts'
import type { Person } from './harness/small-city.ts'

interface Row {
  id: string
  caseNumber: string
  description: string
}
interface Found {
  number: string | null
  rows: Row[]
  isMore: boolean
}

describeOnEachDatabase('case numbers and the search', (kind) => {
  let db: TestDatabase
  const year = new Date().getUTCFullYear()
  const apply = (who: Person, commands: Command[]) =>
    db.asUser(people[who], async (tx) => {
      const [row] = await tx.query<{ r: Receipt[] }>(
        'select public.apply_commands($1::text::json) as r',
        [JSON.stringify(commands)],
      )
      return row!.r
    })
  const search = (who: Person, text: string, limit = 8) =>
    db.asUser(people[who], async (tx) => {
      const [row] = await tx.query<{ r: Found }>('select public.incident_search($1, $2) as r', [
        text,
        limit,
      ])
      return row!.r
    })
  const importRows = (source: string, rows: object[], mayUpdate = false) =>
    db.query('select private.import_incidents($1, $2::text::json, $3)', [
      source,
      JSON.stringify(rows),
      mayUpdate,
    ])
  const imported = (id: string, reportedAt: string, changes: object = {}) => ({
    ...{ line: 1, id, hash: id, category: 'illegal_dumping', stage: 'filed', lon: 10.5, lat: 21 },
    ...{ reportedAt, doubts: [], ...changes },
  })
  const numbers = async () =>
    (
      await db.query<{ n: string; at: string }>(
        `select case_number as n, reported_at::text as at from public.incidents order by case_number`,
      )
    ).map((row) => row.n)

  beforeAll(async () => {
    db = await openTestDatabase({ kind })
    await seedSmallCity(db)
  })
  afterAll(() => db.close())

  it('indexes the words of any text as the search reads them', async () => {
    const latin = ['a', 'Z', '7', ' ', '-', '$', '\n', 'x'.repeat(40)]
    const textOf = (signs: string[]) =>
      fc.string({ unit: fc.constantFrom(...signs), maxLength: 30 })
    const text = fc.oneof(textOf(latin), textOf([...latin, '。', '路', '灯', 'é', 'İ']))
    const texts = fc.sample(fc.tuple(text, text), 500)
    const [found] = await db.query<{ compared: number; plain: number; different: unknown[] }>(
      `select count(*)::int as compared,
         count(*) filter (where not t.description || t.address ~ '[^ -~\n]')::int as plain,
         coalesce(jsonb_agg(t.description) filter (where private.incident_words(t.description, t.address)
           is distinct from array_to_tsvector(private.search_words(left(t.address, 500) || ' ' || t.description))),
           '[]') as different
       from jsonb_to_recordset($1::text::jsonb) t (description text, address text)`,
      [JSON.stringify(texts.map(([description, address]) => ({ description, address })))],
    )
    expect(found).toMatchObject({ compared: 500, different: [] })
    expect(found!.plain).toBeGreaterThan(0)
  })

  it('counts by the year of the report in the city, across calls and sources, and never again', async () => {
    const reports = ['旧货垃圾堆放在路边', 'Broken manhole cover', '第三件'].map((description, n) =>
      reportCommand(people.manager, { description, lon: n === 1 ? 12.5 : 10.5 }),
    )
    const receipts = await apply('manager', reports)
    expect(receipts.map((r) => r.outcome)).toEqual(['applied', 'applied', 'applied'])
    await importRows('town', [
      // the first minutes of 2021 in Shanghai
      imported('b', '2020-12-31T16:30:00Z', { address: 'Valencia Street near 18th Street' }),
      imported('a', '2020-12-31T15:30:00Z'),
      imported('c', '2021-05-01T00:00:00Z', { address: '西长安街10号' }),
    ])
    expect(await numbers()).toEqual([
      '2020-000001',
      '2021-000001',
      '2021-000002',
      `${year}-000001`,
      `${year}-000002`,
      `${year}-000003`,
    ])
    // A new year of an imported row leaves the number that people know.
    await importRows('town', [imported('a', '2019-06-01T00:00:00Z', { hash: 'other' })], true)
    await apply('manager', [reportCommand(people.manager)])
    expect(await numbers()).toContain(`${year}-000004`)
    expect((await search('admin', '2020-1')).rows.map((r) => r.caseNumber)).toEqual(['2020-000001'])
    await expect(
      db.query(`update private.case_counters set last = last - 1 where year = $1`, [year]),
    ).resolves.toBeDefined()
    await expect(
      db.query(
        `insert into public.incidents (district_code, id, category_code, area_code, lon, lat, qx, qy, reported_at, month)
         select district_code, gen_random_uuid(), category_code, area_code, lon, lat, qx, qy, reported_at, month
         from public.incidents where case_number = $1`,
        [`${year}-000004`],
      ),
    ).rejects.toThrow(/incidents_case_number_idx/)
    await db.query(`update private.case_counters set last = last + 1 where year = $1`, [year])
  })

  it('finds a number as people say and write it', async () => {
    const said = [
      `${year}-000002`,
      `${year} 2`,
      `${year}000002`,
      '2',
      '#2',
      `编号：${year}－２`,
      `No. ${year}-2`,
    ]
    for (const text of said) {
      const found = await search('admin', text)
      expect({ text, first: found.rows[0]?.description }).toEqual({
        text,
        first: 'Broken manhole cover',
      })
    }
    expect(await search('admin', `${year}-999`)).toEqual({
      number: `${year}-000999`,
      rows: [],
      isMore: false,
    })
  })

  it('finds words by their beginning, Chinese by its signs, addresses, and the number of a device', async () => {
    const descriptions = async (text: string) =>
      (await search('admin', text)).rows.map((r) => r.description)
    expect(await descriptions('manh cov')).toEqual(['Broken manhole cover'])
    expect(await descriptions('BROKEN')).toEqual(['Broken manhole cover'])
    expect(await descriptions('anhole')).toEqual([])
    expect(await descriptions('垃圾')).toEqual(['旧货垃圾堆放在路边'])
    expect(await descriptions('路边 旧货')).toEqual(['旧货垃圾堆放在路边'])
    expect(await descriptions('边')).toEqual(['旧货垃圾堆放在路边'])
    expect(await descriptions('垃边')).toEqual([])
    expect(await descriptions("'; drop table x; -- <b>&|!:*(")).toEqual([])
    expect((await search('admin', 'valencia 18th')).rows.map((r) => r.caseNumber)).toEqual([
      '2021-000001',
    ])
    expect((await search('admin', '长安街')).rows.map((r) => r.caseNumber)).toEqual(['2021-000002'])
    const [one] = (await search('admin', 'manhole')).rows
    for (const text of [`P-${one!.id.slice(0, 6).toUpperCase()}`, one!.id]) {
      expect((await search('admin', text)).rows.map((r) => r.id)).toEqual([one!.id])
    }
  })

  it('shows nobody what they may not see', async () => {
    expect((await search('manager', 'manhole')).rows).toHaveLength(1)
    expect((await search('otherManager', 'manhole')).rows).toHaveLength(1)
    expect((await search('field', 'manhole')).rows).toEqual([])
    expect((await search('field', `${year}-2`)).rows).toEqual([])
    expect((await search('stranger', `${year}-1`)).rows).toEqual([])
    const [one] = (await search('admin', 'manhole')).rows
    expect((await search('stranger', one!.id)).rows).toEqual([])
  })

  it('says that there are more, and refuses wrong questions', async () => {
    await importRows(
      'many',
      Array.from({ length: 12 }, (_, n) =>
        imported(`m${n}`, `2022-01-${n + 10}T00:00:00Z`, { description: 'Lamp is dark' }),
      ),
    )
    const found = await search('admin', 'lamp dark', 5)
    expect(found.isMore).toBe(true)
    expect(found.rows.map((r) => r.caseNumber)).toEqual(
      [12, 11, 10, 9, 8].map((n) => `2022-${String(n).padStart(6, '0')}`),
    )
    await expect(search('admin', 'x'.repeat(201))).rejects.toThrow(/p_text/)
    await expect(search('admin', 'x', 51)).rejects.toThrow(/p_limit/)
  })

  it('is corrected with the incident', async () => {
    const [one] = (await search('admin', 'manhole')).rows
    await apply('manager', [
      commandOf(people.manager, 'correct_incident', {
        incidentId: one!.id,
        baseVersion: 1,
        changes: { description: 'Loose gully grate' },
      }),
    ])
    expect((await search('admin', 'manhole')).rows).toEqual([])
    expect((await search('admin', 'gully')).rows.map((r) => r.caseNumber)).toEqual([
      one!.caseNumber,
    ])
    expect(randomUUID()).not.toBe(one!.id)
  })
})
