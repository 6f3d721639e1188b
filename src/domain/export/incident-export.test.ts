import readSheets from 'read-excel-file/node'
import { describe, expect, it } from 'vitest'
import { exportColumns, exportFile, type ExportFacts, type ExportRow } from './incident-export.ts'

const row: ExportRow = {
  number: '2026-000001',
  category: '违停',
  stage: 'Closed',
  onHold: '',
  severity: 2,
  within: 'N',
  area: '第一网格',
  areaCode: '010203',
  department: '',
  description: '=HYPERLINK("http://x","路边垃圾")',
  address: '人民路 1 号, 门口',
  reportedAt: '2026-03-31T16:30:00+00:00',
  closedAt: null,
  hours: null,
  channel: 'app',
  lon: 121.5,
  lat: 31.25,
  generated: '',
  id: '00000000-0000-4000-8000-000000000001',
}
const facts: ExportFacts = {
  timeZone: 'Asia/Shanghai',
  columnWord: (column) => `<${column}>`,
  sheets: { about: '说明', rows: '事项' },
  about: [
    ['城市', '上海'],
    ['筛选', '=1+1'],
  ],
  parameters: { city: '上海', filter: { from: 'all' } },
}

describe('exportFile', () => {
  it('writes CSV with a byte-order mark, the city’s time and no formula', async () => {
    const bytes = new Uint8Array(await exportFile('csv', [row], facts).arrayBuffer())
    expect([...bytes.subarray(0, 3)]).toEqual([0xef, 0xbb, 0xbf])
    const [header, line, rest] = new TextDecoder().decode(bytes).split('\r\n')
    expect(header).toBe(exportColumns.map((column) => `<${column}>`).join(','))
    expect(line).toContain(
      `"'=HYPERLINK(""http://x"",""路边垃圾"")","人民路 1 号, 门口",2026-04-01 00:30,,,app,121.5,31.25`,
    )
    expect(rest).toBe('')
  })

  it('writes a workbook that says filter and as-of first', async () => {
    const file = exportFile('xlsx', [row, { ...row, closedAt: row.reportedAt, hours: 0 }], facts)
    const [about, rows] = await readSheets(Buffer.from(await file.arrayBuffer()))
    expect(about).toEqual({
      sheet: '说明',
      data: [
        ['城市', '上海'],
        ['筛选', '=1+1'],
      ],
    })
    expect(rows!.sheet).toBe('事项')
    const [, open, closed] = rows!.data
    expect(open![exportColumns.indexOf('description')]).toBe(row.description)
    expect(open![exportColumns.indexOf('areaCode')]).toBe('010203')
    // A day's fraction in binary: to the second, as spreadsheets show it.
    const reported = open![exportColumns.indexOf('reportedAt')] as unknown as Date
    expect(Math.round(reported.getTime() / 1000) * 1000).toBe(Date.parse('2026-04-01T00:30:00Z'))
    expect(open![exportColumns.indexOf('closedAt')]).toBe(null)
    expect(closed![exportColumns.indexOf('hours')]).toBe(0)
  })

  it('writes GeoJSON of points with the filter', async () => {
    const text = await exportFile('geojson', [row, row], facts).text()
    const { features, wangge } = JSON.parse(text)
    expect(wangge).toEqual(facts.parameters)
    expect(features).toHaveLength(2)
    expect(features[0].geometry).toEqual({ type: 'Point', coordinates: [121.5, 31.25] })
    expect(features[0].properties).toMatchObject({
      number: '2026-000001',
      reportedAt: row.reportedAt,
    })
    expect(JSON.parse(await exportFile('geojson', [], facts).text()).features).toEqual([])
  })
})
