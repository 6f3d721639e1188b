import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Database } from '../server/base/database-types.ts'
import { importIncidents } from '../server/import/import-incidents.ts'
import type { IncidentImportOptions } from '../server/import/import-incidents.ts'
import { reportText } from '../server/import/report.ts'
import type { ImportReport } from '../server/import/report.ts'
import { describeOnEachDatabase, openTestDatabase } from './harness/index.ts'
import type { TestDatabase } from './harness/index.ts'
import { parseMapping } from '../server/import/mapping.ts'
import { insertCitySettings } from './harness/city-settings.ts'
import {
  box,
  caseFile,
  putAreas,
  putSmallCity,
  smallHeader,
  smallMapping,
  stateOf,
  temporaryFiles,
} from './import-support.ts'

describeOnEachDatabase('the import of incidents', (kind) => {
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

  const csv = (...lines: string[]): string => [smallHeader, ...lines, ''].join('\n')
  const run = (
    content: string | Uint8Array,
    more: Partial<IncidentImportOptions> = {},
    ending = '.csv',
  ) => importIncidents(db, { file: files.write(content, ending), mapping: smallMapping, ...more })
  const reasons = (report: ImportReport) =>
    report.items.map(({ at, field, reason }) => [at, field, reason])
  const incident = async (id: string) => {
    const [row] = await db.query<Record<string, unknown>>(
      `select i.*, (select jsonb_agg(l.kind order by l.seq) from public.incident_log l where l.incident_id = i.id) as kinds
       from public.incidents i where source = 'test' and source_id = $1`,
      [id],
    )
    return row
  }

  it('places points on the deepest level, the lowest code on a border, and says on which level', async () => {
    const report = await run(
      csv(
        'p1,2020-05-01 08:00,,1,1,light,',
        'p2,2020-05-01 08:00,,1,5,light,on the border of two grids',
        'p3,2020-05-01 08:00,,5,1,light,on the border of a grid and a community',
        'p4,2020-05-01 08:00,,6,1,light,no grid there',
        'p5,2020-05-01 08:00,,9,1,light,no community there',
        'p6,2020-05-01 08:00,,11,1,light,nowhere',
      ),
    )
    expect(report).toMatchObject({
      read: 6,
      stored: 5,
      byLevel: { grid: 3, community: 1, city: 1 },
    })
    expect(reasons(report)).toEqual([[7, 'lon', 'outside_city']])
    const areas = await Promise.all(
      ['p1', 'p2', 'p3', 'p4', 'p5'].map(async (id) => (await incident(id))?.area_code),
    )
    expect(areas).toEqual(['T-A-1', 'T-A-1', 'T-A-1', 'T-B', 'T'])
  })

  it('stamps time, month, place, department and stage', async () => {
    await run(csv('s1,2020-06-01 00:30,2020-06-02 01:00,2.5,5,light,Lamp'))
    await run(csv('s2,2020-06-01 00:30,,10,10,垃圾,'))
    expect(await incident('s1')).toMatchObject({
      district_code: 'T',
      stage: 'closed',
      department_code: 'public_works',
      qx: 16_384,
      qy: 32_768,
      version: 1,
      kinds: ['imported'],
    })
    expect(await incident('s2')).toMatchObject({
      stage: 'filed',
      qx: 65_535,
      qy: 65_535,
      closed_at: null,
    })
    const [row] = await db.query(
      `select month::text, extract(epoch from reported_at)::int as reported from public.incidents where source_id = 's1'`,
    )
    // half past midnight on 1 June in Shanghai is still May in UTC
    expect(row).toEqual({ month: '2020-06-01', reported: Date.UTC(2020, 4, 31, 16, 30) / 1000 })
  })

  it('reports every fault of a row with line and column, and stores its neighbours', async () => {
    const future = `${new Date().getFullYear() + 2}-01-01 00:00`
    const report = await run(
      csv(
        'f1,2020-05-01 08:00,,,,light,',
        'f2,2020-05-01 08:00,,181,1,light,',
        'f3,2020-05-01 08:00,2020-04-01 08:00,1,1,light,',
        'f4,2020-05-01 08:00,,1,1,spaceship,',
        'ok1,2020-05-01 08:00,,1,1,light,fine',
        'ok1,2020-05-01 08:00,,1,1,light,again',
        `f5,${future},,1,1,light,`,
        'f6,soon,2020-13-01,1,1,light,',
        `f7,2020-05-01 08:00,,1,1,light,${'x'.repeat(10_001)}`,
        `f8,2020-05-01 08:00,,1,1,light,${'x'.repeat(1_000_000)}`,
        'f9,2020-05-01 08:00,,1,1,light,a\u0000b',
        ',2020-05-01 08:00,,1,1,light,',
        'f10,2020-05-01 08:00,,0,0,light,',
        'f11,2020-05-01 08:00,,NaN,1e400,light,',
        'f12,2020-05-01 08:00,1,1,light',
        'ok2,2020-05-01 08:00,,1,1,light,"quoted, with',
        'a line break"',
        'f13,2020-05-01 08:00,,1,1',
      ).trimEnd(),
    )
    expect(reasons(report)).toEqual([
      [2, 'lon', 'no_coordinates'],
      [3, 'lon', 'bad_coordinates'],
      [4, 'closed', 'closed_before_opened'],
      [5, 'kind', 'unknown_category'],
      [7, 'id', 'duplicate_id'],
      [8, 'opened', 'future_date'],
      [9, 'opened', 'bad_date'],
      [9, 'closed', 'bad_date'],
      [10, 'text', 'field_too_long'],
      [11, null, 'field_too_long'],
      [12, 'text', 'bad_character'],
      [13, 'id', 'no_id'],
      [14, 'lat', 'no_coordinates'],
      [15, 'lon', 'bad_coordinates'],
      [15, 'lat', 'bad_coordinates'],
      [16, null, 'field_count'],
      [19, null, 'truncated_row'],
    ])
    expect(report).toMatchObject({ read: 17, stored: 2, rejected: 15 })
    expect(report.read).toBe(report.stored + report.rejected)
    expect((await incident('ok1'))?.description).toBe('fine')
    expect(reportText(report)).toContain('line 4, id f3, field closed: closed_before_opened')
  })

  it('leaves the same content alone, reports other content, and replaces it only with update', async () => {
    const first = csv('u1,2020-05-01 08:00,,1,1,light,first', 'u2,2020-05-01 08:00,,1,1,light,same')
    const second = csv(
      'u1,2020-05-01 08:00,2020-05-02 08:00,1,6,light,second',
      'u2,2020-05-01 08:00,,1,1,light,same',
    )
    await run(first)
    expect(await run(first)).toMatchObject({ stored: 0, unchanged: 2, rejected: 0 })

    const reported = await run(second)
    expect(reported).toMatchObject({ stored: 0, unchanged: 1, rejected: 1 })
    expect(reasons(reported)).toEqual([[2, null, 'changed_content']])
    expect(await incident('u1')).toMatchObject({ description: 'first', version: 1 })

    expect(await run(second, { update: true })).toMatchObject({
      updated: 1,
      unchanged: 1,
      rejected: 0,
    })
    expect(await incident('u1')).toMatchObject({
      description: 'second',
      stage: 'closed',
      area_code: 'T-A-2',
      version: 2,
      kinds: ['imported', 'import_updated'],
    })
  })

  it('never overwrites what somebody did here since', async () => {
    await run(csv('w1,2020-05-01 08:00,,1,1,light,first'))
    await db.query(
      `insert into public.incident_log (district_code, incident_id, seq, kind)
       select district_code, id, 2, 'dispatched' from public.incidents where source_id = 'w1'`,
    )
    const report = await run(csv('w1,2020-05-01 08:00,,1,1,light,second'), { update: true })
    expect(reasons(report)).toEqual([[2, null, 'changed_here']])
    expect((await incident('w1'))?.description).toBe('first')
  })

  it('moves incidents, not their shard key, when a boundary is redrawn', async () => {
    await run(csv('m1,2020-05-01 08:00,,1,4.5,light,'))
    const before = await incident('m1')
    const report = await putAreas(db, files, 'grid', [
      { code: 'T-A-1', parent: 'T-A', coordinates: box(0, 0, 5, 4) },
      { code: 'T-A-2', parent: 'T-A', coordinates: box(0, 4, 5, 10) },
    ])
    expect(report).toMatchObject({ updated: 2, stored: 0 })
    expect(await incident('m1')).toMatchObject({
      area_code: 'T-A-2',
      district_code: before?.district_code,
      kinds: ['imported', 'area_redrawn'],
    })
    expect((await incident('p1'))?.area_code).toBe('T-A-1')
  })

  describe('of files that cannot be used', () => {
    const refused = async (
      content: string | Uint8Array,
      message: RegExp,
      more = {},
      ending = '.csv',
    ) => {
      const before = await stateOf(db)
      await expect(run(content, more, ending)).rejects.toThrow(message)
      expect(await stateOf(db)).toEqual(before)
    }
    // 垃圾 in GBK
    const gbk = Buffer.concat([
      Buffer.from(`${smallHeader}\ng1,2020-05-01 08:00,,1,1,light,ok\ng2,2020-05-01 08:00,,1,1,`),
      Buffer.from([0xc0, 0xac, 0xbb, 0xf8]),
      Buffer.from(',\n'),
    ])

    it('refuses GBK with a hint, which then works', async () => {
      await refused(gbk, /line 3: not utf-8 text.*--encoding gb18030/)
      expect(await run(gbk, { encoding: 'gb18030' })).toMatchObject({ stored: 2, rejected: 0 })
      expect((await incident('g2'))?.category_code).toBe('exposed_garbage')
    })

    it('passes over a byte order mark and reads .gz', async () => {
      const packed = gzipSync(Buffer.from(`\uFEFF${csv('b1,2020-05-01 08:00,,1,1,light,')}`))
      expect(await run(packed, {}, '.csv.gz')).toMatchObject({ stored: 1 })
    })

    it('refuses broken archives, unknown encodings, missing columns, empty and missing files', async () => {
      const packed = gzipSync(Buffer.from(csv('c1,2020-05-01 08:00,,1,1,light,')))
      await refused(
        packed.subarray(0, packed.length - 9),
        /the gzip archive is cut off/,
        {},
        '.csv.gz',
      )
      await refused(
        csv('c1,2020-05-01 08:00,,1,1,light,'),
        /not a whole gzip archive/,
        {},
        '.csv.gz',
      )
      await refused(csv(), /--encoding klingon: unknown/, { encoding: 'klingon' })
      await refused(
        'id,opened,lon,lat\n1,2,3,4\n',
        /line 1: the file lacks the columns "closed" \(for closedAt\)/,
      )
      await refused('', /the file is empty/)
      await expect(
        importIncidents(db, { file: '/nowhere.csv', mapping: smallMapping }),
      ).rejects.toThrow(/no such file/)
    })
  })

  it('checks again at the door of the database', async () => {
    const row = {
      line: 1,
      id: 'd1',
      hash: 'h',
      category: 'street_light',
      department: null,
      stage: 'filed',
      onHold: false,
      severity: 2,
      lon: 1,
      lat: 1,
      description: '',
      address: '',
      reportedAt: '2020-05-01T00:00:00Z',
      closedAt: null,
      channel: null,
    }
    const wrong: [object, string][] = [
      [{ category: 'aging_facility' }, 'unknown_category'],
      [{ department: 'nobody' }, 'unknown_department'],
      [{ stage: 'closed' }, 'bad_stage'],
      [{ lon: 181 }, 'bad_coordinates'],
      [{ lat: null }, 'bad_coordinates'],
      [{ reportedAt: '3000-01-01T00:00:00Z' }, 'future_date'],
      [{ stage: 'closed', closedAt: '2019-01-01T00:00:00Z' }, 'closed_before_opened'],
      [{ description: 'x'.repeat(10_001) }, 'field_too_long'],
      [{ severity: 9 }, 'bad_severity'],
      [{ hash: null }, 'no_id'],
      [{ id: '' }, 'no_id'],
      [{ id: 'x'.repeat(201) }, 'field_too_long'],
      [{ stage: 'lost' }, 'bad_stage'],
      [{ stage: 'filed', closedAt: '2020-06-01T00:00:00Z' }, 'bad_stage'],
      [{ reportedAt: null }, 'bad_date'],
      [{ reportedAt: '-infinity' }, 'bad_date'],
      [{ stage: 'closed', closedAt: '3000-01-01T00:00:00Z' }, 'future_date'],
      [{ address: 'x'.repeat(501) }, 'field_too_long'],
      [{ channel: 'x'.repeat(101) }, 'field_too_long'],
    ]
    const rows = wrong.map(([change], index) => ({
      ...row,
      id: `d${index}`,
      line: index + 1,
      ...change,
    }))
    const [answer] = await db.query<{
      result: { stored: number; rejected: { line: number; reason: string }[] }
    }>(`select private.import_incidents('door', $1::text::json) as result`, [
      JSON.stringify([...rows, { ...row, id: 'fine', line: 99 }]),
    ])
    expect(answer?.result.rejected.map(({ line, reason }) => [line, reason])).toEqual(
      wrong.map(([, reason], index) => [index + 1, reason]),
    )
    expect(answer?.result.stored).toBe(1)
  })

  it('counts what was stored when the database goes away in the middle, and says what is unknown', async () => {
    // the first batch and the beginning of the second
    const lines = Array.from({ length: 1_010 }, (_, n) => `gone${n},2020-05-01 08:00,,1,1,light,`)
    const file = files.write(csv('nowhere,2020-05-01 08:00,,,,light,', ...lines), '.csv')
    let batches = 0
    const failing: Database = {
      ...db,
      query: (sql, params) => {
        if (sql.includes('import_incidents') && ++batches === 2) throw new Error('gone')
        return db.query(sql, params)
      },
    }
    const report = await importIncidents(failing, { file, mapping: smallMapping })
    expect(report).toMatchObject({ stored: 1_000, rejected: 1, byLevel: { grid: 1_000 } })
    expect(report.brokenOff).toMatch(/^gone \(lines 1003 to 1012 were under way/)
    expect(reportText(report)).toContain('broke off: gone')
    const again = await importIncidents(db, { file, mapping: smallMapping })
    expect(again).toMatchObject({ stored: 10, unchanged: 1_000, brokenOff: null })
  })

  it('refuses a header that names a mapped column twice, and lets others be', async () => {
    const twice = run(csv('h1,2020-05-01 08:00,,1,1,light,').replace('closed', 'opened'), {
      mapping: { ...smallMapping, columns: { ...smallMapping.columns, closedAt: 'lat' } },
    })
    await expect(twice).rejects.toThrow(
      /line 1: .*more than one column "opened" \(for reportedAt\)/,
    )
    const other = `${smallHeader},,\nh1,2020-05-01 08:00,,1,1,light,,,\n`
    expect(await run(other)).toMatchObject({ stored: 1 })
  })

  it('is nobody else’s to call', async () => {
    const user = '00000000-0000-4000-8000-000000000001'
    for (const call of [
      `select private.import_incidents('x', '[]')`,
      `select private.import_areas('grid', '[]')`,
      `select private.restamp_incidents('{}')`,
      `select private.refresh_area_paths()`,
      `select private.close_missing_areas('grid', '{}')`,
    ]) {
      await expect(db.asUser(user, (tx) => tx.query(call))).rejects.toThrow(/permission denied/)
      await expect(db.asAnon((tx) => tx.query(call))).rejects.toThrow(/permission denied/)
    }
  })
})

describe('tables as cities have them', () => {
  const files = temporaryFiles()
  let db: TestDatabase
  beforeAll(async () => {
    db = await openTestDatabase({ kind: 'pglite' })
    await insertCitySettings(db, {
      name: '长沙',
      locale: 'zh-CN',
      timeZone: 'Asia/Shanghai',
      box: [112.8, 28.1, 113, 28.25],
    })
    await putAreas(db, files, 'city', [{ code: '4301', coordinates: box(112.8, 28.1, 113, 28.25) }])
  })
  afterAll(async () => {
    files.remove()
    await db?.close()
  })
  let count = 0
  /** Each file is a source of its own: ids come again. */
  const mapped = (more: Record<string, unknown> = {}, columns: Record<string, unknown> = {}) =>
    parseMapping(
      JSON.stringify({
        source: `case${(count += 1)}`,
        columns: {
          ...{ id: 'id', reportedAt: 'reported', closedAt: 'closed', lon: 'lon', lat: 'lat' },
          ...{ description: 'text', ...columns },
        },
        categories: { otherwise: 'street_light' },
        stages: { otherwise: 'filed' },
        ...more,
      }),
      'case',
    )
  const put = (
    name: string,
    mapping = mapped(),
    more: Partial<IncidentImportOptions> = {},
  ): Promise<ImportReport> => importIncidents(db, { file: caseFile(name), mapping, ...more })
  const stored = async (column: string, source = `case${count}`) =>
    (
      await db.query<{ value: unknown }>(
        `select ${column} as value from public.incidents where source = $1 order by source_id`,
        [source],
      )
    ).map(({ value }) => value)
  const time = `to_char(reported_at at time zone 'Asia/Shanghai', 'MM-DD HH24:MI:SS')`
  const closing = `to_char(closed_at at time zone 'Asia/Shanghai', 'MM-DD HH24:MI:SS')`
  const reasons = (report: ImportReport) => report.items.map(({ id, reason }) => [id, reason])

  it('finds separators, titles, totals, empty words and empty last columns, and says so', async () => {
    const semicolons = await put('i03.csv')
    expect(semicolons).toMatchObject({ stored: 1, rejected: 0 })
    expect(semicolons.warnings.join('\n')).toMatch(/semicolons[^]*decimal commas/)
    expect(await stored('lon')).toEqual([112.95])
    expect(await put('i29.csv')).toMatchObject({ stored: 2, rejected: 0 })
    const titled = await put('i36.csv')
    expect(titled).toMatchObject({ read: 1, stored: 1, rejected: 0 })
    expect(titled.warnings.join('\n')).toMatch(/above the header.*台账[^]*totals .* line 4/)
    expect(await put('i37.csv')).toMatchObject({ read: 4, stored: 4, rejected: 0 })
    expect(await stored('stage')).toEqual(Array(4).fill('filed'))
  })

  it('reads XLSX, points of a map and gzip without its name', async () => {
    expect(await put('i48.xlsx')).toMatchObject({ stored: 1, rejected: 0 })
    expect(await put('i50.csv')).toMatchObject({ stored: 1, rejected: 0 })
    const points = mapped({}, { closedAt: undefined, description: undefined })
    expect(await put('i46.geojson', points)).toMatchObject({ stored: 1, rejected: 0 })
    expect(await stored('lat')).toEqual([28.2])
  })

  it('reads coordinates as people write them, and names the system that it would take', async () => {
    expect(await put('i11.csv')).toMatchObject({ stored: 4, rejected: 0 })
    expect(await stored('round(lon::numeric, 6)::float8')).toEqual(Array(4).fill(112.95))
    const odd = await put('i15.csv')
    expect(reasons(odd).map(([id]) => id)).toEqual(['1', '5', '5', '6', '7'])
    await expect(put('i13.csv')).rejects.toThrow(/zone 38 .* 67 % .*"coordinates": "EPSG:4526"/)
    const named = await put('i13.csv', mapped({ coordinates: 'EPSG:4526' }))
    expect(reasons(named)).toEqual([['2', 'outside_city']])
    expect(await stored('lon')).toEqual([
      expect.closeTo(112.947895035, 8),
      expect.closeTo(112.947895035, 8),
    ])
    const turned = files.write(
      'id,reported,closed,lon,lat,text\n1,2026-03-05,,28.2,112.95,a\n',
      '.csv',
    )
    await expect(put('', mapped(), { file: turned })).rejects.toThrow(/"swapCoordinates": true/)
    expect(await put('', mapped({ swapCoordinates: true }), { file: turned })).toMatchObject({
      stored: 1,
    })
  })

  it('refuses what a spreadsheet cut, what the dates contradict and text in another encoding', async () => {
    expect((await put('i18.csv')).reasons).toEqual({ cut_number: 3 })
    await expect(put('i20.csv', mapped({ dateOrder: 'dmy' }))).rejects.toThrow(
      /1 dates can only be mdy \(line 3: 3\/15\/2026 8:30\).*Nothing was stored/,
    )
    expect(await stored('id')).toEqual([])
    await expect(put('i22.csv')).rejects.toThrow(/"dateOrder": "dmy" or "mdy"/)
    await expect(put('i09.csv', mapped(), { encoding: 'windows-1252' })).rejects.toThrow(
      /looks like GBK/,
    )
  })

  it('reads dates where they mean one thing', async () => {
    const clock = await put('i24.csv')
    expect(reasons(clock)).toEqual([
      ['6', 'bad_date'],
      ['7', 'bad_date'],
      ['8', 'bad_date'],
    ])
    expect(await stored(time)).toEqual([
      ...['03-06 00:00:00', '03-05 00:30:00', '03-05 12:30:00', '03-06 00:00:00', '03-05 09:00:00'],
    ])
    expect(await put('i25.csv')).toMatchObject({ stored: 15, rejected: 0 })
    expect(reasons(await put('i26.csv'))).toEqual([
      ['5', 'bad_date'],
      ['7', 'bad_date'],
    ])
  })

  it('keeps reports with small faults, marks them, and counts them', async () => {
    const days = await put('i28.csv')
    expect(days).toMatchObject({ stored: 3, doubts: { counts: { closing_day: 3 } } })
    expect(await stored(closing)).toEqual(['03-05 10:00:00', '03-06 23:59:59', '03-05 00:00:00'])
    const [log] = await db.query(
      `select l.data -> 'doubts' as doubts from public.incident_log l
       join public.incidents i on i.id = l.incident_id where i.source = $1 and i.source_id = '1'`,
      [`case${count}`],
    )
    expect(log).toEqual({ doubts: ['closing_day'] })

    const rows = [
      'id,reported,closed,lon,lat,text,how,grid,kind',
      '1,2026-03-05 08:30:58,2026-03-05 08:30:00,112.9512,28.2134,a,gps,,x',
      '2,2026-03-05 08:30:00,,112.9512,28.2134,鍨冨溇鍫嗘斁,street,,y',
      '3,2026-03-05 08:30:00,,,,c,none,4301,y',
      '4,2026-03-05 08:30:00,,,,d,none,,y',
      '5,2026-03-05 08:30:00,,112.95,28.2,e,test,,y',
    ]
    const file = files.write(rows.join('\n'), '.csv')
    const mapping = mapped(
      {
        place: { column: 'how', unknown: ['none'], fallback: ['street'] },
        skip: [{ column: 'how', values: ['test'] }],
        categories: { map: { x: 'manhole_cover' }, otherwise: 'street_light' },
      },
      { area: 'grid', category: 'kind' },
    )
    const checked = await put('', mapping, { file, checkOnly: true })
    expect(checked).toMatchObject({ read: 4, stored: 3, rejected: 1 })
    expect(await stored('id')).toEqual([])
    const said: string[] = []
    const kept = await put('', mapping, { file, onFound: (text) => said.push(text) })
    expect(kept).toMatchObject({
      stored: 3,
      reasons: { place_unknown: 1 },
      doubts: { counts: { closed_just_before: 1, geocoded_by_fallback: 1, place_unknown: 1 } },
    })
    const notes = kept.warnings.join('\n')
    expect(notes).toContain('1 rows were passed over, as the mapping says')
    expect(notes).toContain(`2 values fell to the mapping's "otherwise": categories: y (2)`)
    expect(notes).toMatch(/1 texts look like UTF-8 .*鍨冨溇/)
  })

  it('counts coarse places, and piles on one point', async () => {
    const rows = Array.from(
      { length: 30 },
      (_, n) => `43010200100100${String(n).padStart(2, '0')}00,2026-03-05 08:30,,112.95,28.2,a`,
    )
    const file = files.write(['id,reported,closed,lon,lat,text', ...rows].join('\n'), '.csv')
    const notes = (await put('', mapped(), { file })).warnings.join('\n')
    expect(notes).toContain('30 rows have coordinates with at most two decimals')
    expect(notes).toContain('30 rows lie on one point, 112.95 28.2')
  })
})
