import { describe, expect, it } from 'vitest'
import { judgeAsked, mostCalled } from './asked-groups.ts'

const counts = (called: number, reached: number, answered: number) => ({
  ...{ called, reached, answered },
})

describe('who answered against who was called', () => {
  it('tells shares, the rate and which groups lean, as computed by hand', () => {
    const [quick, slow, few] = judgeAsked([
      counts(100, 90, 80),
      counts(100, 70, 40),
      counts(5, 5, 5),
    ])
    expect(quick!.shareOfCalled).toBeCloseTo(100 / 205, 12)
    expect(quick!.shareOfAnswers).toBeCloseTo(80 / 125, 12)
    // R: a <- prop.test(80, 100, correct = FALSE)$conf.int; b <- prop.test(45, 105, correct = FALSE)$conf.int
    expect(quick!.rate.low).toBeCloseTo(0.711170834406841, 9)
    expect(quick!.rate.high).toBeCloseTo(0.866633066668967, 9)
    // d <- .8 - 45/105; d - sqrt((.8 - a[1])^2 + (b[2] - 45/105)^2); d + sqrt((a[2] - .8)^2 + (45/105 - b[1])^2)
    expect(quick!.low).toBeCloseTo(0.240984300591222, 9)
    expect(quick!.high).toBeCloseTo(0.483799364505079, 9)
    expect(quick!.difference).toBeCloseTo(80 / 100 - 45 / 105, 12)
    expect(slow!.difference).toBeCloseTo(40 / 100 - 85 / 105, 12)
    expect([quick!.lean, slow!.lean, few!.lean]).toEqual(['more', 'fewer', null])
    expect([slow!.low! < 0, slow!.high! < 0]).toEqual([true, true])
  })

  it('calls no group leaning that chance alone, or the number of groups, explains', () => {
    expect(judgeAsked([counts(100, 90, 60), counts(100, 90, 66)]).map(({ lean }) => lean)).toEqual([
      ...['none', 'none'],
    ])
    // one of ten groups with an interval beyond 0: 19 of 40 against 232 of 360
    const groups = Array.from({ length: 10 }, (_, at) =>
      counts(40, 40, at === 0 ? 19 : 25 + (at % 3)),
    )
    const [first] = judgeAsked(groups)
    expect(first!.high).toBeLessThan(0)
    expect(first!.lean).toBe('none')
  })

  it('has no share of nothing', () => {
    expect(judgeAsked([counts(12, 0, 0), counts(0, 0, 0)])).toMatchObject([
      { shareOfCalled: 1, shareOfAnswers: null, lean: null, difference: null },
      { shareOfCalled: 0, rate: { share: null }, lean: null },
    ])
    expect(judgeAsked([])).toEqual([])
  })

  it('adds up what is beyond the most called', () => {
    const named = [5, 30, 10, 1].map((n) => ({ name: `${n}`, ...counts(n, n - 1, 1) }))
    expect(mostCalled(named, 4, () => named[0]!)).toEqual(named)
    expect(mostCalled(named, 3, (sum, left) => ({ name: `${left} others`, ...sum }))).toEqual([
      ...[named[1], named[2]],
      { name: '2 others', called: 6, reached: 4, answered: 2 },
    ])
  })
})
