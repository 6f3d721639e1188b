import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { setUpEmptyCity } from '../server/import/set-up-city.ts'
import { createEmptyCity } from '../server/import/empty-city.ts'
import { importAreas } from '../server/import/import-areas.ts'
import type { AreaImportOptions } from '../server/import/area-row.ts'
import type { ImportReport } from '../server/import/report.ts'
import { describeOnEachDatabase, openTestDatabase } from './harness/index.ts'
import type { TestDatabase } from './harness/index.ts'
import { box, putAreas, putSmallCity, stateOf, temporaryFiles } from './import-support.ts'
import type { FeatureInput } from './import-support.ts'

describeOnEachDatabase('the import of areas', (kind) => {
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

  const reasons = (report: ImportReport) =>
    report.items.map(({ at, id, field, reason }) => [at, id, field, reason])
  /** Every fault is listed and the tables are as they were. */
  const refused = async (
    level: AreaImportOptions['level'],
    features: FeatureInput[],
    more: Partial<AreaImportOptions> = {},
  ): Promise<ImportReport> => {
    const before = await stateOf(db)
    const report = await putAreas(db, files, level, features, more)
    expect(report).toMatchObject({ stored: 0, updated: 0, rejected: features.length })
    expect(await stateOf(db)).toEqual(before)
    return report
  }
  const good = (code: string): FeatureInput => ({
    code,
    parent: 'T-B',
    coordinates: box(6, 0, 7, 1),
  })

  it('computes paths from parents, by field or by point, and keeps idx for ever', async () => {
    const rows = await db.query(
      `select code, path, level from public.areas order by path collate "C"`,
    )
    expect(rows).toEqual([
      { code: 'T', path: 'T/', level: 'city' },
      { code: 'T-A', path: 'T/T-A/', level: 'community' },
      { code: 'T-A-1', path: 'T/T-A/T-A-1/', level: 'grid' },
      { code: 'T-A-2', path: 'T/T-A/T-A-2/', level: 'grid' },
      { code: 'T-B', path: 'T/T-B/', level: 'community' },
    ])
    const byPoint = { parentByPoint: true, parent: undefined }
    const feature = { code: 'T-B-9', households: 120, coordinates: box(6, 6, 7, 7) }
    expect(await putAreas(db, files, 'grid', [feature], byPoint)).toMatchObject({ stored: 1 })
    const [area] = await db.query(
      `select idx, path, households from public.areas where code = 'T-B-9'`,
    )
    expect(area).toMatchObject({ path: 'T/T-B/T-B-9/', households: 120 })
    const again = await putAreas(db, files, 'grid', [{ ...feature, households: 130 }], byPoint)
    expect(again).toMatchObject({ updated: 1 })
    const [after] = await db.query(`select idx, revision from public.areas where code = 'T-B-9'`)
    expect(after).toEqual({ idx: area?.idx, revision: 2 })
  })

  it('leaves the same areas alone and gives changed ones a new revision', async () => {
    const same = [{ code: 'T-A-1', parent: 'T-A', coordinates: box(0, 0, 5, 5) }]
    expect(await putAreas(db, files, 'grid', same)).toMatchObject({
      unchanged: 1,
      updated: 0,
      stored: 0,
    })
    const moved = [{ code: 'T-A-1', parent: 'T-A', coordinates: box(0, 0, 5, 4.9) }]
    expect(await putAreas(db, files, 'grid', moved)).toMatchObject({ unchanged: 0, updated: 1 })
    const [row] = await db.query(`select revision from public.areas where code = 'T-A-1'`)
    expect(row).toEqual({ revision: 2 })
    await putAreas(db, files, 'grid', same)
  })

  it('moves a whole branch when its parent changes', async () => {
    await putAreas(db, files, 'district', [
      { code: 'T-D', parent: 'T', coordinates: box(0, 0, 8, 10) },
    ])
    await putAreas(db, files, 'community', [
      { code: 'T-A', parent: 'T-D', coordinates: box(0, 0, 5, 10) },
    ])
    const [row] = await db.query(`select path from public.areas where code = 'T-A-2'`)
    expect(row).toEqual({ path: 'T/T-D/T-A/T-A-2/' })
  })

  it('refuses self-crossing polygons and says where, 10,001 vertices, empty ones and wrong types', async () => {
    const report = await refused('grid', [
      good('G1'),
      {
        ...good('G2'),
        coordinates: [
          [
            [6, 0],
            [7, 1],
            [7, 0],
            [6, 1],
            [6, 0],
          ],
        ],
      },
      {
        ...good('G3'),
        coordinates: [
          Array.from({ length: 10_001 }, (_, i) => [6 + (i % 10_000) / 1e5, (i % 7) / 100]),
        ],
      },
      { ...good('G4'), coordinates: [] },
      {
        ...good('G5'),
        geometry: {
          type: 'LineString',
          coordinates: [
            [6, 0],
            [7, 1],
          ],
        },
      },
      { ...good('G6'), geometry: null },
      {
        ...good('G7'),
        coordinates: [
          [
            [6, 0],
            [600_000, 0],
            [7, 1],
            [6, 0],
          ],
        ],
      },
    ])
    expect(reasons(report)).toEqual([
      [2, 'G2', 'geometry', 'not_valid'],
      [3, 'G3', 'geometry', 'too_many_vertices'],
      [4, 'G4', 'geometry', 'empty_geometry'],
      [5, 'G5', 'geometry', 'wrong_geometry_type'],
      [6, 'G6', 'geometry', 'no_geometry'],
      [7, 'G7', 'geometry', 'outside_world'],
    ])
    expect(report.items[0]?.detail).toBe('Self-intersection[6.5 0.5]')
  })

  it('refuses missing and duplicate codes and names', async () => {
    const report = await refused('grid', [
      good('G1'),
      { ...good('G1') },
      { ...good('G2'), code: undefined },
      { ...good('a/b') },
      { ...good('G3'), name: '' },
      { ...good('G4'), households: -3 },
      { ...good('G5'), households: 'many' },
    ])
    expect(reasons(report)).toEqual([
      [2, 'G1', 'code', 'duplicate_code'],
      [3, null, 'code', 'no_code'],
      [4, 'a/b', 'code', 'bad_code'],
      [5, 'G3', 'name', 'no_name'],
      [6, 'G4', 'households', 'bad_households'],
      [7, 'G5', 'households', 'bad_households'],
    ])
  })

  it('refuses parents that are missing, unknown, at or below their child, in a circle, elsewhere', async () => {
    const report = await refused('community', [
      { ...good('C1'), parent: undefined },
      { ...good('C2'), parent: 'NOWHERE' },
      { ...good('C3'), parent: 'T-A-1' },
      { ...good('C4'), parent: 'T-A' },
      { ...good('C5'), parent: 'C6' },
      { ...good('C6'), parent: 'C5' },
      { ...good('C7'), parent: 'C7' },
      { ...good('C8'), parent: 'T', coordinates: box(40, 40, 41, 41) },
    ])
    expect(reasons(report)).toEqual([
      [1, 'C1', 'parent', 'no_parent'],
      [2, 'C2', 'parent', 'unknown_parent'],
      [3, 'C3', 'geometry', 'outside_parent'],
      [3, 'C3', 'parent', 'parent_level'],
      [4, 'C4', 'geometry', 'outside_parent'],
      [4, 'C4', 'parent', 'parent_level'],
      [5, 'C5', 'parent', 'cycle'],
      [5, 'C5', 'parent', 'parent_level'],
      [6, 'C6', 'parent', 'cycle'],
      [6, 'C6', 'parent', 'parent_level'],
      [7, 'C7', 'parent', 'cycle'],
      [7, 'C7', 'parent', 'parent_level'],
      [8, 'C8', 'geometry', 'outside_parent'],
    ])
  })

  it('refuses a code that another level has, with or without areas below, and a second city', async () => {
    const clash = await refused('grid', [
      good('G1'),
      { code: 'T-A', parent: 'T', coordinates: box(0, 0, 5, 10) },
      { code: 'T-B', parent: 'T-A', coordinates: box(0, 0, 1, 1) },
    ])
    expect(reasons(clash)).toEqual([
      [2, 'T-A', 'code', 'other_level'],
      [3, 'T-B', 'code', 'other_level'],
    ])
    expect(clash.items[0]?.detail).toBe('community Area has this code')
    const second = await refused('city', [{ code: 'U', coordinates: box(0, 0, 10, 10) }])
    expect(reasons(second)).toEqual([[1, 'U', 'code', 'second_city']])
  })

  it('ends what the file no longer holds, moves its incidents, and opens it again', async () => {
    const validTo = async () =>
      Object.fromEntries(
        (
          await db.query<{ code: string; ended: boolean }>(
            `select code, valid_to is not null as ended from public.areas where level = 'grid'`,
          )
        ).map(({ code, ended }) => [code, ended]),
      )
    await db.query(
      `insert into public.incidents (district_code, id, category_code, area_code, stage, severity,
         lon, lat, qx, qy, description, address_label, reported_at, month, channel)
       values ('T', gen_random_uuid(), 'street_light', 'T-A-1', 'filed', 2, 1, 1, 6553, 6553, '', '',
         '2024-01-01', '2024-01-01', 'test')`,
    )
    const placed = async () => (await db.query('select area_code from public.incidents'))[0]
    const before = await validTo()
    const renumbered = [
      { code: 'T-A-7', parent: 'T-A', coordinates: box(0, 0, 5, 5) },
      { code: 'T-A-2', parent: 'T-A', coordinates: box(0, 5, 5, 10) },
    ]
    const close = { closeMissing: true }
    const report = await putAreas(db, files, 'grid', renumbered, close)
    expect(report).toMatchObject({ stored: 1, unchanged: 1, rejected: 0 })
    expect(report.warnings).toEqual([
      '2 areas that the file does not hold end today: T-A-1, T-B-9',
      '1 incidents now lie in another area',
    ])
    expect(await validTo()).toEqual({ ...before, 'T-A-1': true, 'T-B-9': true, 'T-A-7': false })
    expect(await placed()).toEqual({ area_code: 'T-A-7' })

    const back = [
      { code: 'T-A-1', parent: 'T-A', coordinates: box(0, 0, 5, 5) },
      { code: 'T-A-2', parent: 'T-A', coordinates: box(0, 5, 5, 10) },
      { code: 'T-B-9', parent: 'T-B', households: 130, coordinates: box(6, 6, 7, 7) },
    ]
    expect((await putAreas(db, files, 'grid', back, close)).warnings).toEqual([
      '1 areas that the file does not hold end today: T-A-7',
      '2 areas that had ended are valid again',
      '1 incidents now lie in another area',
    ])
    expect(await validTo()).toEqual({ ...before, 'T-A-7': true })
    expect(await placed()).toEqual({ area_code: 'T-A-1' })
  })

  it('ends nothing that others still lie in, and then stores nothing at all', async () => {
    const one = [{ code: 'T-N', parent: 'T', coordinates: box(8, 0, 9, 10) }]
    const report = await refused('community', one, { closeMissing: true })
    expect(reasons(report)).toEqual([
      [null, 'T-A', 'code', 'holds_areas'],
      [null, 'T-B', 'code', 'holds_areas'],
    ])
  })

  it('refuses files that are no GeoJSON and names the place', async () => {
    const before = await stateOf(db)
    const file = files.write('{"type": "FeatureCollection",\n"features": [}', '.geojson')
    const options = { level: 'grid', code: 'code', name: 'name', parent: 'parent' } as const
    await expect(importAreas(db, { ...options, file })).rejects.toThrow(
      /line 2, column 14: not GeoJSON/,
    )
    const gbk = files.write(Uint8Array.of(0x22, 0xc0, 0xac, 0x22), '.geojson')
    await expect(importAreas(db, { ...options, file: gbk })).rejects.toThrow(
      /line 1, column 2: GeoJSON is UTF-8/,
    )
    await expect(importAreas(db, { ...options, file: '/nowhere.geojson' })).rejects.toThrow(
      /no such file/,
    )
    expect(await stateOf(db)).toEqual(before)
  })
})

describe('an empty city', () => {
  const files = temporaryFiles()
  let db: TestDatabase
  beforeAll(async () => {
    db = await openTestDatabase({ kind: 'pglite' })
  })
  afterAll(async () => {
    files.remove()
    await db?.close()
  })
  const answers = {
    name: '长沙',
    locale: 'zh-CN',
    timeZone: 'Asia/Shanghai',
    bbox: [0, 0, 10, 10],
    adminEmail: 'Admin@Example.org',
    adminPassword: 'umbrella tractor violin',
  } as const

  it.each([
    [{ name: ' ' }, /needs a name/],
    [{ locale: 'fr' }, /language is one of/],
    [{ timeZone: 'Mars/Olympus' }, /is not a time zone/],
    [{ bbox: [10, 0, 0, 10] as const }, /is not a box/],
    [{ adminEmail: 'nobody' }, /is not an e-mail address/],
    [{ adminPassword: 'short' }, /at least 10 characters/],
    [{ code: 'a b' }, /is not an area code/],
  ])('refuses %j and keeps nothing', async (change, message) => {
    await expect(createEmptyCity(db, { ...answers, ...change })).rejects.toThrow(message)
    expect(await db.query('select 1 from public.city_settings')).toEqual([])
    expect(await db.query('select 1 from auth.users')).toEqual([])
  })

  it('names the answers it lacks where nobody can be asked', async () => {
    const unanswered = setUpEmptyCity(db, { WANGGE_CITY_NAME: '长沙' })
    await expect(unanswered).rejects.toThrow(/set WANGGE_CITY_BBOX, WANGGE_ADMIN_EMAIL\.$/)
    const wrong = {
      WANGGE_CITY_NAME: '长沙',
      WANGGE_CITY_BBOX: '1,2,3',
      WANGGE_ADMIN_EMAIL: 'a@b.org',
    }
    await expect(setUpEmptyCity(db, wrong)).rejects.toThrow(/"1,2,3" is not a box/)
    expect(await db.query('select 1 from public.city_settings')).toEqual([])
  })

  it('gives its admin a scope from the start, out of the environment, and says the password once', async () => {
    const said: string[] = []
    const env = {
      WANGGE_CITY_NAME: '长沙',
      WANGGE_CITY_BBOX: '0,0,10,10',
      WANGGE_ADMIN_EMAIL: 'Admin@Example.org',
    }
    await setUpEmptyCity(db, env, (text) => said.push(text))
    expect(said.at(-1)).toMatch(/Admin@Example\.org, password \(shown only now\): [a-z2-9-]{19}$/)
    const rows = await db.query(
      `select u.email, m.role, a.path, a.revision, p.display_name, p.locale
       from auth.users u join public.profiles p on p.user_id = u.id
       join public.memberships m on m.user_id = u.id join public.areas a on a.code = m.area_code`,
    )
    expect(rows).toEqual([
      {
        email: 'admin@example.org',
        role: 'admin',
        path: 'CITY/',
        revision: 0,
        display_name: '管理员',
        locale: 'zh-CN',
      },
    ])
    await expect(createEmptyCity(db, answers)).rejects.toThrow(/holds a city already/)
  })

  it('gives way to the real polygon, which takes over people and areas', async () => {
    await putAreas(db, files, 'community', [
      { code: 'C1', parent: 'CITY', coordinates: box(1, 1, 2, 2) },
    ])
    const report = await putAreas(db, files, 'city', [
      { code: '4301', coordinates: box(0, 0, 9, 11) },
    ])
    expect(report).toMatchObject({ stored: 1, rejected: 0 })
    expect(report.warnings).toHaveLength(2)
    expect(await db.query('select code, path from public.areas order by path')).toEqual([
      { code: '4301', path: '4301/' },
      { code: 'C1', path: '4301/C1/' },
    ])
    expect(await db.query('select area_code from public.memberships')).toEqual([
      { area_code: '4301' },
    ])
    const [settings] = await db.query('select west, south, east, north from public.city_settings')
    expect(settings).toEqual({ west: 0, south: 0, east: 10, north: 11 })
  })
})
