import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import english from '../../locales/en/evaluation.json' with { type: 'json' }
import chinese from '../../locales/zh-CN/evaluation.json' with { type: 'json' }
import { compareRankings } from './compare-rankings.ts'
import { evaluateFormula, type NamedValue } from './evaluate.ts'
import { formulaExamples } from './examples.ts'
import { isFreeName, parseFormula } from './parse.ts'
import { longestFormula } from './tokens.ts'
import { versionOn, type FormulaVersion } from './versions.ts'
import { exampleKey, faultKey, reasonKey, smallWordsKey, surveyFaultKey } from './words.ts'

const data = new Map<string, NamedValue>([
  ['a', { value: 2 }],
  ['b', { value: 5 }],
  ['none', { value: 0 }],
  ['rate', { numerator: 737, denominator: 972 }],
  ['idle', { numerator: 0, denominator: 0 }],
])
const names = new Map(
  [...data.keys(), 'absent', '按期率'].map((name) => [name, name === '按期率' ? 'rate' : name]),
)
const parsed = (text: string, known = names) => {
  const result = parseFormula(text, known)
  if ('fault' in result) throw new Error(JSON.stringify(result.fault))
  return result.formula
}
const scoreOf = (text: string) => evaluateFormula(parsed(text), data)
const faultOf = (text: string) => {
  const result = parseFormula(text, names)
  if (!('fault' in result)) return null
  const { line, column, code, near } = result.fault
  return `${line}:${column} ${code} ${near}`.trim()
}

describe('a formula', () => {
  it.each([
    ['1 + 2 * 3', 7],
    ['(1 + 2) × 3', 9],
    ['8 ÷ 4 / 2', 1],
    ['8 - 4 − 2', 2],
    ['-a * b', -10],
    ['2 - -3', 5],
    ['30%', 0.3],
    ['min(a, b, 3)', 2],
    ['MAX(a，b)', 5],
    ['if(a < b, 10, 1 / none)', 10],
    ['where(a >= b, 10)', 0],
    ['if(a = 2 and b <> 5 or b ≥ 5, 1, 0)', 1],
    ['if(a > 2 or a > 3 and b > 0, 1, 0)', 0],
    ['100 × 按期率', (100 * 737) / 972],
    ['min(100, 90 + where(b ≥ 5, 3)) − 0.5 × b', 90.5],
    ['10000 × b ÷ a', 25000],
  ])('%s is %d', (text, value) => {
    expect(scoreOf(text).score).toBeCloseTo(value, 12)
  })

  it.each([
    ['', '1:1 empty'],
    [' \n ', '1:1 empty'],
    ['1 +', '1:4 value-expected'],
    ['1 2', '1:3 sign-expected 2'],
    ['1 +\n  * 2', '2:3 value-expected *'],
    ['(1 + 2', '1:1 not-closed ('],
    ['1 + 2)', '1:6 sign-expected )'],
    ['1 + unknown', '1:5 unknown-name unknown'],
    ['处置率 + 1', '1:1 unknown-name 处置率'],
    ['while(a, 1)', '1:1 unknown-function while'],
    ['if(a, 1, 2)', '1:5 comparison-expected ,'],
    ['if(a < 1, 2)', '1:1 wrong-arguments if'],
    ['where(a < 1, 2, 3)', '1:1 wrong-arguments where'],
    ['a < 1', '1:3 sign-expected <'],
    ['1.2.3', '1:1 bad-number 1.2.'],
    ['3x', '1:1 bad-number 3x'],
    ['a; b', '1:2 unknown-sign ;'],
    ['a + 😀', '1:5 unknown-sign 😀'],
    ['a = b', '1:3 sign-expected ='],
    ['a.constructor', '1:2 unknown-sign .'],
    ['constructor', '1:1 unknown-name constructor'],
    ['a'.repeat(longestFormula + 1), '1:1 too-long'],
  ])('%j is refused: %s', (text, fault) => {
    expect(faultOf(text)).toBe(fault)
  })

  it('of any depth never exhausts the stack', () => {
    for (const piece of ['(', '-', 'min(', 'if(1<(']) {
      const text = piece.repeat(Math.floor(longestFormula / piece.length))
      expect(faultOf(text)).toMatch(/too-deep/)
    }
    expect(faultOf(`${'('.repeat(40)}1${')'.repeat(40)}`)).toBeNull()
    expect(scoreOf(Array.from({ length: 999 }, () => '1').join('+')).score).toBe(999)
  })

  it('of any text gives a formula or a fault inside the text', () => {
    const piece = fc.constantFrom(
      'a',
      '1',
      '(',
      ')',
      '+',
      '÷',
      'if',
      ',',
      '<',
      ' ',
      '\n',
      '%',
      '😀',
    )
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join('')),
    )
    fc.assert(
      fc.property(text, (one) => {
        const result = parseFormula(one, names)
        if ('fault' in result) {
          const lines = one.split('\n')
          expect(result.fault.line).toBeLessThanOrEqual(lines.length)
          const width = [...(lines[result.fault.line - 1] ?? '')].length
          expect(result.fault.column).toBeLessThanOrEqual(width + 1)
          return
        }
        const { score, reason } = evaluateFormula(result.formula, data)
        expect(score === null ? reason !== null : Number.isFinite(score)).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  it('computes what JavaScript computes', () => {
    const { tree } = fc.letrec<{ tree: string }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 5 },
        fc.integer({ min: 0, max: 99 }).map(String),
        fc
          .tuple(tie('tree'), fc.constantFrom('+', '-', '*'), tie('tree'))
          .map(([left, sign, right]) => `(${left} ${sign} ${right})`),
        fc.tuple(tie('tree'), tie('tree')).map(([left, right]) => `min(${left}, ${right})`),
      ),
    }))
    fc.assert(
      fc.property(tree, (text) => {
        fc.pre(text.length <= longestFormula)
        const own = new Function('min', `return ${text}`) as (min: typeof Math.min) => number
        expect(scoreOf(text).score).toBe(own(Math.min))
      }),
    )
  })
})

describe('a score', () => {
  it.each([
    ['1 ÷ none', 'division-by-zero 1 ÷ none 1:3'],
    ['100 * idle', 'nothing-due idle 1:7'],
    ['a + absent', 'not-known absent 1:5'],
    [`${'9'.repeat(300)} * ${'9'.repeat(300)}`, 'too-large'],
  ])('of %s is not computable, with the reason', (text, expected) => {
    const { score, reason } = scoreOf(text)
    expect(score).toBeNull()
    expect(`${reason!.code} ${reason!.near} ${reason!.line}:${reason!.column}`).toContain(expected)
  })

  it('shows its summands with numerators and denominators', () => {
    const { parts, score } = scoreOf('30 × rate − 2 × (a + 1)\n+ 100 × idle')
    expect(score).toBeNull()
    expect(parts).toEqual([
      {
        ...{ text: '30 × rate', value: 30 * (737 / 972) },
        names: [{ name: 'rate', value: { numerator: 737, denominator: 972 } }],
      },
      { text: '2 × (a + 1)', value: -6, names: [{ name: 'a', value: { value: 2 } }] },
      {
        ...{ text: '100 × idle', value: null },
        names: [{ name: 'idle', value: { numerator: 0, denominator: 0 } }],
      },
    ])
  })

  it('has summands that add up to it', () => {
    const term = fc.constantFrom('a', '3 * b', '-a', '(a - b)', 'min(a, b)', 'rate ÷ 2')
    const more = fc.array(fc.tuple(fc.constantFrom('+', '-'), term), { maxLength: 8 })
    fc.assert(
      fc.property(term, more, (first, rest) => {
        const { score, parts } = scoreOf([first, ...rest.flat()].join(' '))
        expect(parts.reduce((sum, { value }) => sum + value!, 0)).toBeCloseTo(score!, 9)
      }),
    )
  })
})

describe('the examples', () => {
  const of = (key: string, values: [string, NamedValue][]) => {
    const { formula, names: own } = formulaExamples.find((one) => one.key === key)!
    const known = new Map(own.map((name) => [name, name]))
    return evaluateFormula(parsed(formula, known), new Map(values)).score
  }

  it('give the scores worked by hand', () => {
    const due = (numerator: number) => ({ numerator, denominator: 200 })
    const composite = of('composite', [
      ['handling', due(180)],
      ['handling_in_time', due(150)],
      ['rework', { numerator: 9, denominator: 180 }],
      ['overdue_pending', due(10)],
      ['extension', due(20)],
    ])
    // 27 + 15 + 19 + 19 + 9
    expect(composite).toBeCloseTo(89, 12)
    const answered = (numerator: number) => ({ numerator, denominator: 50 })
    const rates = of('three-rates', [
      ['responded', answered(50)],
      ['solved', answered(40)],
      ['satisfied', answered(45)],
    ])
    expect(rates).toBeCloseTo(89.5, 12)
  })
})

describe('words', () => {
  it('stand in both languages for every fault, reason and example met here', () => {
    const codes = ['', '1 +', '1 2', '(1', '3x', ';', 'x', 'f(1)', 'if(1, 1, 1)', 'if(1<2, 1)']
    const keys = codes.map((text) => {
      const result = parseFormula(text, names)
      return 'fault' in result ? faultKey(result.fault.code) : text
    })
    keys.push(
      ...(['1 ÷ none', '100 * idle', 'absent'] as const).map((text) =>
        reasonKey(scoreOf(text).reason!.code),
      ),
    )
    keys.push(...formulaExamples.map(({ key }) => exampleKey(key)))
    keys.push(surveyFaultKey('duplicate'), smallWordsKey)
    for (const words of [english, chinese])
      for (const key of keys) {
        const found = key
          .split('.')
          .slice(1)
          .reduce<unknown>((part, name) => (part as Record<string, unknown>)?.[name], words)
        expect(found, key).toBeTypeOf('string')
      }
  })
})

describe('names', () => {
  it('of rates are no words of the language', () => {
    expect(['处置率', 'in_time', 'Rate2'].every(isFreeName)).toBe(true)
    expect(['if', 'MIN', 'and', '且', '2x', 'a b', ''].some(isFreeName)).toBe(false)
  })
})

describe('versions', () => {
  const version = (no: number, fromDay: string): FormulaVersion => ({
    ...{ version: no, fromDay, formula: '1', reason: 'r' },
  })
  it('are in force from their day on, the later one of a day first', () => {
    const all = [version(3, '2026-10-01'), version(1, '2026-01-01'), version(2, '2026-10-01')]
    const on = (day: string) => versionOn(all, day)?.version ?? null
    expect([on('2025-12-31'), on('2026-09-30'), on('2026-10-01')]).toEqual([null, 1, 3])
  })
})

describe('another ranking', () => {
  it('tells ranks won and lost; equal scores share a rank, no score has none', () => {
    const before = [
      { key: 'a', score: 90 },
      { key: 'b', score: 90 },
      { key: 'c', score: 80 },
      { key: 'd', score: null },
    ]
    const after = [
      { key: 'a', score: 70 },
      { key: 'b', score: null },
      { key: 'c', score: 95 },
      { key: 'd', score: 70 },
    ]
    const rows = compareRankings(before, after)
    expect(
      rows.map(({ key, before: old, after: now, gained }) => [key, old?.rank, now?.rank, gained]),
    ).toEqual([
      ['c', 3, 1, 2],
      ['a', 1, 2, -1],
      ['d', undefined, 2, null],
      ['b', 1, undefined, null],
    ])
  })
})
