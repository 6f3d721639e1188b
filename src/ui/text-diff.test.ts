import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { textDiff, type DiffPart } from './text-diff.ts'

const textOf = (parts: DiffPart[], without: DiffPart['kind']): string =>
  parts.flatMap(({ kind, text }) => (kind === without ? [] : text)).join('')

describe('textDiff', () => {
  it('finds the changed word', () => {
    expect(textDiff('Two bags of rubbish', 'Two sacks of rubbish')).toEqual([
      { kind: 'same', text: 'Two ' },
      { kind: 'removed', text: 'bags' },
      { kind: 'added', text: 'sacks' },
      { kind: 'same', text: ' of rubbish' },
    ])
  })

  it('sets a replaced phrase against the new one', () => {
    expect(textDiff('Cover loose, cordoned off', 'Cover loose, one bolt is missing')).toEqual([
      { kind: 'same', text: 'Cover loose, ' },
      { kind: 'removed', text: 'cordoned off' },
      { kind: 'added', text: 'one bolt is missing' },
    ])
  })

  it('goes sign by sign through Chinese', () => {
    expect(textDiff('垃圾两袋', '垃圾三袋')).toEqual([
      { kind: 'same', text: '垃圾' },
      { kind: 'removed', text: '两' },
      { kind: 'added', text: '三' },
      { kind: 'same', text: '袋' },
    ])
  })

  it('has nothing to say about equal and empty texts', () => {
    expect(textDiff('', '')).toEqual([])
    expect(textDiff('same', 'same')).toEqual([{ kind: 'same', text: 'same' }])
    expect(textDiff('', 'new')).toEqual([{ kind: 'added', text: 'new' }])
    expect(textDiff('old', '')).toEqual([{ kind: 'removed', text: 'old' }])
  })

  it('always gives both texts back', () => {
    const words = fc.array(fc.constantFrom('a', 'b', ' ', '\n', '垃', '圾', 'word', '😀', '.'))
    const text = fc.oneof(
      words.map((list) => list.join('')),
      fc.string({ unit: 'binary' }),
    )
    fc.assert(
      fc.property(text, text, (before, after) => {
        const parts = textDiff(before, after)
        expect(textOf(parts, 'added')).toBe(before)
        expect(textOf(parts, 'removed')).toBe(after)
      }),
      { numRuns: 500 },
    )
  })

  it('finds as few edits as there are', () => {
    const parts = textDiff('a b c d e f', 'a x c d y f')
    const changed = parts.filter(({ kind }) => kind !== 'same')
    expect(changed.map(({ text }) => text)).toEqual(['b', 'x', 'e', 'y'])
  })

  // an unbounded search would take 10,000² steps here and run into the test's time limit
  it('ends its search over 10,000 signs that have nothing in common', () => {
    const [before, after] = ['路'.repeat(10_000), '灯'.repeat(10_000)]
    expect(textDiff(before, after)).toEqual([
      { kind: 'removed', text: before },
      { kind: 'added', text: after },
    ])
  })
})
