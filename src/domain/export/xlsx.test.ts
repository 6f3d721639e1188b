import readSheets from 'read-excel-file/node'
import { describe, expect, it } from 'vitest'
import { xlsxFile } from './xlsx.ts'

const read = async (file: Blob) => readSheets(Buffer.from(await file.arrayBuffer()))

describe('xlsxFile', () => {
  it('opens with its sheets, Chinese, numbers and local times, and texts that look like formulas as texts', async () => {
    const file = xlsxFile([
      { name: '说明', rows: [['城市', '浦东 & "新区" <1>']] },
      {
        name: '事项',
        header: ['编号', '时间', '数'],
        widths: [12, 18, 8],
        rows: [
          ['2026-000001', { wall: Date.UTC(2026, 0, 31, 8, 30) / 60_000 }, 1.5],
          ['=1+1', null, null],
          ['-2+3\u0000\ud800 垃圾\n第二行', null, 0],
        ],
      },
    ])
    expect(await read(file)).toEqual([
      { sheet: '说明', data: [['城市', '浦东 & "新区" <1>']] },
      {
        sheet: '事项',
        data: [
          ['编号', '时间', '数'],
          ['2026-000001', new Date('2026-01-31T08:30:00Z'), 1.5],
          ['=1+1', null, null],
          ['-2+3\ufffd 垃圾\n第二行', null, 0],
        ],
      },
    ])
  })

  it('holds many rows', async () => {
    const rows = Array.from({ length: 12_345 }, (_, n) => [`第${n}件`, n])
    const [sheet] = await read(xlsxFile([{ name: 'a', rows }]))
    expect(sheet!.data).toHaveLength(12_345)
    expect(sheet!.data.at(-1)).toEqual(['第12344件', 12_344])
  })
})
