import { describe, expect, it } from 'vitest'
import { packMonth, randomMonths } from '../../tests/fixtures/columns.ts'
import { shapes } from '../../tests/fixtures/lattice-world.ts'
import { emptyFilter, servedKey, type AnswerChoice } from '@/domain/filter/filter.ts'
import { ColumnsEngine } from './engine.ts'
import { answerCall, answerInTurns, type EngineCall } from './engine-call.ts'

const world = {
  areas: [
    { idx: 1, code: 'A', path: 'A/', level: 'grid' },
    { idx: 2, code: 'B', path: 'B/', level: 'grid' },
  ],
  categories: [
    { idx: 1, code: 'c1', path: 'c1/' },
    { idx: 2, code: 'c2', path: 'c2/' },
  ],
  cityBbox: [0, 0, 10, 10] as const,
}
const [january, february] = randomMonths({ rows: 400, months: 2, areas: 2, categories: 2 })
const picture = { bbox: world.cityBbox, width: 8, height: 8, radiusPixels: 0 }
const options = { withinDays: 7, areaLevel: 'grid' as const }
const one = { ...emptyFilter(), categories: ['c1'] }

function engineWith(...months: (typeof january)[]): ColumnsEngine {
  const engine = new ColumnsEngine()
  engine.setWorld(world)
  engine.setAsOf(Date.UTC(2020, 5, 15) / 60_000)
  engine.put(months.map((month) => packMonth(month!)))
  return engine
}

describe('ColumnsEngine', () => {
  it.each([emptyFilter(), one, { ...one, areas: ['B'] }])(
    'gives the same answers with the rows of the projection as without',
    (filter) => {
      const [fresh, shared] = [engineWith(january, february), engineWith(january, february)]
      shared.ask('projection', filter, null)
      expect(shared.ask('closing', filter, options)).toEqual(fresh.ask('closing', filter, options))
      shared.ask('projection', filter, null)
      expect(shared.ask('heat', filter, picture)).toEqual(fresh.ask('heat', filter, picture))
    },
  )

  it('finds the rows anew after another filter, other months and another world', () => {
    const engine = engineWith(january)
    const count = (filter = one) => engine.ask('closing', filter, options).n
    const before = count()
    expect(count(emptyFilter())).toBeGreaterThan(before)
    expect(count()).toBe(before)
    engine.put([packMonth(february!)])
    const both = count()
    expect(both).toBeGreaterThan(before)
    engine.put([], ['2020-02'])
    expect(count()).toBe(before)
    engine.setWorld({ ...world, categories: [] })
    expect(count()).toBe(0)
    engine.setWorld(world)
    expect(count()).toBe(before)
    engine.clear()
    expect(count()).toBe(0)
  })

  it('answers a filter of answers from the incidents that came for it, and keeps a few of these', () => {
    const engine = engineWith(january, february)
    const about = (said: AnswerChoice) => ({
      answers: { said: [said], closed: null, closers: [] },
      handling: null,
    })
    const total = (said: AnswerChoice) =>
      engine.ask('projection', { ...emptyFilter(), ...about(said) }, null).total
    expect(total('unsolved')).toBe(0)
    engine.putAnswered(servedKey(about('unsolved')), [packMonth(january!)])
    expect(total('unsolved')).toBe(january!.count)
    expect(engine.ask('projection', emptyFilter(), null).total).toBe(
      january!.count + february!.count,
    )
    for (const said of ['solved', 'satisfied', 'unsatisfied', 'exempt'] as const)
      engine.putAnswered(servedKey(about(said)), [packMonth(february!)])
    expect([total('unsolved'), total('exempt')]).toEqual([0, february!.count])
    engine.clear()
    expect(total('exempt')).toBe(0)
  })

  it('says when the clock moves an incident past its deadline or within a day of it', () => {
    const engine = engineWith(january)
    const due = january!.due.minute[0]!
    const isCrossed = (at: number) => (engine.setNow(at - 1), engine.setNow(at))
    const overdue = () => {
      const filter = { ...emptyFilter(), due: ['overdue' as const] }
      return engine.ask('projection', filter, null).total
    }
    expect([isCrossed(due), isCrossed(due - 1440)]).toEqual([true, true])
    const before = overdue()
    engine.setNow(due)
    expect(overdue()).toBeGreaterThan(before)
    expect(engine.setNow(due)).toBe(false)
    // nothing is due so late
    engine.setNow(due + 1e6)
    expect(engine.setNow(due + 2e6)).toBe(false)
    expect(engine.setNow(due)).toBe(true)
  })

  it('takes the time apart from the world, in any order', () => {
    const engine = engineWith(january)
    const judged = () => engine.ask('closing', emptyFilter(), options).within.n
    expect(judged()).toBeGreaterThan(0)
    engine.setAsOf(Date.UTC(2020, 0, 2) / 60_000)
    expect(judged()).toBe(0)
    engine.setAsOf(Date.UTC(2020, 5, 15) / 60_000)
    engine.setWorld(world)
    expect(judged()).toBeGreaterThan(0)
  })

  it('answers a failed call with its error', () => {
    const args = ['heat', emptyFilter(), { ...picture, width: 0 }]
    expect(answerCall(engineWith(january), { id: 7, method: 'ask', args })).toEqual({
      id: 7,
      ok: false,
      name: 'RangeError',
      message: 'density: an empty picture',
    })
  })

  describe('with a question that takes long', () => {
    const [month] = randomMonths({ rows: 4000, months: 1, areas: 2, categories: 2 })
    const crowd = { ...month!, x: month!.x.map((x) => x >> 9), y: month!.y.map((y) => y >> 9) }
    const asked = {
      ...({ level: 'grid', lastDay: '2020-01-31', method: 'radius' } as const),
      ...({ radiusMetres: 200, times: 10 } as const),
    }
    const call = (method: EngineCall['method'], ...args: unknown[]): EngineCall => ({
      ...{ id: 1, method },
      args,
    })
    const crowded = (): ColumnsEngine => {
      const engine = engineWith(crowd)
      engine.setShapes('grid', shapes(1).of('grid'))
      return engine
    }
    const places = call('ask', 'repeatPlaces', emptyFilter(), asked)

    it('answers others meanwhile, and then as without pauses, even of months gone since', async () => {
      const engine = crowded()
      const expected = engine.ask('repeatPlaces', emptyFilter(), asked)
      const order: string[] = []
      const slow = answerInTurns(engine, places, { millis: 0 }).finally(() => order.push('slow'))
      for (const name of ['one', 'two']) {
        const answer = await answerInTurns(engine, call('ask', 'projection', emptyFilter(), null))
        expect(answer).toMatchObject({ ok: true, value: { total: name === 'one' ? 4000 : 0 } })
        order.push(name)
        engine.clear()
      }
      expect(await slow).toEqual({ id: 1, ok: true, value: expected })
      expect(order).toEqual(['one', 'two', 'slow'])
      expect(expected.total).toBeGreaterThan(0)
    })

    it('tells how far it is', async () => {
      const told: number[] = []
      await answerInTurns(crowded(), places, { millis: 0, onShare: (done) => told.push(done) })
      expect(told.length).toBeGreaterThan(20)
      expect(told).toEqual(told.toSorted((a, b) => a - b))
      expect(told[0]).toBeLessThan(0.1)
      expect(told.at(-1)).toSatisfy((done: number) => done > 0.9 && done <= 1)
    })

    it('drops it when nobody waits', async () => {
      const engine = crowded()
      const slow = answerInTurns(engine, places, { millis: 0 })
      expect(await answerInTurns(engine, call('drop', 'repeatPlaces'))).toMatchObject({ ok: true })
      expect(await slow).toMatchObject({ ok: false, name: 'AbortError' })
      expect(await answerInTurns(engine, places)).toMatchObject({ ok: true })
    })
  })
})
