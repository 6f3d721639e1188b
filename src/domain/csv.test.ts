import { describe, expect, it } from 'vitest'
import { csvFromTable } from './csv.ts'

describe('csvFromTable', () => {
  it('quotes what needs it, keeps numbers and leaves missing values empty', () => {
    const text = csvFromTable(
      ['区域', 'n'],
      [
        ['a,"b"\nc', 3],
        ['d', null],
      ],
    )
    expect(text).toBe('\uFEFF区域,n\r\n"a,""b""\nc",3\r\nd,\r\n')
  })

  it('disarms cells that a spreadsheet would run', () => {
    const text = csvFromTable(['x'], [['=HYPERLINK("a")'], ['+1'], ['-2'], ['@x'], ['＝1'], [-2]])
    expect(text.split('\r\n').slice(1, 7)).toEqual([
      `"'=HYPERLINK(""a"")"`,
      `'+1`,
      `'-2`,
      `'@x`,
      `'＝1`,
      '-2',
    ])
  })
})
