import { describe, expect, it } from 'vitest'
import fixture from '../../tests/fixtures/statistics/satisfaction.json' with { type: 'json' }
import { distinctiveTerms, termsOf } from './distinctive-terms.ts'
import { importanceSatisfaction } from './importance-satisfaction.ts'

describe('importance–satisfaction', () => {
  it('has limits at 0.20 and 0.10, both included', () => {
    const of = (importance: number, satisfaction: number) =>
      importanceSatisfaction(importance, satisfaction).emphasis
    expect([of(0.5, 0.6), of(0.5, 0.61), of(0.25, 0.6), of(0.2, 0.6), of(0, 0)]).toEqual([
      ...['much-more', 'more', 'more', 'keep', 'keep'],
    ])
    expect(() => of(1.1, 0)).toThrow(RangeError)
  })
})

describe('distinctive terms', () => {
  it('have the z of R', () => {
    const texts: Set<string>[] = []
    const marks: number[] = []
    fixture.terms.forEach(([group, rest], at) => {
      for (let i = 0; i < group! + rest!; i++) {
        texts.push(new Set([`t${at}`]))
        marks.push(i < group! ? 1 : 0)
      }
    })
    const found = distinctiveTerms(texts, marks)
    const expected = fixture.terms.map((row, at) => [`t${at}`, row[2]!] as const)
    const positive = expected.filter(([, z]) => z > 0).sort((a, b) => b[1] - a[1])
    expect(found.map(({ term }) => term)).toEqual(positive.map(([term]) => term))
    found.forEach(({ z }, i) => expect(z).toBeCloseTo(positive[i]![1], 9))
  })

  it('come from Chinese and English texts without numbers, particles and single letters', () => {
    expect([...termsOf('路灯坏了，打13800138000没人接', 'zh', new Set('了没'))]).toEqual([
      '路灯',
      '坏',
      '打',
      '人',
      '接',
    ])
    expect([...termsOf('The street-light is out at 12b', 'en')]).toEqual([
      ...['the', 'street', 'light', 'is', 'out', 'at'],
    ])
  })

  it('name what the unsatisfied say and the others do not', () => {
    const said = ['垃圾没人清理', '垃圾太多', '垃圾还在', '路灯修好了', '路灯很亮', '谢谢']
    const texts = said.map((text) => termsOf(text, 'zh'))
    expect(distinctiveTerms(texts, [1, 1, 1, 0, 0, 0])[0]).toMatchObject({
      ...{ term: '垃圾', inGroup: 3, inRest: 0 },
    })
    expect(distinctiveTerms([], [])).toEqual([])
    const stopWords = new Set(['垃圾'])
    expect(distinctiveTerms(texts, [1, 1, 1, 0, 0, 0], { stopWords })).toEqual([])
  })
})
