import { describe, expect, it } from 'vitest'
import { csvTable } from './csv-table.ts'
import { guessColumns, readSurveyMapping, type SurveyMapping } from './mapping.ts'
import { poolWaves } from './pool.ts'
import { readSurvey } from './survey-payload.ts'

const survey = { code: 'own', nameZh: 'x', nameEn: 'Own' }
const scale = { least: 1, most: 5 }
const mappingOf = (rest: object): SurveyMapping => {
  const read = readSurveyMapping({ survey, scale, ...rest })
  if ('faults' in read) throw new Error(read.faults.join('; '))
  return read.mapping
}
const bytes = (text: string) => new TextEncoder().encode(text)

describe('a mapping', () => {
  it.each([
    [{ waves: { area: 'a', period: 'p', item: 'i' } }, 'waves.n'],
    [{}, 'either waves or answers'],
    [{ scale: { least: 5, most: 1 }, answers: { area: 'a', period: 'p', items: [] } }, 'scale'],
    [{ survey: { ...survey, code: 'Own survey' } }, 'survey.code'],
    [{ more: 1 }, 'more'],
  ])('%j is refused with its place', (rest, place) => {
    const read = readSurveyMapping({ survey, scale, ...rest })
    expect('faults' in read && read.faults.join('; ')).toContain(place)
  })

  it('is guessed from usual headers', () => {
    const header = 'survey,area_id,period,item,item_zh,n,mean,sd,pct_satisfied,pct_dissatisfied'
    expect(guessColumns(header.split(','))).toEqual({
      ...{ area: 'area_id', period: 'period', item: 'item', n: 'n', mean: 'mean', sd: 'sd' },
      ...{ satisfiedPercent: 'pct_satisfied', dissatisfiedPercent: 'pct_dissatisfied' },
      nameZh: 'item_zh',
    })
  })
})

describe('a file', () => {
  it.each([
    ['a,b\n1,2\n', { header: ['a', 'b'], rows: [{ line: 2, cells: { a: '1', b: '2' } }] }],
    [
      '\uFEFFa;b\r\n\r\n"1\n2";3',
      { header: ['a', 'b'], rows: [{ line: 3, cells: { a: '1\n2', b: '3' } }] },
    ],
    ['a,b\n', { fault: 'empty' }],
    ['a,b\n1,2\n1,2,3\n', { fault: 'columns', line: 3 }],
  ])('%j is read', (text, expected) => {
    expect(csvTable(bytes(text), 'utf-8')).toEqual(expected)
  })

  it('in another encoding is told with its line', () => {
    const file = new Uint8Array([...bytes('a\nx\n'), 0xc9, 0xe7, 10])
    expect(csvTable(file, 'utf-8')).toEqual({ fault: 'encoding', line: 3 })
    expect(csvTable(file, 'gb18030')).toMatchObject({ rows: [{}, { cells: { a: '\u793e' } }] })
  })

  it('becomes columns with items, names and shares', () => {
    const mapping = mappingOf({
      items: { parks: { nameEn: 'Parks', category: 'trees' } },
      waves: {
        ...{ area: 'a', period: 'p', item: 'i', n: 'n', nameZh: 'z' },
        ...{ satisfiedPercent: 's', importantPercent: 'm' },
      },
    })
    const cells = { a: 'A', p: '2026-03', i: 'parks', n: '40', s: '50', m: '20', z: 'Z' }
    const read = readSurvey('f.csv', Object.keys(cells), [{ line: 7, cells }], mapping, () => true)
    expect('payload' in read && read.payload).toEqual({
      ...{ survey, file: 'f.csv' },
      items: [
        {
          ...{ code: 'parks', nameZh: 'Z', nameEn: 'Parks', categoryCode: 'trees', sense: null },
          ...scale,
        },
      ],
      rows: {
        ...{ line: [7], area: ['A'], month: ['2026-03'], item: ['parks'], n: [40], mean: [null] },
        ...{ sd: [null], satisfied: [0.5], dissatisfied: [null], important: [0.2] },
      },
    })
  })
})

describe('several areas as one', () => {
  const rowOf = (values: number[]) => {
    const n = values.length
    const mean = values.reduce((sum, value) => sum + value, 0) / n
    const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
    return {
      ...{ areaCode: 'A', period: '2026-03', item: 'x', n, mean },
      sd: n < 2 ? null : Math.sqrt(squares / (n - 1)),
      satisfied: values.filter((value) => value >= 4).length / n,
      dissatisfied: null,
    }
  }
  it('have the mean, deviation and share of all their answers', () => {
    const [first, second, third] = [[5, 4, 1, 2], [3, 3, 5], [4]]
    const pooled = poolWaves([first!, second!, third!].map(rowOf), 'all')!
    const whole = rowOf([...first!, ...second!, ...third!])
    expect(pooled.n).toBe(8)
    expect(pooled.mean).toBeCloseTo(whole.mean, 12)
    expect(pooled.sd).toBeCloseTo(whole.sd!, 12)
    expect(pooled.satisfied).toBeCloseTo(whole.satisfied, 12)
    expect(pooled.dissatisfied).toBeNull()
    expect(poolWaves([], 'all')).toBeNull()
  })
})
