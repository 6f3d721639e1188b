import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DatabaseError } from '../server/base/database-types.ts'
import type { Database } from '../server/base/database-types.ts'
import { setUpEmptyCity } from '../server/import/set-up-city.ts'
import { createEmptyCity } from '../server/import/empty-city.ts'
import { importAreas } from '../server/import/import-areas.ts'
import type { AreaImportOptions } from '../server/import/area-row.ts'
import type { ImportReport } from '../server/import/report.ts'
import { describeOnEachDatabase, openTestDatabase } from './harness/index.ts'
import type { TestDatabase } from './harness/index.ts'
import { box, caseFile, putAreas, putSmallCity, stateOf, temporaryFiles } from './import-support.ts'
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

  it('computes paths from parents, by field or by overlap, and keeps idx for ever', async () => {
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
    const byOverlap = { parent: undefined }
    const feature = { code: 'T-B-9', households: 120, coordinates: box(6, 6, 7, 7) }
    expect(await putAreas(db, files, 'grid', [feature], byOverlap)).toMatchObject({ stored: 1 })
    const [area] = await db.query(
      `select idx, path, households from public.areas where code = 'T-B-9'`,
    )
    expect(area).toMatchObject({ path: 'T/T-B/T-B-9/', households: 120 })
    const again = await putAreas(db, files, 'grid', [{ ...feature, households: 130 }], byOverlap)
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
      { ...good('C1'), parent: undefined, coordinates: box(60, 0, 61, 1) },
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

describe('areas as cities have them', () => {
  const files = temporaryFiles()
  let db: TestDatabase
  beforeAll(async () => {
    db = await openTestDatabase({ kind: 'pglite' })
    await createEmptyCity(db, {
      name: '长沙',
      locale: 'zh-CN',
      timeZone: 'Asia/Shanghai',
      bbox: [112.8, 28.1, 113, 28.25],
      adminEmail: 'admin@example.org',
      adminPassword: 'umbrella tractor violin',
      code: '4301',
    })
    await putAreas(db, files, 'city', [{ code: '4301', coordinates: box(112.8, 28.1, 113, 28.25) }])
  })
  afterAll(async () => {
    files.remove()
    await db?.close()
  })
  const put = (name: string, more: Partial<AreaImportOptions> = {}) =>
    importAreas(db, { file: caseFile(name), level: 'grid', code: 'code', name: 'name', ...more })
  const said = ({ items, doubts }: ImportReport) =>
    [...items, ...doubts.items].map(({ id, reason, detail }) => [id, reason, detail])
  const codes = async () =>
    (
      await db.query<{ code: string }>(
        `select code from public.areas where level = 'grid' order by code`,
      )
    ).map(({ code }) => code)
  const clear = () => db.query(`delete from public.areas where level <> 'city'`)

  it('leaves heights out, joins parts when told to, and keeps codes of 18 digits', async () => {
    const flat = await put('a04.geojson')
    expect(flat).toMatchObject({ stored: 1, rejected: 0 })
    expect(flat.warnings).toContain('1 areas have heights: they were left out')

    const parts = await put('a08.geojson')
    expect(said(parts)).toEqual([
      ['a08', 'not_valid', expect.stringMatching(/its parts touch or overlap; --dissolve joins/)],
    ])
    const joined = await put('a08.geojson', { dissolve: true })
    expect(joined).toMatchObject({ stored: 1, doubts: { counts: { dissolved: 1 } } })
    const [row] = await db.query(
      `select extensions.st_numgeometries(geom) as parts from public.areas where code = 'a08'`,
    )
    expect(row).toEqual({ parts: 1 })

    expect(await put('a10.geojson')).toMatchObject({ stored: 2 })
    expect(await put('a11.geojson')).toMatchObject({ stored: 1 })
    expect((await codes()).filter((code) => code.startsWith('43'))).toEqual([
      '430102001001000123',
      '430102001001000124',
      '430102001001000987',
    ])
    const cut = files.write(
      '{"type":"Feature","properties":{"code":4.30102e17,"name":"n"},"geometry":null}',
      '.json',
    )
    const refused = await put('', { file: cut })
    expect(said(refused)[0]).toEqual(['430102000000000000', 'cut_number', '430102000000000000'])
    await clear()
  })

  it('says who leaves whom, who shares ground with whom, and by how much', async () => {
    const same = await put('a22.geojson')
    expect(said(same)).toContainEqual(['a22b', 'same_ground', 'the same ground as a22a'])
    expect(same.stored).toBe(0)

    const half = await put('a23.geojson')
    expect(said(half)).toContainEqual([
      'a23b',
      'overlaps',
      expect.stringMatching(
        /^about 0.5 km², (49|50|51) % of the smaller, lie in a23a too; --allow/,
      ),
    ])
    expect(half.stored).toBe(0)
    const allowed = await put('a23.geojson', { allowOverlap: true })
    expect(allowed).toMatchObject({ stored: 2, doubts: { counts: { overlaps: 1 } } })

    const out = await put('a24.geojson')
    expect(out.stored).toBe(1)
    expect(said(out)).toContainEqual([
      'a24',
      'leaves_parent',
      expect.stringMatching(/^about (49|50|51) % of it lie outside 4301$/),
    ])
    const notices = await db
      .query<{ list: unknown[] }>(`select private.area_notices() as list`)
      .catch((error: Error) => error.message)
    expect(notices).toMatch(/42501|sign/i)
    const [admin] = await db.query<{ id: string }>(`select id from auth.users`)
    const seen = await db.asUser(admin!.id, (tx) =>
      tx.query(`select public.area_notices() as list`),
    )
    expect(seen).toEqual([
      {
        list: [
          {
            code: 'a24',
            name: 'n',
            parentCode: '4301',
            parentName: 'Area',
            outside: expect.closeTo(0.5, 1),
          },
        ],
      },
    ])
    await clear()
  })

  it('chooses the parent by the largest part, says where the file contradicts, and refuses what lies elsewhere', async () => {
    await putAreas(db, files, 'community', [
      { code: 'W', parent: '4301', coordinates: box(112.8, 28.1, 112.9, 28.25) },
      { code: 'E', parent: '4301', coordinates: box(112.9, 28.1, 113, 28.25) },
    ])
    const grids = [
      { code: 'g1', parent: 'W', coordinates: box(112.87, 28.1, 112.91, 28.12) },
      { code: 'g2', parent: 'W', coordinates: box(112.89, 28.12, 112.93, 28.14) },
      { code: 'g3', coordinates: box(112.89, 28.14, 112.93, 28.16) },
    ]
    const refused = await putAreas(db, files, 'grid', grids)
    expect(refused.stored).toBe(0)
    expect(said(refused)).toContainEqual([
      'g2',
      'outside_parent',
      expect.stringMatching(/^about 2[45] % of it lies in W, 7[56] % in E$/),
    ])
    const chosen = await putAreas(db, files, 'grid', grids, { parentByOverlap: true })
    expect(chosen).toMatchObject({
      stored: 3,
      doubts: { counts: { leaves_parent: 3, other_parent: 1, parent_chosen: 1 } },
    })
    expect(said(chosen)).toContainEqual(['g2', 'other_parent', 'the file says W, most lies in E'])
    const paths = await db.query(
      `select code, path from public.areas where level = 'grid' order by code`,
    )
    expect(paths.map((row) => row.path)).toEqual(['4301/W/g1/', '4301/E/g2/', '4301/E/g3/'])

    // a parent drawn anew leaves those below it
    const redrawn = await putAreas(db, files, 'community', [
      { code: 'W', parent: '4301', coordinates: box(112.8, 28.1, 112.88, 28.25) },
    ])
    expect(redrawn.warnings.join()).toContain('areas below these leave them')
    const [doubt] = await db.query(`select outside from private.area_doubts where code = 'g1'`)
    expect(doubt?.outside).toBeCloseTo(0.75, 1)
    await clear()
  })

  it('only checks, and then keeps nothing', async () => {
    const report = await put('a24.geojson', { checkOnly: true })
    expect(report).toMatchObject({ stored: 1, doubts: { counts: { leaves_parent: 1 } } })
    expect(report.warnings[0]).toMatch(/only checked/)
    // a check that would refuse all is a check too
    const refused = await put('a23.geojson', { checkOnly: true })
    expect(refused).toMatchObject({ stored: 0, rejected: 2 })
    expect(refused.warnings[0]).toMatch(/only checked/)
    expect(await codes()).toEqual([])
  })

  it('reads what GIS programs write', async () => {
    expect(await put('a13.geojsonl')).toMatchObject({ stored: 2, rejected: 0 })
    expect(await put('a14.json', { allowOverlap: true })).toMatchObject({ stored: 0, rejected: 1 })
    await clear()
    expect(await put('a14.json')).toMatchObject({ stored: 1, rejected: 0 })
    await clear()
    const zipped = await put('a15.zip')
    expect(zipped.read).toBeGreaterThan(0)
    await expect(put('a16.shp')).rejects.toThrow(
      /put .shp, .shx, .dbf, .prj and .cpg into one .zip/,
    )
    expect(said(await put('a17.kml'))).toContainEqual([null, 'no_geometry', 'geometry is null'])
    await expect(put('a18.gpkg')).rejects.toThrow(/without map layers, no GeoPackage/)
    await clear()
  })

  it('refuses a city with latitude and longitude exchanged, and lets a new polygon bring its own box', async () => {
    const boxes = async () =>
      (await db.query('select west, south, east, north from public.city_settings'))[0]
    const before = await boxes()
    // both numbers are possible latitudes
    await db.query('update public.city_settings set west = 12, east = 13, south = 41, north = 42')
    const exchanged = await putAreas(db, files, 'city', [
      { code: '4301', coordinates: box(41.2, 12.2, 41.8, 12.8) },
    ])
    expect(said(exchanged)).toEqual([
      ['4301', 'outside_box', expect.stringMatching(/longitude and latitude look exchanged$/)],
    ])
    const elsewhere = [{ code: '4301', coordinates: box(112.8, 28.1, 113.4, 28.25) }]
    expect((await putAreas(db, files, 'city', elsewhere)).stored).toBe(0)
    await putAreas(db, files, 'city', elsewhere, { replaceBox: true })
    expect(await boxes()).toEqual({ west: 112.8, south: 28.1, east: 113.4, north: 28.25 })
    await putAreas(db, files, 'city', [{ code: '4301', coordinates: box(112.8, 28.1, 113, 28.25) }])
    expect(await boxes()).toEqual(before)
  })

  it('names the feature that the database cannot take', async () => {
    const odd: Database = {
      ...db,
      query: (sql, params) =>
        String(params?.[1]).includes('"odd"') && sql.includes('import_areas')
          ? Promise.reject(new DatabaseError('TopologyException: side location conflict', 'XX000'))
          : db.query(sql, params),
    }
    const report = await putAreas(odd, files, 'grid', [
      { code: 'g1', coordinates: box(112.9, 28.1, 112.91, 28.11) },
      { code: 'odd', coordinates: box(112.91, 28.1, 112.92, 28.11) },
      { code: 'g2', coordinates: box(112.92, 28.1, 112.93, 28.11) },
    ])
    expect(report).toMatchObject({ stored: 0, rejected: 3 })
    expect(report.items).toEqual([
      {
        at: 2,
        id: 'odd',
        field: 'geometry',
        reason: 'refused_by_database',
        detail: 'TopologyException: side location conflict',
      },
    ])
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
