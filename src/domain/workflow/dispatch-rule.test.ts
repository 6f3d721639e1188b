import { describe, expect, it } from 'vitest'
import {
  areSameRules,
  faultyRule,
  mayEditRule,
  movedRule,
  newRule,
  ruleIssues,
} from './dispatch-rule.ts'

describe('dispatch rules under edit', () => {
  it('move to a place in the list, and never out of it', () => {
    expect(movedRule('abcd'.split(''), 0, 2).join('')).toBe('bcad')
    expect(movedRule('abcd'.split(''), 3, 0).join('')).toBe('dabc')
    expect(movedRule('abcd'.split(''), 1, 9).join('')).toBe('acdb')
    expect(movedRule('abcd'.split(''), 1, -1).join('')).toBe('bacd')
    expect(movedRule('abcd'.split(''), 7, 0).join('')).toBe('abcd')
  })

  it('say what is missing', () => {
    const rule = newRule('a')
    expect(ruleIssues(rule)).toEqual(['department'])
    expect(
      ruleIssues({ ...rule, departmentCode: 'parks', weekdays: [], fromHour: 6, toHour: 6 }),
    ).toEqual(['weekdays', 'hours'])
    expect(ruleIssues({ ...rule, departmentCode: 'parks', fromHour: 22, toHour: 6 })).toEqual([])
  })

  it('are the same whatever their keys, and not in another order', () => {
    const [a, b] = [newRule('a'), { ...newRule('b'), departmentCode: 'parks' }]
    expect(areSameRules([a, b], [{ ...a, key: 'x' }, b])).toBe(true)
    expect(areSameRules([a, b], [b, a])).toBe(false)
  })

  it('are the caller’s within their areas, those of the whole city only where all are', () => {
    const [everywhere, own] = [newRule('a'), newRule('b', 'N-1')]
    expect([everywhere, own].map((rule) => mayEditRule(rule, ['N-1', 'N-1-A']))).toEqual([
      ...[false, true],
    ])
    expect([everywhere, own].map((rule) => mayEditRule(rule, ['N-10']))).toEqual([false, false])
    expect([everywhere, own].map((rule) => mayEditRule(rule, null))).toEqual([true, true])
  })

  it('are found by the field of a rejection', () => {
    expect(faultyRule('rules.2.handler')).toEqual({ index: 1, field: 'handler' })
    expect(faultyRule('rules')).toBeNull()
    expect(faultyRule(null)).toBeNull()
  })
})
