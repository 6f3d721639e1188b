import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  proposeAreas,
  proposeIncidents,
  proposeJoined,
  proposeLevel,
  proposeSource,
  proposeStages,
  proposeValues,
} from './propose-mapping.ts'
import { columnsOf as mappedBy } from './propose-draft.ts'
import type { CityWord, Confidence, Glimpse } from './propose-mapping.ts'

/** Columns of rows, as the look at a file gives them. */
const glimpsesOf = (header: readonly string[], rows: readonly (readonly string[])[]): Glimpse[] =>
  header.map((name, at) => ({
    name,
    values: rows.map((row) => row[at] ?? '').filter((value) => value !== ''),
  }))
const columnsOf = (found: Partial<Record<string, { column: string }>>) =>
  Object.fromEntries(Object.entries(found).map(([field, one]) => [field, one!.column]))
const confidenceOf = (found: Partial<Record<string, { confidence: Confidence }>>, field: string) =>
  found[field]?.confidence

/** The leaf categories of a new city, from the schema itself. */
const leaves: CityWord[] = [
  ...readFileSync('supabase/schemas/03_reference.sql', 'utf8').matchAll(
    /^ {2}\(\d+, '\w+', '(\w+)', '\w+', '((?:[^']|'')+)', '((?:[^']|'')+)'/gm,
  ),
].map(([, code = '', nameZh = '', nameEn = '']) => ({
  code,
  nameZh,
  nameEn: nameEn.replaceAll("''", "'"),
}))

describe('proposeIncidents', () => {
  it.each([
    [
      'a platform of a Chinese city',
      '序号 案件编号 上报时间 立案时间 结案时间 大类名称 小类名称 案件状态 处置部门 问题描述 事发地址 经度(WGS84) 纬度(WGS84) 所属社区 网格编号',
      {
        ...{ id: '案件编号', reportedAt: '上报时间', closedAt: '结案时间', category: '小类名称' },
        ...{ stage: '案件状态', department: '处置部门', description: '问题描述' },
        ...{ address: '事发地址', lon: '经度(WGS84)', lat: '纬度(WGS84)' },
      },
    ],
    [
      'a hotline 12345',
      '工单编号 来电时间 诉求内容 诉求类型 诉求来源 承办单位 办结时间 办理状态 发生地址 X坐标 Y坐标',
      {
        ...{ id: '工单编号', reportedAt: '来电时间', closedAt: '办结时间', category: '诉求类型' },
        ...{ stage: '办理状态', department: '承办单位', description: '诉求内容' },
        ...{ channel: '诉求来源', address: '发生地址', lon: 'X坐标', lat: 'Y坐标' },
      },
    ],
    [
      'San Francisco’s 311',
      'CaseID Opened Closed Updated Status Status_Notes Responsible_Agency Category Request_Type Address Latitude Longitude Source',
      {
        ...{ id: 'CaseID', reportedAt: 'Opened', closedAt: 'Closed', stage: 'Status' },
        ...{ department: 'Responsible_Agency', category: 'Category', address: 'Address' },
        ...{ lon: 'Longitude', lat: 'Latitude', channel: 'Source', description: 'Status_Notes' },
      },
    ],
    [
      'New York’s 311',
      'Unique_Key Created_Date Closed_Date Agency Agency_Name Complaint_Type Descriptor Incident_Address Status Latitude Longitude Open_Data_Channel_Type',
      {
        ...{ id: 'Unique_Key', reportedAt: 'Created_Date', closedAt: 'Closed_Date' },
        ...{ category: 'Complaint_Type', description: 'Descriptor', stage: 'Status' },
        ...{ address: 'Incident_Address', lon: 'Longitude', lat: 'Latitude' },
        ...{ channel: 'Open_Data_Channel_Type', department: 'Agency' },
      },
    ],
    [
      'Boston’s 311',
      'case_enquiry_id open_dt closed_dt case_status case_title type department location latitude longitude source',
      {
        ...{ id: 'case_enquiry_id', reportedAt: 'open_dt', closedAt: 'closed_dt' },
        ...{ stage: 'case_status', category: 'type', department: 'department' },
        ...{ address: 'location', lon: 'longitude', lat: 'latitude', channel: 'source' },
      },
    ],
  ])('knows the names of %s', (_, header, wanted) => {
    const found = proposeIncidents(glimpsesOf(header.split(' '), []), null)
    expect(columnsOf(found)).toMatchObject(wanted)
  })

  it('is sure where names and values agree, and no more where only one speaks', () => {
    const rows = [
      ['A-1', '2026年3月5日 8:30', '112.935', '28.175'],
      ['A-2', '2026年3月7日 9点05分', '112.921', '28.171'],
    ]
    const found = proposeIncidents(glimpsesOf(['编号', '上报时间', '经度', '纬度'], rows), null)
    for (const field of ['id', 'reportedAt', 'lon', 'lat'])
      expect(confidenceOf(found, field), field).toBe('sure')
    const like = proposeIncidents(glimpsesOf(['本市编号', '市民来电受理的时间'], rows), null)
    expect([confidenceOf(like, 'id'), confidenceOf(like, 'reportedAt')]).toEqual([
      'likely',
      'likely',
    ])
  })

  it('guesses unnamed columns by their values and the city’s box', () => {
    const rows = Array.from({ length: 20 }, (_, n) => [
      `c${n}`,
      `2026-03-0${1 + (n % 9)} 08:30`,
      `112.9${n}`,
      `28.1${n}`,
    ])
    const found = proposeIncidents(
      glimpsesOf(['a', 'b', 'c', 'd'], rows),
      [112.6, 27.9, 113.4, 28.6],
    )
    expect(columnsOf(found)).toEqual({ id: 'a', reportedAt: 'b', lon: 'c', lat: 'd' })
    expect(new Set(Object.values(found).map((one) => one.confidence))).toEqual(new Set(['guess']))
  })

  it('takes no column whose values the importer would refuse', () => {
    const header = ['编号', '严重程度', '上报时间']
    const found = proposeIncidents(
      glimpsesOf(header, [
        ['7', '一般', '张三'],
        ['7', '紧急', '李四'],
      ]),
      null,
    )
    expect(columnsOf(found)).toEqual({})
  })

  it.each([
    ['案件编号 大类 小类', { category: ['大类', '小类'] }],
    ['id 问题大类名称 小类名称 描述', { category: ['问题大类名称', '小类名称'] }],
    ['id category subcategory', { category: ['category', 'subcategory'] }],
    ['id 大类名称', { category: '大类名称' }],
    ['id category', { category: 'category' }],
    ['id 小类', { category: '小类' }],
  ])('takes the branch before the leaf in %s', (header, wanted) => {
    const found = proposeIncidents(glimpsesOf(header.split(' '), []), null)
    expect(mappedBy(found)).toMatchObject(wanted)
  })

  it('gives each column to one field', () => {
    const header = '时间 日期 类型 类别 状态 编号 案件编号 地址 位置 描述 内容'.split(' ')
    const columns = Object.values(columnsOf(proposeIncidents(glimpsesOf(header, []), null)))
    expect(new Set(columns).size).toBe(columns.length)
  })
})

describe('proposeAreas', () => {
  it.each([
    ['网格编码 网格名称 所属社区编码 户数', ['网格编码', '网格名称', '所属社区编码', '户数']],
    ['OBJECTID geoid name parent_code households', ['geoid', 'name', 'parent_code', 'households']],
    ['BM MC SJBM', ['BM', 'MC', 'SJBM', undefined]],
  ])('knows %s', (header, [code, name, parent, households]) => {
    const found = columnsOf(proposeAreas(glimpsesOf(header.split(' '), [])))
    expect([found.code, found.name, found.parent, found.households]).toEqual([
      ...[code, name, parent, households],
    ])
  })

  it.each([
    ['岳麓区单元网格.zip', 'grid'],
    ['社区边界.geojson', 'community'],
    ['subdistricts.kml', 'subdistrict'],
    ['map.zip', null],
  ])('tells the level of %s', (name, level) => {
    expect(proposeLevel([name])).toBe(level)
  })
})

describe('proposeValues', () => {
  it('knows all leaves of a new city by code and by both names', () => {
    expect(leaves).toHaveLength(69)
    for (const key of ['code', 'nameZh', 'nameEn'] as const) {
      const values = leaves.map((leaf) => leaf[key])
      const found = proposeValues(values, leaves)
      expect(found.map(({ code }) => code)).toEqual(leaves.map(({ code }) => code))
      expect(new Set(found.map(({ confidence }) => confidence))).toEqual(new Set(['sure']))
    }
  })

  it.each([
    ['井盖', 'manhole_cover', 'likely'],
    ['路灯损坏（含不亮）', 'street_light', 'likely'],
    ['STREET-LIGHTS', 'street_light', 'sure'],
    // waste that may be bulky, dumped or exposed
    ['垃圾', null, null],
    ['dog', null, null],
    ['', null, null],
  ])('takes %j for %j', (value, code, confidence) => {
    expect(proposeValues([value], leaves)).toEqual([{ value, code, confidence }])
  })
})

describe('proposeJoined', () => {
  const word = (code: string, nameZh: string, ...branches: string[]): CityWord => ({
    ...{ code, nameZh, nameEn: code, branches },
  })
  const words = [
    word('other_street', '其他街面问题', '街面秩序'),
    word('other_light', '其他照明问题', '公用设施'),
    word('exposed_garbage', '暴露垃圾', '市容环境'),
  ]
  it.each([
    ['街面秩序 / 其他', 'other_street'],
    ['公用设施 / 其他', 'other_light'],
    ['没有的大类 / 暴露垃圾', 'exposed_garbage'],
    ['没有的大类 / 其他', null],
    // a row without its branch
    ['暴露垃圾', 'exposed_garbage'],
  ])('finds the leaf of %s in its branch first', (value, code) => {
    expect(proposeJoined([value], words)).toMatchObject([{ value, code }])
  })
})

describe('proposeStages', () => {
  it.each([
    ['已结案', 'closed'],
    ['Closed', 'closed'],
    ['处置中', 'dispatched'],
    ['In Progress', 'dispatched'],
    ['待派遣', 'filed'],
    ['不予受理', 'rejected'],
    ['待核查', 'handled'],
    ['谜', null],
  ])('takes %s for %s', (value, code) => {
    expect(proposeStages([value])[0]?.code).toBe(code)
  })
})

describe('proposeSource', () => {
  it.each([
    ['311_cases_2026-03.csv', 'cases'],
    ['311_cases_2026-04.csv.gz', 'cases'],
    ['2026年3月台账.xlsx', 'ledger'],
  ])('is the same for the files of all months: %s', (name, source) => {
    expect(proposeSource(name)).toBe(source)
  })
})
