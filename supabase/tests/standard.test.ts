import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { exportControls, exportStandard } from '../server/import/export-tables.ts'
import { importControls } from '../server/import/import-controls.ts'
import { importStandard } from '../server/import/import-standard.ts'
import type { TableImportOptions } from '../server/import/import-standard.ts'
import { reportText } from '../server/import/report.ts'
import type { ImportReport } from '../server/import/report.ts'
import { openTestDatabase } from './harness/index.ts'
import type { TestDatabase } from './harness/index.ts'
import { seedSmallCity } from './harness/small-city.ts'
import { temporaryFiles } from './import-support.ts'
import { workflowWorld } from './workflow-world.ts'
import type { WorkflowWorld } from './workflow-world.ts'

const header =
  '编码,类别,立案条件,英文名称,处置部门,处置时限,核查时限,结案条件,处置后照片,自行处置,阶段\n'
const shedRow =
  'shed_new,私搭棚亭,新建棚亭,New shed,城管,15 工作日,4 工作时,拆除,是,否,"stop | 停工 | Work stops | 4 工作时\r\nfine | 处罚 | | 7 个工作日"\r\n'

let db: TestDatabase
let world: WorkflowWorld
const files = temporaryFiles()
beforeAll(async () => {
  db = await openTestDatabase({ kind: 'pglite' })
  await seedSmallCity(db)
  await db.query(`update public.departments set name_zh = '城管' where code = 'urban_management'`)
  await db.query(`update public.categories set name_zh = '私搭棚亭' where code = 'shed'`)
  world = workflowWorld(db)
})
afterAll(async () => {
  files.remove()
  await db?.close()
})

const standard = (text: string | Uint8Array, options: Partial<TableImportOptions> = {}) =>
  importStandard(db, { file: files.write(text, '.csv'), ...options })
const controls = (text: string, options: Partial<TableImportOptions> = {}) =>
  importControls(db, { file: files.write(text, '.csv'), ...options })
const rowsOf = async (sql: string) => db.query<Record<string, unknown>>(sql)
const condition = async (code: string) =>
  (
    await db.query<Record<string, unknown>>(
      'select * from public.filing_conditions where code = $1',
      [code],
    )
  )[0]
const everything = () =>
  rowsOf(`select jsonb_agg(to_jsonb(f) order by f.code) as conditions,
    (select jsonb_agg(to_jsonb(l) order by l.condition, l.clock) from public.condition_limits l) as limits,
    (select jsonb_agg(to_jsonb(m) order by m.condition, m.code) from public.condition_milestones m) as milestones
    from public.filing_conditions f`)
const faultsOf = ({ items }: ImportReport) =>
  items.map(({ at, field, reason }) => [at, field, reason])

describe('a city’s standard', () => {
  it('comes in with limits, department, milestones and photos, in Chinese words', async () => {
    expect(await standard(header + shedRow)).toMatchObject({
      ...{ read: 1, stored: 1, updated: 0, rejected: 0, items: [] },
    })
    expect(await condition('shed_new')).toMatchObject({
      ...{ category_code: 'shed', name_zh: '新建棚亭', department_code: 'urban_management' },
      ...{
        needs_after_photos: true,
        allows_self_handling: false,
        closing_zh: '拆除',
        is_active: true,
      },
    })
    expect(
      await rowsOf(`select clock, amount::float, unit, day_rule from public.condition_limits
        where condition = 'shed_new' order by clock`),
    ).toEqual([
      { clock: 'check', amount: 4, unit: 'work_hour', day_rule: 'hours' },
      { clock: 'handle', amount: 15, unit: 'work_day', day_rule: 'hours' },
    ])
    expect(
      await rowsOf(`select code, name_zh, name_en, amount::float, unit from public.condition_milestones
        where condition = 'shed_new' order by sort`),
    ).toEqual([
      { code: 'stop', name_zh: '停工', name_en: 'Work stops', amount: 4, unit: 'work_hour' },
      { code: 'fine', name_zh: '处罚', name_en: '处罚', amount: 7, unit: 'work_day' },
    ])
  })

  it('is updated by code; columns that a file lacks stay, empty cells clear', async () => {
    const report = await standard(
      'code,category,name zh,handle,milestones\nshed_new,shed,棚亭,,stop|停工|Work stops|4 工作时\nnoise_2,noise,夜间噪声,2 urgent hours,\n',
    )
    expect(report).toMatchObject({ stored: 1, updated: 1, unchanged: 0 })
    expect(await condition('shed_new')).toMatchObject({
      ...{ name_zh: '棚亭', name_en: 'New shed', closing_zh: '拆除', needs_after_photos: true },
    })
    expect(
      await rowsOf(`select clock from public.condition_limits where condition = 'shed_new'`),
    ).toEqual([{ clock: 'check' }])
    expect(
      await rowsOf(`select code from public.condition_milestones where condition = 'shed_new'`),
    ).toEqual([{ code: 'stop' }])
  })

  it('goes out and comes in again unchanged, also through GBK, with a formula disarmed', async () => {
    await db.query(`update public.filing_conditions set closing_zh = '=1+1', closing_en = E'a "b"\\nc, d'
      where code = 'shed_new'`)
    const { text, rows } = await exportStandard(db)
    expect(text.startsWith('\uFEFF编码,类别,立案条件')).toBe(true)
    expect(text).toContain(`'=1+1`)
    const before = await everything()
    expect(await standard(text)).toMatchObject({
      read: rows,
      unchanged: rows,
      stored: 0,
      updated: 0,
    })
    await db.query(`update public.city_settings set locale = 'en'`)
    const english = await exportStandard(db)
    await db.query(`update public.city_settings set locale = 'zh-CN'`)
    expect(english.text).toContain('4 working hours')
    expect(await standard(english.text)).toMatchObject({ read: rows, unchanged: rows })
    expect(await everything()).toEqual(before)
    // 编码,类别,立案条件 in GBK, then ASCII
    const gbk = Buffer.concat([
      Buffer.from('b1e0c2eb2cc0e0b1f02cc1a2b0b8ccf5bcfe0d0a', 'hex'),
      Buffer.from('gbk_1,noise,Loud\r\n'),
    ])
    await expect(standard(gbk)).rejects.toThrow('--encoding gb18030')
    expect(await standard(gbk, { encoding: 'gb18030', checkOnly: true })).toMatchObject({
      stored: 1,
    })
    expect(await condition('gbk_1')).toBeUndefined()
  })

  it('is stored whole or not at all; each fault has its line, column and reason in both languages', async () => {
    const before = await everything()
    const report = await standard(
      `${header}good,noise,好,,,,,,,,
bad1,noise,x,,,2 fortnights,,,,,
bad2,noise,x,,,2小时,,,maybe,,
Bad 3,no_such,,,nobody,,,,,,"a|b|c|soon
a|b"
good,noise,twice,,,,,,,,
bad4,illegal_construction,x,,,,,,,,
bad5,noise
`,
    )
    expect(report).toMatchObject({ read: 7, stored: 0, rejected: 7 })
    expect(faultsOf(report)).toEqual([
      [3, '处置时限', 'unreadable_limit'],
      [4, '处置后照片', 'bad_flag'],
      [4, '处置时限', 'ambiguous_limit'],
      [5, '编码', 'bad_code'],
      [5, '类别', 'unknown_category'],
      [5, '立案条件', 'no_name'],
      [5, '阶段', 'unreadable_limit'],
      [5, '阶段', 'bad_milestone'],
      [5, '处置部门', 'unknown_department'],
      [7, '编码', 'duplicate_code'],
      [8, '类别', 'category_not_leaf'],
      [9, null, 'field_count'],
    ])
    expect(reportText(report)).toContain(
      'line 3, code bad1, column 处置时限: the limit cannot be read · 时限无法识别 ("2 fortnights")',
    )
    expect(await everything()).toEqual(before)
  })

  it.each([
    ['code,category,name zh,handel\na,noise,x,\n', 'the column "handel" is unknown'],
    ['code,category\na,noise\n', 'columns are missing'],
    ['code,code,category,name zh\na,a,noise,x\n', 'stands twice'],
    ['code,category,name zh\n', 'a header and no rows'],
    ['', 'the file is empty'],
  ])('refuses the file %j', async (text, message) => {
    await expect(standard(text, { retireMissing: true })).rejects.toThrow(message)
  })

  it('keeps what open incidents stand on, and names them', async () => {
    const id = await world.report({ categoryCode: 'noise' })
    await world.step('manager', id, 'file', { condition: 'noise_2' })
    const moved = await standard('code,category,name zh\nnoise_2,shed,x\n')
    expect(moved.items).toMatchObject([
      { at: 2, field: 'category', reason: 'category_in_use', detail: id },
    ])
    const shed = await world.report({ categoryCode: 'shed' })
    await world.step('manager', shed, 'file', { condition: 'shed_new' })
    await world.step('manager', shed, 'dispatch', { department: 'public_works' })
    const lost = await standard('code,category,name zh,milestones\nshed_new,shed,x,\n')
    expect(lost.items).toMatchObject([
      { at: 2, field: 'milestones', reason: 'milestone_in_use', detail: `stop: ${shed}` },
    ])
  })

  it('retires what a file lacks where it is told to, and names the open incidents', async () => {
    const [kept] = await rowsOf(`select id from public.incidents where condition_code = 'noise_2'`)
    const text = (await exportStandard(db)).text
      .split('\r\n')
      .filter((line) => !line.startsWith('noise_2,'))
      .join('\r\n')
    expect((await standard(text)).warnings.join()).toContain('stay in use')
    expect(await condition('noise_2')).toMatchObject({ is_active: true })
    const checked = await standard(text, { retireMissing: true, checkOnly: true })
    expect(checked.warnings[0]).toContain('only checked')
    expect(await condition('noise_2')).toMatchObject({ is_active: true })
    const report = await standard(text, { retireMissing: true })
    expect(report.warnings).toHaveLength(2)
    expect(report.warnings[1]).toContain(String(kept!['id']))
    expect(await condition('noise_2')).toMatchObject({ is_active: false })
    // its clock goes on, and nothing new is filed by it
    expect(
      await rowsOf(
        `select count(*)::integer as n from public.condition_limits where condition = 'noise_2'`,
      ),
    ).toEqual([{ n: 1 }])
    const fresh = await world.report({ categoryCode: 'noise' })
    expect(await world.refusal('manager', fresh, 'file', { condition: 'noise_2' })).toMatchObject({
      field: 'condition',
    })
    expect(await standard('code,category,name zh\nnoise_2,noise,x\n')).toMatchObject({ updated: 1 })
    expect(await condition('noise_2')).toMatchObject({ is_active: true })
  })
})

describe('controls', () => {
  const head = 'code,area,category,weekdays,from,to,tip zh,tip en\n'

  it('come in by CSV, go out alike, and keep incidents from being filed', async () => {
    const report = await controls(
      `${head}fair,N-1,noise,,,,庙会期间不立案,Not during the fair\nnight,,other,Mon-Fri,22:00,24:00,夜间,\n`,
    )
    expect(report).toMatchObject({ read: 2, stored: 2, rejected: 0 })
    const id = await world.report({ categoryCode: 'noise' })
    expect(await world.refusal('manager', id, 'file', { condition: 'noise' })).toMatchObject({
      detail: 'not_controlled',
      tipEn: 'Not during the fair',
    })
    const { text } = await exportControls(db)
    expect(await controls(text)).toMatchObject({ read: 2, unchanged: 2 })
    const retired = await controls(`${head}night,,other,1-5,22:00,23:00,夜间,\n`, {
      retireMissing: true,
    })
    expect(retired).toMatchObject({ updated: 1 })
    expect(retired.warnings.join()).toContain('fair')
    await world.step('manager', id, 'file', { condition: 'noise' })
  })

  it('are stored whole or not at all, with line and column', async () => {
    const report = await controls(
      `${head}a,nowhere,no_such,someday,8,7:00,,\nb,,,,22:00,06:00,x,\nc,,,,,,ok,\n`,
    )
    expect(report).toMatchObject({ read: 3, stored: 0, rejected: 3 })
    expect(faultsOf(report)).toEqual([
      [2, 'area', 'unknown_area'],
      [2, 'category', 'unknown_category'],
      [2, 'weekdays', 'bad_weekdays'],
      [2, 'from', 'bad_time'],
      [2, 'tip zh', 'no_tip'],
      [3, 'to', 'ends_before_start'],
    ])
    expect(
      await rowsOf(`select code from public.filing_controls where code in ('a', 'b', 'c')`),
    ).toEqual([])
  })
})

it('every reason of a refusal has words in both languages', () => {
  const folder = new URL('../server/import/', import.meta.url)
  const used = ['cells', 'condition-row', 'import-controls', 'limit']
    .map((name) => readFileSync(new URL(`${name}.ts`, folder), 'utf8'))
    .flatMap((text) => [...text.matchAll(/'([a-z]+(?:_[a-z]+)+)'/g)].map(([, word]) => word!))
  const words = readFileSync(new URL('reasons.ts', folder), 'utf8')
  const notReasons = ['urgent_hour', 'natural_day', 'work_hour', 'work_day', 'end_of_day']
  for (const reason of used.filter((word) => !notReasons.includes(word)))
    expect(words, reason).toContain(`\n  ${reason}: {`)
})
