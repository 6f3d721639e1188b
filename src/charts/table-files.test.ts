import readSheets from 'read-excel-file/node'
import { expect, it } from 'vitest'
import { csvFile, workbook } from './table-files.ts'

const file = {
  ...{ header: ['区域', '满意'], rows: [['=HYPERLINK("http://x")', 0.9] as (string | number)[]] },
  ...{ about: ['网格市 2026年10月', '+1+1'], sheet: '数据', aboutSheet: '说明' },
}

it('a workbook opens with Chinese intact, and text of people is text', async () => {
  const read = await readSheets(Buffer.from(await (await workbook(file)).arrayBuffer()))
  expect(read).toEqual([
    {
      sheet: '数据',
      data: [
        ['区域', '满意'],
        ['=HYPERLINK("http://x")', 0.9],
      ],
    },
    { sheet: '说明', data: [['网格市 2026年10月'], ['+1+1']] },
  ])
})

it('a CSV holds the same, and a spreadsheet runs none of it', async () => {
  const bytes = await csvFile(file).text()
  expect(bytes.replace('\uFEFF', '').split('\r\n')).toEqual([
    ...['区域,满意', `"'=HYPERLINK(""http://x"")",0.9`, '', '网格市 2026年10月', "'+1+1", ''],
  ])
})
