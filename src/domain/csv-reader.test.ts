import fc from 'fast-check'
import Papa from 'papaparse'
import { describe, expect, it } from 'vitest'
import { CsvReader, maxFieldCharacters } from './csv-reader.ts'
import type { CsvRow } from './csv-reader.ts'

function read(text: string, chunk = text.length || 1): CsvRow[] {
  const reader = new CsvReader()
  const rows: CsvRow[] = []
  for (let i = 0; i < text.length; i += chunk) rows.push(...reader.push(text.slice(i, i + chunk)))
  rows.push(...reader.end())
  return rows
}
const fields = (rows: CsvRow[]): string[][] => rows.map((row) => row.fields)

describe('CsvReader', () => {
  it('counts physical lines through quoted line breaks and blank lines', () => {
    const rows = read('a,b\r\n"1\r\n2",x\r\n\r\n3,"say ""hi"", you"\n')
    expect(fields(rows)).toEqual([
      ['a', 'b'],
      ['1\r\n2', 'x'],
      ['3', 'say "hi", you'],
    ])
    expect(rows.map(({ line, endLine }) => [line, endLine])).toEqual([
      [1, 1],
      [2, 3],
      [5, 5],
    ])
    expect(rows.every(({ fault }) => fault === null)).toBe(true)
  })

  it('reads back whatever another library writes, cut into chunks of any size', () => {
    const cell = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r\n', ' ', '网', '') })
    const table = fc.integer({ min: 1, max: 4 }).chain((columns) =>
      fc.array(fc.array(cell, { minLength: columns, maxLength: columns }), {
        minLength: 1,
        maxLength: 6,
      }),
    )
    fc.assert(
      fc.property(table, fc.integer({ min: 1, max: 7 }), (rows, chunk) => {
        const text = Papa.unparse(rows, { quotes: true })
        expect(fields(read(text, chunk))).toEqual(rows)
      }),
    )
  })

  it('reports rows with too few or too many fields and goes on', () => {
    const rows = read('a,b\n1\n1,2,3\n1,2\n')
    expect(rows.map(({ fault }) => fault?.code ?? null)).toEqual([
      null,
      'field_count',
      'field_count',
      null,
    ])
  })

  it('tells a file cut off in the middle of a row', () => {
    expect(read('a,b,c\n1,2,3\n4,5').at(-1)).toMatchObject({
      line: 3,
      fault: { code: 'truncated_row' },
    })
  })

  it('reports a quote that is never closed on the line that opened it, without keeping the rest', () => {
    const rows = read(
      `a,b\n1,2\n3,"open\n${'x'.repeat(100)}\n`.concat('y,z\n'.repeat(100_000)),
      4096,
    )
    expect(rows).toHaveLength(3)
    expect(rows[2]).toMatchObject({ line: 3, endLine: 100_005, fault: { code: 'truncated_row' } })
    expect(rows[2]?.fields.join('').length).toBeLessThanOrEqual(maxFieldCharacters)
  })

  it('reports a field of a million characters and keeps its neighbours', () => {
    const rows = read(`a,b\n1,${'x'.repeat(1_000_000)}\n2,ok\n`, 65_536)
    expect(rows[1]).toMatchObject({
      line: 2,
      fault: { code: 'field_too_long', detail: 'field 2 has 1000000 characters' },
    })
    expect(rows[2]).toMatchObject({ fields: ['2', 'ok'], fault: null })
  })

  it('reports text after a closing quote', () => {
    expect(read('a,b\n"1"x,2\n')[1]?.fault?.code).toBe('bad_quoting')
  })
})
