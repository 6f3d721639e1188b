import { describe, expect, it } from 'vitest'
import { checkFormula } from './check.ts'
import { formulaExamples } from './examples.ts'
import { boards, renameIn, scoreNames, valuesFromWire, type WireValues } from './names.ts'
import { judgeScores } from './score-interval.ts'

const names = new Map(['done', 'rework', 'places', 'idle'].map((name) => [name, name]))
const read = (text: string) => {
  const result = checkFormula(text, names)
  if ('fault' in result) throw new Error(JSON.stringify(result.fault))
  return result.formula
}
const judged = (text: string, rows: Record<string, WireValues>) =>
  judgeScores(
    read(text),
    Object.entries(rows).map(([key, values]) => ({ key, values: valuesFromWire(values) })),
  )

describe('a formula to be saved', () => {
  it.each([
    ['done / 0', '1:6 division-by-zero'],
    ['1 +\ndone ÷ (2 − 2)', '2:6 division-by-zero'],
    ['if(done > 1 / (3 - 3), 1, 2)', '1:13 division-by-zero'],
    ['score + 1', '1:1 loops'],
    ['done + other', '1:8 unknown-name'],
  ])('%j is refused: %s', (text, expected) => {
    const result = checkFormula(text, names)
    const fault = 'fault' in result ? result.fault : null
    expect(fault && `${fault.line}:${fault.column} ${fault.code}`).toBe(expected)
  })

  it('may divide by what is zero for some alone', () => {
    expect(checkFormula('done ÷ places', names)).toHaveProperty('formula')
  })

  it('is renamed word by word, and back', () => {
    const words = new Map([
      ['done', '\u5904\u7f6e\u7387'],
      ['rework', '\u8fd4\u5de5\u7387'],
    ])
    const back = new Map([...words].map(([key, word]) => [word, key]))
    const text = '30 × done\n+ min(1, (rework)) − done'
    const shown = renameIn(text, words)
    expect(shown).toBe(
      '30 × \u5904\u7f6e\u7387\n+ min(1, (\u8fd4\u5de5\u7387)) − \u5904\u7f6e\u7387',
    )
    expect(renameIn(shown, back)).toBe(text)
    expect(renameIn('done ;', words)).toBe('done ;')
  })

  it('ships for every board, with names of the board', () => {
    for (const board of boards) {
      const known = new Map(scoreNames[board].map((name) => [name as string, name as string]))
      const own = formulaExamples.filter((one) => one.boards.includes(board))
      expect(own.length).toBeGreaterThan(0)
      for (const { formula } of own) expect(checkFormula(formula, known)).toHaveProperty('formula')
    }
    // no board counts reports
    expect(Object.values(scoreNames).flat()).not.toContain('reported')
  })
})

describe('scores', () => {
  it('of one rate have Wilson’s interval; plain numbers are exact', () => {
    const [one] = judged('100 × done − places', { a: { done: [737, 972], places: 3 } })
    // 75.82 % [73.0, 78.4], as domain facts have it
    expect(one!.score).toBeCloseTo(72.8230453, 6)
    expect(one!.low).toBeCloseTo(73.0 - 3, 0)
    expect(one!.high).toBeCloseTo(78.4 - 3, 0)
    expect(one!.least).toBe(972)
  })

  it('join the limits of several rates by their squares', () => {
    const values: WireValues = { done: [80, 100], rework: [10, 50] }
    const [both] = judged('50 × done + 20 × (1 − rework)', { a: values })
    const [first] = judged('50 × done', { a: values })
    const [second] = judged('20 × (1 − rework)', { a: values })
    const half = (one: typeof first) => one!.score! - one!.low!
    expect(half(both)).toBeCloseTo(Math.hypot(half(first), half(second)), 12)
  })

  it('are ranked where they rest on ten, the others after them with what is missing', () => {
    const rows = judged('100 × done', {
      few: { done: [9, 9] },
      none: { done: [0, 0] },
      low: { done: [20, 100] },
      // 12 of 13 and 13 of 13 tie
      ...{ most: { done: [12, 13] }, all: { done: [13, 13] } },
    })
    expect(
      rows.map(({ key, rank, reason }) => [key, rank && [rank.best, rank.worst], reason?.code]),
    ).toEqual([
      ['all', [1, 2], undefined],
      ['most', [1, 2], undefined],
      ['low', [3, 3], undefined],
      ['few', null, undefined],
      ['none', null, 'nothing-due'],
    ])
  })

  it('do not rest on a rate in a branch that is not taken', () => {
    const [one] = judged('if(places > 0, done, idle)', {
      a: { places: 1, done: [5, 10], idle: [0, 3] },
    })
    expect(one).toMatchObject({ score: 0.5, least: 10, rank: { best: 1, worst: 1 } })
  })
})
