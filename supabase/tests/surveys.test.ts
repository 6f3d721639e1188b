import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { readSurveyMapping, type SurveyMapping } from '../../src/domain/survey/mapping.ts'
import { importSurvey, readSurveyMappingFile } from '../server/import/import-survey.ts'
import { reportText } from '../server/import/report.ts'
import { applyCommands, commandOf } from './harness/commands.ts'
import type { Receipt } from './harness/commands.ts'
import { describeOnEachDatabase, openTestDatabase } from './harness/index.ts'
import type { TestDatabase } from './harness/index.ts'
import { people, seedSmallCity } from './harness/small-city.ts'
import type { Person } from './harness/small-city.ts'

const fixtures = join(import.meta.dirname, '../../tests/fixtures/surveys')
const kansas = join(fixtures, 'kansas_city.csv')

const waves = {
  ...{ area: 'area', period: 'month', item: 'item', n: 'n', mean: 'mean', sd: 'sd' },
  ...{ satisfiedPercent: 'good', dissatisfiedPercent: 'bad', asked: 'asked' },
}
function mappingOf(rest: object): SurveyMapping {
  const read = readSurveyMapping({
    survey: { code: 'own', nameZh: '调查', nameEn: 'Own' },
    ...{ scale: { least: 1, most: 5 }, ...rest },
  })
  if ('faults' in read) throw new Error(read.faults.join('; '))
  return read.mapping
}
const header = 'area,month,item,n,mean,sd,good,bad,asked'

describeOnEachDatabase('surveys', (kind) => {
  let db: TestDatabase
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'survey-'))
    db = await openTestDatabase({ kind })
    await seedSmallCity(db)
    for (const [at, district] of ['N-1', 'N-1', 'N-1', 'N-10', 'N-10', 'N-10'].entries())
      await db.query(
        `insert into public.areas (code, parent_code, path, level, name, geom)
         select $1, a.code, a.path || $1 || '/', 'community', $1, a.geom from public.areas a where a.code = $2`,
        [`KC-CD${at + 1}`, district],
      )
  })
  afterAll(async () => {
    await db?.close()
    await rm(folder, { recursive: true, force: true })
  })
  beforeEach(() =>
    db.exec(`delete from public.survey_results; delete from public.survey_waves;
      delete from public.survey_items; delete from public.surveys`),
  )

  const stored = async (): Promise<number> =>
    (
      await db.query<{ n: number }>(
        `select (select count(*) from public.survey_results) + (select count(*) from public.survey_items)
           + (select count(*) from public.surveys) as n`,
      )
    )[0]!.n
  async function fileOf(lines: readonly string[] | Uint8Array, name = 'survey.csv') {
    const path = join(folder, name)
    await writeFile(path, lines instanceof Uint8Array ? lines : lines.join('\n'))
    return path
  }
  const results = (person: Person, survey: string, area: string) =>
    db.asUser(people[person], async (tx) => {
      const [row] = await tx.query<{ r: (string | number | null)[][] }>(
        'select public.survey_results($1, $2) as r',
        [survey, area],
      )
      return row!.r
    })

  describe('the file of Kansas City', () => {
    const options = async () => ({
      file: kansas,
      mapping: await readSurveyMappingFile(join(fixtures, 'kansas_city.mapping.json')),
    })

    it('is stored whole, and each sees the areas they lead', async () => {
      const report = await importSurvey(db, await options())
      expect([report.read, report.stored, report.items]).toEqual([216, 216, []])
      const near = await results('manager', 'kcmo_resident', 'N-1')
      // 3 districts × 2 waves × 18 items
      expect(near).toHaveLength(108)
      expect(near).toContainEqual([
        ...['KC-CD1', '2021-09', 'hotline_311', 133, 3.3759, 0.9739, 0.541353, 0.157895, null],
      ])
      expect(await results('manager', 'kcmo_resident', 'N-10')).toEqual([])
      expect(await results('leader', 'kcmo_resident', 'N-10')).toHaveLength(108)
      await expect(results('field', 'kcmo_resident', 'N-1')).rejects.toMatchObject({
        code: '42501',
      })
      const direct = (person: Person) =>
        db.asUser(people[person], async (tx) => {
          const rows = await tx.query('select from public.survey_results')
          return rows.length
        })
      expect([await direct('manager'), await direct('leader'), await direct('handler')]).toEqual([
        ...[108, 216, 0],
      ])
      const list = await db.asUser(people.leader, async (tx) => {
        const [row] = await tx.query<{
          r: {
            canImport: boolean
            surveys: { items: { code: string; nameZh: string }[]; waves: { month: string }[] }[]
          }
        }>('select public.survey_list() as r')
        return row!.r
      })
      expect(list.canImport).toBe(false)
      expect(list.surveys[0]!.waves.map(({ month }) => month)).toEqual(['2022-03', '2021-09'])
      expect(list.surveys[0]!.items).toHaveLength(18)
      expect(list.surveys[0]!.items).toContainEqual(
        expect.objectContaining({ code: 'hotline_311', nameZh: '热线服务' }),
      )
    })

    it('is refused the second time, wave by wave, and stays as it was', async () => {
      await importSurvey(db, await options())
      const before = await stored()
      const again = await importSurvey(db, await options())
      expect([again.stored, again.rejected]).toEqual([0, 216])
      expect(again.items[0]).toMatchObject({ at: 2, reason: 'known-wave' })
      expect(await stored()).toBe(before)
    })

    it('is only checked with --check', async () => {
      const report = await importSurvey(db, { ...(await options()), checkOnly: true })
      expect([report.read, report.stored, report.rejected]).toEqual([216, 216, 0])
      expect(await stored()).toBe(0)
    })
  })

  describe('a bad file', () => {
    it.each([
      ['KC-CD9,2026-03,parks,10', 'unknown-area', 'area'],
      ['KC-CD1,2026-03,parks,10,3,1,101,0', 'bad-percent', 'good'],
      ['KC-CD1,2026-03,parks,10,3,1,60,60', 'percents-over-100', 'bad'],
      ['KC-CD1,2026-03,parks,10,3,1,60,20,9', 'fewer-asked-than-answers', 'asked'],
      // from 0 to 10 where 1 to 5 was declared
      ['KC-CD1,2026-03,parks,10,8.4,1', 'outside-scale', 'mean'],
      ['KC-CD1,2026-03,streets,20,3,1,50,20,30', 'duplicate', 'item'],
      ['KC-CD1,March,parks,10', 'no-period', 'month'],
      ['KC-CD1,2026-03,parks,ten', 'bad-count', 'n'],
    ])('with %s stores nothing and says line and column', async (line, reason, field) => {
      const whole = `${line}${','.repeat(8 - (line.split(',').length - 1))}`
      const file = await fileOf([header, 'KC-CD1,2026-03,streets,20,3,1,50,20,30', whole])
      const report = await importSurvey(db, { file, mapping: mappingOf({ waves }) })
      expect([report.read, report.stored, report.rejected]).toEqual([2, 0, 2])
      expect(report.items).toMatchObject([{ at: 3, field, reason }])
      // in both languages
      expect(reportText(report)).toMatch(/line 3.*[a-z].* · .*[\u4e00-\u9fff]/)
      expect(await stored()).toBe(0)
    })

    it('in another encoding is named with its line, and read with the right one', async () => {
      // 社区 in GB 18030
      const chinese = Buffer.from([0xc9, 0xe7, 0xc7, 0xf8])
      const file = await fileOf(
        Buffer.concat([
          Buffer.from(`${header}\n`),
          chinese,
          Buffer.from(',2026-03,parks,10,3,1,50,20,30\n'),
        ]),
      )
      const mapping = mappingOf({ waves, areas: { 社区: 'KC-CD1' } })
      await expect(importSurvey(db, { file, mapping })).rejects.toThrow(/line 2.*gb18030/)
      expect(await stored()).toBe(0)
      expect((await importSurvey(db, { file, mapping, encoding: 'gb18030' })).stored).toBe(1)
    })
  })

  it('of single answers are added up, on the scale of each item', async () => {
    const answers = {
      ...{ area: 'area', period: 'day', respondent: 'who' },
      items: [
        { column: 'happy', item: 'happiness', satisfiedFrom: 4, dissatisfiedTo: 2 },
        {
          ...{ column: 'safe', scale: { least: 0, most: 10 }, satisfiedFrom: 8, dissatisfiedTo: 4 },
          unknown: ['dk'],
        },
      ],
    }
    const mapping = mappingOf({ answers, items: { happiness: { sense: 'happiness' } } })
    const columns = 'who,area,day,happy,safe'
    const good = ['1,KC-CD1,2026-03-01,5,9', '2,KC-CD1,2026-03-09,2,dk', '3,KC-CD1,2026-03,4,']
    const file = await fileOf([columns, ...good])
    expect((await importSurvey(db, { file, mapping })).stored).toBe(3)
    const rows = await results('leader', 'own', 'KC-CD1')
    expect(rows.map((row) => [row[2], row[3], row[6]])).toEqual([
      ['happiness', 3, expect.closeTo(2 / 3, 12)],
      ['safe', 1, 1],
    ])
    // the second wave on another scale
    const worse = await fileOf([columns, '1,KC-CD1,2026-04-01,7,11', '1,KC-CD1,2026-04-02,3,3'])
    const report = await importSurvey(db, { file: worse, mapping })
    expect(report.items.map(({ at, reason, field }) => [at, reason, field])).toEqual([
      ...[
        [2, 'outside-scale', 'happy'],
        [2, 'outside-scale', 'safe'],
        [3, 'duplicate', 'who'],
      ],
    ])
    const other = mappingOf({
      answers: { ...answers, items: [{ ...answers.items[0]!, scale: { least: 0, most: 10 } }] },
    })
    const next = await fileOf([columns, '1,KC-CD1,2026-04-01,7,'])
    expect((await importSurvey(db, { file: next, mapping: other })).items).toMatchObject([
      { reason: 'other_scale', detail: 'happiness: 1–5' },
    ])
    expect(await results('leader', 'own', 'KC-CD1')).toHaveLength(2)
  })

  describe('an import by command', () => {
    const payload = (
      changes: Record<string, unknown> = {},
      rows: Record<string, unknown> = {},
    ) => ({
      ...{ survey: { code: 'own', nameZh: '调查', nameEn: 'Own' }, file: 'own.csv' },
      items: [{ code: 'parks', nameZh: '公园', nameEn: 'Parks', least: 1, most: 5 }],
      rows: {
        ...{ line: [2, 3], area: ['KC-CD1', 'KC-CD2'], month: ['2026-03', '2026-03'] },
        ...{ item: ['parks', 'parks'], n: [20, 30], satisfied: [0.5, null] },
        ...rows,
      },
      ...changes,
    })
    const send = async (person: Person, type: string, body: unknown): Promise<Receipt> =>
      (await applyCommands(db, people[person], [commandOf(people[person], type, body)]))[0]!

    it('is the admins’ of the whole city, who may also take a wave away', async () => {
      for (const person of ['leader', 'manager', 'field', 'handler', 'stranger'] as const)
        expect((await send(person, 'import_survey', payload())).error, person).toMatchObject({
          code: 'not_allowed',
        })
      expect(await stored()).toBe(0)
      expect(await send('admin', 'import_survey', payload())).toMatchObject({ outcome: 'applied' })
      expect(await results('admin', 'own', 'N-1')).toHaveLength(2)
      const wave = { survey: 'own', month: '2026-03' }
      expect((await send('leader', 'delete_wave', wave)).error).toMatchObject({
        code: 'not_allowed',
      })
      expect(await send('admin', 'delete_wave', wave)).toMatchObject({ outcome: 'applied' })
      expect((await send('admin', 'delete_wave', wave)).error).toMatchObject({
        code: 'unknown_wave',
      })
      expect(await results('admin', 'own', 'N-1')).toEqual([])
    })

    it('is checked again by the server, and a faulty one stores nothing', async () => {
      for (const [rows, detail] of [
        [{ area: ['KC-CD1', 'X'] }, '3 unknown-area'],
        [{ month: ['2026-03', '2026-13'] }, '3 no-period'],
        [{ item: ['parks', 'other'] }, '3 no-item'],
        [{ n: [20, -1] }, '3 bad-count'],
        [{ n: [20, null] }, '3 bad-count'],
        [{ mean: [3, 7] }, '3 outside-scale'],
        [{ satisfied: [0.5, 1.5] }, '3 bad-percent'],
        [{ dissatisfied: [0.6, null] }, '2 percents-over-100'],
        [{ area: ['KC-CD1', 'KC-CD1'] }, '3 duplicate'],
        [{ area: ['X', 'Y'], n: [1.5, 2] }, '2 unknown-area; 2 bad-count; 3 unknown-area'],
      ] as const)
        expect((await send('admin', 'import_survey', payload({}, rows))).error).toEqual({
          ...{ code: 'invalid_rows', field: 'rows', detail },
        })
      for (const changes of [
        { rows: {} },
        { items: [] },
        { survey: { code: 'Own', nameZh: 'x', nameEn: 'x' } },
        { rows: payload({}, { n: [20] }).rows },
        { rows: payload({}, { n: ['20', 30] }).rows },
        { items: [{ code: 'parks', nameZh: 'x', nameEn: 'x', least: 5, most: 1 }] },
        { items: [{ ...payload().items[0], categoryCode: 'nothing' }] },
        { more: 1 },
      ])
        expect(
          await send('admin', 'import_survey', payload(changes)),
          JSON.stringify(changes),
        ).toMatchObject({ outcome: 'rejected' })
      expect(await stored()).toBe(0)
    })
  })
})
