import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../base/seeded-random.ts'
import { planRatings, ratedWeeks } from './ratings.ts'
import type { DemoClosing } from './ratings.ts'

const weekMs = 7 * 86_400_000
const nowMs = Date.parse('2026-03-02T12:00:00Z')
const cast = {
  ...{ manager: 'manager', leader: 'leader', caller: 'caller', nearCaller: null },
  crews: { streets: 'crew' },
}
/** Closings a week by community; the last one has so few that they come in the last weeks alone. */
const perWeek = { largest: 60, second: 30, usual: 12, coached: 2, small: 0 }

function closings(): DemoClosing[] {
  const random = seededRandom(1)
  const all: DemoClosing[] = []
  const add = (community: string, week: number): void => {
    const beganMs = nowMs - (ratedWeeks - week) * weekMs
    all.push({
      ...{ id: `${community} ${all.length}`, closing: 1, community, department: 'streets' },
      ...{ closedAtMs: beganMs + Math.floor(random() * weekMs), isNear: false },
    })
  }
  for (let week = 0; week < ratedWeeks; week++) {
    for (const [community, count] of Object.entries(perWeek))
      for (let n = 0; n < count; n++) add(community, week)
    if (week % 2 === 0 && week > ratedWeeks - 50) add('small', week)
  }
  return all
}

describe('generated answers', () => {
  const all = closings()
  const plan = () =>
    planRatings(all, cast, { nowMs, seed: 'test', areaCode: 'city' }).rows.filter(
      ({ outcome }) => outcome === 'reached',
    )
  const answered = plan()
  const byId = new Map(all.map((one) => [one.id, one]))
  const weekOf = (id: string): number =>
    ratedWeeks - Math.ceil((nowMs - byId.get(id)!.closedAtMs) / weekMs)
  const answersOf = (community: string) =>
    answered
      .filter(({ incidentId }) => byId.get(incidentId)!.community === community)
      .map((row) => ({ week: weekOf(row.incidentId), id: row.incidentId, says: row.satisfied! }))
  const second = ({ week }: { week: number }): boolean => week >= ratedWeeks / 2
  const gladShare = (answers: { says: number }[]): number =>
    answers.filter(({ says }) => says >= 4).length / answers.length
  /** Difference between weeks, odd and even from Monday on, of the second year. */
  const swingOf = (community: string): number => {
    const told = answersOf(community).filter(second)
    const isEven = (id: string): boolean =>
      Math.floor((byId.get(id)!.closedAtMs / 86_400_000 + 3) / 7) % 2 === 0
    return (
      gladShare(told.filter(({ id }) => isEven(id))) -
      gladShare(told.filter(({ id }) => !isEven(id)))
    )
  }
  /** Last half of the second year against its first. */
  const gainOf = (community: string): number => {
    const told = answersOf(community).filter(second)
    const isLate = ({ week }: { week: number }): boolean => week >= (ratedWeeks * 3) / 4
    return gladShare(told.filter(isLate)) - gladShare(told.filter((one) => !isLate(one)))
  }

  it('are the same for the same seed', () => expect(plan()).toEqual(answered))

  it('swing from week to week in the largest community alone', () => {
    expect(swingOf('largest')).toBeGreaterThan(0.25)
    for (const other of ['second', 'usual'])
      expect(Math.abs(swingOf(other)), other).toBeLessThan(0.1)
  })

  it('get better over the second year in the second largest alone', () => {
    expect(gainOf('second')).toBeGreaterThan(0.15)
    for (const other of ['largest', 'usual'])
      expect(Math.abs(gainOf(other)), other).toBeLessThan(0.1)
  })

  it('are all equal in one, and twelve of thirteen glad in the smallest', () => {
    const told = answersOf('coached').filter(second)
    expect(told.length).toBeGreaterThan(30)
    expect(new Set(told.map(({ says }) => says))).toEqual(new Set([5]))
    const few = answersOf('small')
    expect([few.length, gladShare(few) * few.length]).toEqual([13, 12])
  })
})
