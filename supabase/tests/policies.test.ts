import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Database } from '../server/base/database-types.ts'
import { describeOnEachDatabase, openTestDatabase } from './harness/index.ts'
import type { TestDatabase } from './harness/index.ts'
import { people } from './harness/small-city.ts'
import { seedMatrixWorld } from './matrix-world.ts'

interface Membership {
  role: string
  area: string
  department?: string
  /** Anything Postgres reads as an instant. */
  from?: string
  to?: string
}

/** The areas of the incidents a person reads, sorted; from the table, not a function. */
const areasSeen = async (tx: Database) =>
  (
    await tx.query<{ area: string }>('select area_code as area from public.incidents order by 1')
  ).map(({ area }) => area)

describeOnEachDatabase('policies', (kind) => {
  let db: TestDatabase
  beforeAll(async () => {
    db = await openTestDatabase({ kind })
    await seedMatrixWorld(db)
  })
  afterAll(() => db?.close())

  /** Somebody new with these memberships. */
  async function somebody(...memberships: Membership[]): Promise<string> {
    const id = randomUUID()
    await db.query(`insert into public.profiles (user_id, display_name) values ($1, 'somebody')`, [
      id,
    ])
    for (const { role, area, department, from = '-infinity', to } of memberships) {
      await db.query(
        `insert into public.memberships (user_id, role, area_code, department_code, valid_from, valid_to)
         values ($1, $2, $3, $4, $5::text::timestamptz, $6::text::timestamptz)`,
        [id, role, area, department ?? null, from, to ?? null],
      )
    }
    return id
  }
  const seenBy = (id: string) => db.asUser(id, areasSeen)
  const scopeKeyOf = (id: string) =>
    db.asUser(id, async (tx) => {
      const [row] = await tx.query<{ key: string }>(
        `select public.session_context() ->> 'scopeKey' as key`,
      )
      return row?.key
    })

  const all = ['N-1-A', 'N-1-A', 'N-10', 'N-10-A', 'N-10-A', 'N-1_A']

  it.each<[string, Membership[], string[]]>([
    ['a city', [{ role: 'leader', area: 'N' }], all],
    [
      'a district, not the one whose code begins the same',
      [{ role: 'leader', area: 'N-1' }],
      ['N-1-A', 'N-1-A', 'N-1_A'],
    ],
    ['a grid whose code holds a wildcard', [{ role: 'field_staff', area: 'N-1_A' }], ['N-1_A']],
    [
      'two areas',
      [
        { role: 'leader', area: 'N-1_A' },
        { role: 'field_staff', area: 'N-10-A' },
      ],
      ['N-10-A', 'N-10-A', 'N-1_A'],
    ],
    [
      'a department: what is given to it, wherever',
      [{ role: 'handler', area: 'N-1_A', department: 'public_works' }],
      ['N-1-A', 'N-10-A'],
    ],
    ['a department without incidents', [{ role: 'handler', area: 'N', department: 'parks' }], []],
    [
      'an area and a department',
      [
        { role: 'handler', area: 'N', department: 'public_works' },
        { role: 'field_staff', area: 'N-1_A' },
      ],
      ['N-1-A', 'N-10-A', 'N-1_A'],
    ],
    ['a membership that ended', [{ role: 'admin', area: 'N', to: 'yesterday' }], []],
    ['a membership still to come', [{ role: 'admin', area: 'N', from: 'tomorrow' }], []],
    ['a membership that ends tomorrow', [{ role: 'admin', area: 'N', to: 'tomorrow' }], all],
    [
      'a department left',
      [{ role: 'handler', area: 'N', department: 'public_works', to: 'yesterday' }],
      [],
    ],
    ['nothing', [], []],
  ])('shows incidents of %s', async (_, memberships, areas) => {
    expect(await seenBy(await somebody(...memberships))).toEqual(areas)
  })

  it('keeps old incidents visible in areas that are no longer valid', async () => {
    await db.exec(`update public.areas set valid_to = current_date - 1 where code = 'N-1_A'`)
    try {
      expect(await seenBy(people.manager)).toContain('N-1_A')
    } finally {
      await db.exec(`update public.areas set valid_to = null where code = 'N-1_A'`)
    }
  })

  it('lets no forged claim or role help', async () => {
    const count = await db.transaction(async (tx) => {
      await tx.query(
        `select set_config('request.jwt.claim.sub', $1, true), set_config('role', 'authenticated', true),
                set_config('request.jwt.claims', $2, true)`,
        [
          people.stranger,
          JSON.stringify({
            sub: people.stranger,
            app_metadata: { role: 'admin' },
            user_metadata: { role: 'admin' },
          }),
        ],
      )
      return areasSeen(tx)
    })
    expect(count).toEqual(['N-1-A'])
  })

  it('shows admins and managers the memberships below them, and names of former colleagues', async () => {
    const former = await somebody({ role: 'field_staff', area: 'N-1-A', to: 'yesterday' })
    const elsewhere = await somebody({ role: 'field_staff', area: 'N-10-A' })
    const names = (id: string) =>
      db.asUser(id, async (tx) =>
        (await tx.query<{ id: string }>('select user_id as id from public.profiles')).map(
          (row) => row.id,
        ),
      )
    expect(await names(people.manager)).toContain(former)
    expect(await names(people.manager)).not.toContain(elsewhere)
    expect(await names(people.leader)).toContain(elsewhere)
    expect(await names(people.field)).toEqual([people.field])
  })

  it('changes the scope key with the memberships, and only with them', async () => {
    const id = await somebody({ role: 'leader', area: 'N-1' })
    const key = await scopeKeyOf(id)
    expect(await scopeKeyOf(id)).toBe(key)
    await db.query(`update public.profiles set display_name = 'other' where user_id = $1`, [id])
    expect(await scopeKeyOf(id)).toBe(key)
    const keys = [key, await scopeKeyOf(people.leader)]
    for (const change of [
      `role = 'admin'`,
      `area_code = 'N-10'`,
      `role = 'handler', department_code = 'parks'`,
      `department_code = 'public_works'`,
      `valid_to = now()`,
    ]) {
      await db.query(`update public.memberships set ${change} where user_id = $1`, [id])
      keys.push(await scopeKeyOf(id))
    }
    expect(new Set(keys).size).toBe(7)
  })

  it.each([
    `update public.incident_log set note = 'x'`,
    `update public.incident_log set note = 'x' where false`,
    `delete from public.incident_log`,
    `truncate public.incident_log`,
    `truncate public.incidents cascade`,
  ])('refuses the owner: %s', async (sql) => {
    const count = () => db.query('select count(*) from public.incident_log')
    const before = await count()
    await expect(db.exec(sql)).rejects.toMatchObject({ code: '23001' })
    expect(await count()).toEqual(before)
  })

  it('lets the owner append to the log', async () => {
    await expect(
      db.query(`insert into public.incident_log (district_code, incident_id, seq, kind)
        select district_code, id, 9, 'noted' from public.incidents limit 1 returning seq`),
    ).resolves.toEqual([{ seq: 9 }])
  })

  describe('the API', () => {
    const call = async (id: string, sql: string) =>
      db.asUser(id, async (tx) => Object.values((await tx.query(sql))[0] ?? {})[0])

    it('tells who one is', async () => {
      expect(await call(people.handler, 'select public.session_context()')).toEqual({
        userId: people.handler,
        displayName: 'handler',
        locale: null,
        memberships: [
          {
            role: 'handler',
            areaCode: 'N',
            areaPath: 'N/',
            areaName: 'N',
            departmentCode: 'public_works',
          },
        ],
        scopeKey: expect.stringMatching(/^[0-9a-f]{64}$/),
        demo: null,
      })
    })

    it('lists areas valid today in path order, with box and label point', async () => {
      await db.exec(`update public.areas set valid_from = current_date + 2 where code = 'N-10-A'`)
      try {
        const list = (await call(people.stranger, 'select public.area_list()')) as {
          code: string
        }[]
        expect(list.map(({ code }) => code)).toEqual(['N', 'N-1', 'N-1-A', 'N-1_A', 'N-10'])
        expect(list[2]).toEqual({
          idx: expect.any(Number),
          code: 'N-1-A',
          parentCode: 'N-1',
          path: 'N/N-1/N-1-A/',
          level: 'grid',
          name: 'N-1-A',
          households: null,
          revision: expect.any(Number),
          bbox: [11, 20, 12, 22],
          pointOnSurface: [11.5, 21],
        })
      } finally {
        await db.exec(`update public.areas set valid_from = '1900-01-01' where code = 'N-10-A'`)
      }
    })

    it('gives a level as GeoJSON, and refuses a word that is none', async () => {
      expect(await call(people.stranger, `select public.area_features('city')`)).toEqual({
        type: 'FeatureCollection',
        features: [
          {
            type: 'Feature',
            id: expect.any(Number),
            properties: { code: 'N', parentCode: null, path: 'N/', level: 'city', name: 'N' },
            geometry: {
              type: 'MultiPolygon',
              coordinates: [
                [
                  [
                    [10, 20],
                    [10, 22],
                    [14, 22],
                    [14, 20],
                    [10, 20],
                  ],
                ],
              ],
            },
          },
        ],
      })
      expect(
        await call(people.stranger, `select public.area_features('subdistrict')`),
      ).toMatchObject({ features: [] })
      for (const level of [`'street'`, 'null']) {
        await expect(
          call(people.stranger, `select public.area_features(${level})`),
        ).rejects.toMatchObject({ code: '22023' })
      }
    })
  })
})
