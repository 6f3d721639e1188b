import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { rankScores, type ScoreInterval } from './rank-scores.ts'
import { rankShares } from './rank-shares.ts'
import { wilson } from './wilson.ts'

const entry = (score: number, half = 0): ScoreInterval => ({
  ...{ score, low: score - half, high: score + half },
})

describe('ranks of scores', () => {
  it('tie where the difference may be chance, and stand alone where it may not', () => {
    // 90 and 88 ± 3 tie: the difference has ± 4.2; 60 is far from both
    const ranked = rankScores([entry(60, 3), entry(90, 3), entry(88, 3)])
    expect(ranked).toEqual([
      { index: 1, group: 1, best: 1, worst: 2 },
      { index: 2, group: 1, best: 1, worst: 2 },
      { index: 0, group: 2, best: 3, worst: 3 },
    ])
    const exact = rankScores([entry(2), entry(1), entry(2)])
    expect(exact.map(({ best, worst }) => [best, worst])).toEqual([
      ...[
        [1, 2],
        [1, 2],
        [3, 3],
      ],
    ])
    expect(rankScores([])).toEqual([])
  })

  it('touch at the limit of the 95 % interval of one pair', () => {
    // √(3² + 4²) = 5
    const isTied = (gap: number) => rankScores([entry(gap, 3), entry(0, 4)])[0]!.worst === 2
    expect([isTied(4.99), isTied(5.01)]).toEqual([true, false])
  })

  it('of shares as scores agree with rankShares on who is clearly better', () => {
    // 12 of 13 and 13 of 13 tie, 80 of 200 does not
    const [counts, ns] = [
      [12, 13, 80],
      [13, 13, 200],
    ]
    const ranked = rankScores(
      counts.map((count, at) => {
        const { share, low, high } = wilson(count, ns[at]!)
        return { score: share!, low: low!, high: high! }
      }),
    )
    const shares = rankShares(counts, ns).ranked
    for (const { index, best, worst } of ranked)
      expect([best, worst]).toEqual(
        [shares.find((one) => one.index === index)!].map((one) => [one.best, one.worst])[0],
      )
  })

  it('have no clear difference within a group, whatever the scores', () => {
    const one = fc.tuple(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 20 }))
    fc.assert(
      fc.property(fc.array(one, { maxLength: 12 }), (list) => {
        const entries = list.map(([score, half]) => entry(score, half))
        const ranked = rankScores(entries)
        expect(ranked.map(({ index }) => index).toSorted((a, b) => a - b)).toEqual(
          entries.map((_, at) => at),
        )
        ranked.forEach((row, at) => {
          expect(row.best).toBeLessThanOrEqual(at + 1)
          expect(row.worst).toBeGreaterThanOrEqual(at + 1)
          if (at > 0) expect(row.group - ranked[at - 1]!.group).toBeOneOf([0, 1])
        })
      }),
    )
  })
})
