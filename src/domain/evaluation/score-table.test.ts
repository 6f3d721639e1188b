import { expect, it } from 'vitest'
import { checkFormula } from './check.ts'
import type { NamedValue } from './evaluate.ts'
import { judgeScores } from './score-interval.ts'
import { scoreTable } from './score-table.ts'

it('holds each score with its limits, its parts and the figures behind them', () => {
  const names = new Map(['closing_in_time', 'repeat_places'].map((name) => [name, name]))
  const checked = checkFormula('closing_in_time × 100 − repeat_places', names)
  if (!('formula' in checked)) throw new Error('the formula is right')
  const values = (done: number, due: number): Map<string, NamedValue> =>
    new Map<string, NamedValue>([
      ['closing_in_time', { numerator: done, denominator: due }],
      ['repeat_places', { value: 2 }],
    ])
  const rows = judgeScores(checked.formula, [
    { key: 'a', values: values(18, 20) },
    { key: 'b', values: values(1, 2) },
  ]).map((row) => ({ ...row, name: `=${row.key} 街道`, note: row.key === 'a' ? '组长' : '' }))
  const table = scoreTable(rows, {
    ...{ rank: 'Rank', who: 'Who', score: 'Score', low: 'Low', high: 'High' },
    ...{ of: (name: string) => `of ${name}`, title: (name: string) => name.toUpperCase() },
  })
  expect(table.header).toEqual([
    ...['Rank', 'Who', 'Score', 'Low', 'High', 'closing_in_time × 100', 'repeat_places'],
    ...['CLOSING_IN_TIME', 'of closing_in_time', 'REPEAT_PLACES'],
  ])
  const [a, b] = table.rows
  expect(a).toEqual([
    ...['1', '=a 街道 · 组长', 88, expect.any(Number), expect.any(Number)],
    ...[90, -2, 18, 20, 2],
  ])
  // too few to rank, and never last
  expect(b!.slice(0, 3)).toEqual([null, '=b 街道', 48])
  expect(table.rows.every((row) => row.length === table.header.length)).toBe(true)
})
