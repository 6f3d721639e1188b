import { describe, expect, it } from 'vitest'
import { readAnswers, type AnswerMapping } from './answers.ts'
import { compareWaves } from './compare-waves.ts'
import type { SourceRow } from './fault.ts'
import { readWaves, type WaveMapping } from './waves.ts'

const header = 'area_id,period,item,n,mean,sd,pct_satisfied,pct_dissatisfied,asked'.split(',')
const rowsOf = (columns: string[], ...lines: string[]): SourceRow[] =>
  lines.map((text, at) => {
    const values = text.split(',')
    return {
      line: at + 2,
      cells: Object.fromEntries(columns.map((name, i) => [name, values[i] ?? ''])),
    }
  })
const mapping: WaveMapping = {
  ...{ area: 'area_id', period: 'period', item: 'item', n: 'n', mean: 'mean', sd: 'sd' },
  ...{ satisfiedPercent: 'pct_satisfied', dissatisfiedPercent: 'pct_dissatisfied', asked: 'asked' },
  scale: { least: 1, most: 5 },
}
const isArea = (code: string): boolean => ['KC-CD1', 'KC-CD2'].includes(code)
const hotline = 'KC-CD1,2021-09,hotline_311,133,3.3759,0.9739,54.1353,15.7895'
const read = (...lines: string[]) => readWaves(header, rowsOf(header, ...lines), mapping, isArea)
const told = (...lines: string[]): string[] =>
  read(...lines).faults.map(({ line, code, column, value }) => `${line} ${code} ${column} ${value}`)

describe('aggregated waves', () => {
  it('are read by the mapping', () => {
    expect(read(hotline).rows).toEqual([
      {
        ...{ areaCode: 'KC-CD1', period: '2021-09', item: 'hotline_311', n: 133, mean: 3.3759 },
        ...{ sd: 0.9739, satisfied: 54.1353 / 100, dissatisfied: 15.7895 / 100 },
      },
    ])
    const areaCodes = new Map([['First', 'KC-CD1']])
    const renamed = rowsOf(header, hotline.replace('KC-CD1', 'First'))
    const { rows } = readWaves(header, renamed, { ...mapping, areaCodes }, isArea)
    expect(rows![0]!.areaCode).toBe('KC-CD1')
  })

  it.each([
    ['KC-CD9,2021-09,parks,10', 'unknown-area area_id KC-CD9'],
    ['KC-CD1,autumn,parks,10', 'no-period period autumn'],
    ['KC-CD1,2021-13,parks,10', 'no-period period 2021-13'],
    ['KC-CD1,2021-09,,10', 'no-item item '],
    ['KC-CD1,2021-09,parks,-1', 'bad-count n -1'],
    ['KC-CD1,2021-09,parks,1.5', 'bad-count n 1.5'],
    ['KC-CD1,2021-09,parks,', 'bad-count n '],
    ['KC-CD1,2021-09,parks,10,8.1', 'outside-scale mean 8.1'],
    ['KC-CD1,2021-09,parks,10,3,9', 'outside-scale sd 9'],
    ['KC-CD1,2021-09,parks,10,1e0', 'no-number mean 1e0'],
    ['KC-CD1,2021-09,parks,10,,,101', 'bad-percent pct_satisfied 101'],
    ['KC-CD1,2021-09,parks,10,,,60,60', 'percents-over-100 pct_dissatisfied 60'],
    ['KC-CD1,2021-09,parks,10,,,,,9', 'fewer-asked-than-answers asked 9'],
    [hotline, 'duplicate item hotline_311'],
  ])('refuse %s, and then hold nothing', (line, fault) => {
    expect(told(hotline, line)).toEqual([`3 ${fault}`])
    expect(read(hotline, line).rows).toBeNull()
  })

  it('name every fault, and the columns that are missing', () => {
    expect(told('KC-CD9,2021-09,,x', hotline)).toHaveLength(3)
    const { faults } = readWaves(['area_id'], [], mapping, isArea)
    expect(faults.map(({ column }) => column)).toContain('pct_satisfied')
  })
})

describe('single answers', () => {
  const columns = ['who', 'area', 'day', 'happy', 'safe']
  const item = (column: string, most: number) => ({
    ...{ column, item: column, scale: { least: most === 10 ? 0 : 1, most } },
    ...{ satisfiedFrom: most - 1, dissatisfiedTo: 2, unknown: ['dk'] },
  })
  const answers: AnswerMapping = {
    ...{ area: 'area', period: 'day', respondent: 'who' },
    items: [item('happy', 5), item('safe', 10)],
  }
  const of = (...lines: string[]) =>
    readAnswers(columns, rowsOf(columns, ...lines), answers, isArea)

  it('add up to waves on the scale of each item, without those who do not know', () => {
    const { rows } = of(
      '1,KC-CD1,2026-03-01,5,9',
      '2,KC-CD1,2026-03-30,2,dk',
      '3,KC-CD1,2026-03,4,',
    )
    expect(rows).toEqual([
      {
        ...{ areaCode: 'KC-CD1', period: '2026-03', item: 'happy', n: 3, mean: 11 / 3 },
        ...{ sd: Math.sqrt(7 / 3), satisfied: 2 / 3, dissatisfied: 1 / 3 },
      },
      {
        ...{ areaCode: 'KC-CD1', period: '2026-03', item: 'safe', n: 1, mean: 9, sd: null },
        ...{ satisfied: 1, dissatisfied: 0 },
      },
    ])
  })

  it('refuse another scale, words, and the same respondent twice', () => {
    const { rows, faults } = of(
      '1,KC-CD1,2026-03,7,7',
      '1,KC-CD2,2026-03,good,3',
      '2,X,2026-03,1,11',
    )
    expect(rows).toBeNull()
    expect(faults.map(({ line, code, column }) => `${line} ${code} ${column}`)).toEqual([
      ...['2 outside-scale happy', '3 duplicate who', '3 no-number happy'],
      ...['4 unknown-area area', '4 outside-scale safe'],
    ])
  })
})

describe('two waves', () => {
  const wave = (n: number, mean: number | null, satisfied: number | null) => ({
    ...{ areaCode: 'KC-CD1', period: '2021-09', item: 'x', n, mean, sd: mean === null ? null : 1 },
    ...{ satisfied, dissatisfied: null },
  })

  it('are compared by means and by shares, with intervals', () => {
    // Newcombe's example (a) the other way round: 56 of 70 and 48 of 80.
    const { mean, satisfied } = compareWaves(wave(80, 3, 48 / 80), wave(70, 3.5, 56 / 70))
    expect(satisfied.low).toBeCloseTo(0.0524, 4)
    expect(satisfied.high).toBeCloseTo(0.3339, 4)
    const half = 1.959963984540054 * Math.sqrt(1 / 70 + 1 / 80)
    expect([mean.difference, mean.low, mean.high]).toEqual([0.5, 0.5 - half, 0.5 + half])
  })

  it('say nothing where a figure or answers are missing', () => {
    const nothing = { difference: null, low: null, high: null }
    expect(compareWaves(wave(29, 3, null), wave(70, 3.5, 0.5))).toEqual({
      ...{ mean: nothing, satisfied: nothing },
    })
    expect(compareWaves(wave(0, null, 0), wave(70, 3.5, 0.5)).satisfied).toEqual(nothing)
  })
})
