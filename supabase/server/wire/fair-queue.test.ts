import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FairQueue, TooBusy, type FairQueueOptions } from './fair-queue.ts'

/** Calls take given times on a simulated clock. */
function simulation(options: Partial<FairQueueOptions> = {}) {
  let nowMs = 0
  const ends: { at: number; resolve: () => void }[] = []
  const queue = new FairQueue({
    maxUnderWay: 1,
    maxPerPerson: 1,
    maxWaitingPerPerson: 1_000,
    maxWaitMs: 1e9,
    ...options,
    now: () => nowMs,
  })
  const order: string[] = []
  const startedAt: Record<string, number> = {}
  const call = (person: string, name: string, tookMs: number, signal?: AbortSignal) =>
    queue.run(
      person,
      () => {
        order.push(name)
        startedAt[name] = nowMs
        return new Promise<void>((resolve) => ends.push({ at: nowMs + tookMs, resolve }))
      },
      signal,
    )
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve))
  async function drain(untilMs = Number.POSITIVE_INFINITY): Promise<void> {
    await settle()
    while (ends.length > 0) {
      ends.sort((a, b) => a.at - b.at)
      if (ends[0]!.at > untilMs) return
      const { at, resolve } = ends.shift()!
      nowMs = at
      resolve()
      await settle()
    }
  }
  return { queue, call, drain, order, startedAt }
}

describe('FairQueue', () => {
  it('lets a newcomer pass a long line of another person', async () => {
    const { call, drain, startedAt } = simulation()
    for (let n = 0; n < 500; n++) void call('attacker', `a${n}`, 10)
    await drain(100)
    void call('leader', 'ordinary', 10)
    const joinedMs = 100
    await drain()
    expect(startedAt.ordinary! - joinedMs).toBeLessThanOrEqual(10)
  })

  it('takes turns by time spent, not by calls', async () => {
    const { call, drain, order } = simulation()
    for (let n = 0; n < 40; n++) void call('slow', `slow${n}`, 100)
    for (let n = 0; n < 400; n++) void call('quick', `quick${n}`, 10)
    await drain(2_000)
    const slow = order.filter((name) => name.startsWith('slow')).length
    const quick = order.length - slow
    // equal time: ten quick calls for each slow one
    expect(slow * 100).toBeGreaterThan(700)
    expect(quick * 10).toBeGreaterThan(700)
  })

  it('tells when nobody is served, at the latest after the time that one gives', async () => {
    const { queue, call, drain, order } = simulation()
    const rest = async (name: string, mostMs: number) => {
      await queue.whenIdle(mostMs)
      order.push(name)
    }
    await rest('at once', 1e9)
    for (const name of ['first', 'second']) void call('one', name, 10)
    const resting = rest('afterwards', 1e9)
    await rest('impatient', 1)
    await drain()
    await resting
    expect(order).toEqual(['at once', 'first', 'impatient', 'second', 'afterwards'])
  })

  it('keeps what one person has under way small', async () => {
    const { queue, call, drain } = simulation({ maxUnderWay: 8, maxPerPerson: 2 })
    for (let n = 0; n < 20; n++) void call('one', `${n}`, 10)
    await drain(0)
    expect(queue.state).toMatchObject({ underWay: 2, waiting: 18 })
  })

  it('refuses at once what would wait too long, and says for how long', async () => {
    const { call, drain } = simulation({ maxWaitMs: 1_000 })
    void call('one', 'first', 200)
    await drain()
    const refused: unknown[] = []
    for (let n = 0; n < 200; n++) call('one', `${n}`, 200).catch((error) => refused.push(error))
    await drain()
    expect(refused.length).toBeGreaterThan(100)
    expect(refused[0]).toBeInstanceOf(TooBusy)
    expect((refused[0] as TooBusy).seconds).toBeGreaterThanOrEqual(1)
  })

  it('refuses what a full line has no place for', async () => {
    const { call, queue, drain } = simulation({ maxWaitingPerPerson: 3 })
    const outcomes = await Promise.all([
      ...Array.from({ length: 6 }, (_, n) =>
        call('one', `${n}`, 10).then(
          () => 'done',
          (error: unknown) => (error instanceof TooBusy ? error.seconds : 'failed'),
        ),
      ),
      // the line of another person is as long as ever
      call('other', 'other', 10).then(() => 'done'),
      drain(0).then(() => queue.state.waiting),
      drain(),
    ])
    expect(outcomes).toEqual(['done', 'done', 'done', 'done', 1, 1, 'done', 4, undefined])
  })

  it('saves up no idle time', async () => {
    const { call, drain, order } = simulation({ maxUnderWay: 2 })
    // takes one of the two places for good
    void call('endless', 'endless', 100_000)
    void call('idle', 'first', 300)
    for (let n = 0; n < 300; n++) void call('busy', `busy${n}`, 10)
    await drain(2_000)
    for (let n = 0; n < 20; n++) void call('idle', `idle${n}`, 10)
    const before = order.length
    await drain(2_200)
    const since = order.slice(before)
    expect(since.filter((name) => name.startsWith('busy')).length).toBeGreaterThan(6)
  })

  it('keeps the account of who leaves the line and comes again', async () => {
    const { call, drain, order, startedAt } = simulation({ maxUnderWay: 2 })
    // takes one of the two places for good
    void call('endless', 'endless', 100_000)
    for (let n = 0; n < 50; n++) void call('quick', `quick${n}`, 10)
    void call('slow', 'slow0', 300)
    await drain(340)
    // gone for a moment, with 300 ms more on the account than the other
    void call('slow', 'slow1', 300)
    await drain()
    expect(order.filter((name) => name.startsWith('quick'))).toHaveLength(50)
    expect(startedAt.slow1! - startedAt.slow0!).toBeGreaterThan(500)
  })

  it('never refuses a person who has a place free', async () => {
    const { call, drain } = simulation({ maxUnderWay: 4, maxPerPerson: 2, maxWaitMs: 1 })
    const calls = [call('one', 'first', 500), call('one', 'second', 500)]
    await drain()
    await expect(Promise.all(calls)).resolves.toHaveLength(2)
  })

  it('never refuses a person who has nothing waiting', async () => {
    const { call, drain } = simulation({ maxWaitMs: 1 })
    for (let n = 0; n < 50; n++) call(`attacker${n % 5}`, `${n}`, 500).catch(() => {})
    const ordinary = call('leader', 'ordinary', 5)
    await drain()
    await expect(ordinary).resolves.toBeUndefined()
  })

  it('forgets a call whose client has gone', async () => {
    const { queue, call, drain, order } = simulation()
    void call('one', 'running', 10)
    const gone = new AbortController()
    const waiting = call('one', 'gone', 10, gone.signal)
    gone.abort(new Error('gone'))
    await expect(waiting).rejects.toThrow('gone')
    await drain()
    expect(order).toEqual(['running'])
    expect(queue.state).toMatchObject({ underWay: 0, waiting: 0 })
  })

  it('tells how long the oldest call has waited', async () => {
    const { queue, call, drain } = simulation()
    for (let n = 0; n < 5; n++) void call('one', `${n}`, 100)
    await drain(250)
    expect(queue.state.longestWaitMs).toBeGreaterThanOrEqual(200)
    await drain()
    expect(queue.state.longestWaitMs).toBe(0)
  })

  it('goes on after calls that fail', async () => {
    const queue = new FairQueue({
      maxUnderWay: 1,
      maxPerPerson: 1,
      maxWaitingPerPerson: 10,
      maxWaitMs: 1e9,
    })
    const failed = queue.run('one', () => Promise.reject(new Error('no')))
    const next = queue.run('one', () => Promise.resolve('yes'))
    await expect(failed).rejects.toThrow('no')
    await expect(next).resolves.toBe('yes')
  })

  it('runs every call once, within its limits, whatever comes in which order', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ person: fc.nat(4), tookMs: fc.integer({ min: 1, max: 50 }) }), {
          maxLength: 60,
        }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 3 }),
        async (calls, maxUnderWay, maxPerPerson) => {
          const { queue, call, drain, order } = simulation({ maxUnderWay, maxPerPerson })
          const all = calls.map(({ person, tookMs }, n) => call(`p${person}`, `${n}`, tookMs))
          expect(queue.state.underWay).toBeLessThanOrEqual(maxUnderWay)
          await drain()
          await Promise.all(all)
          expect(order.toSorted()).toEqual(calls.map((_, n) => `${n}`).toSorted())
          expect(queue.state).toEqual({ underWay: 0, waiting: 0, longestWaitMs: 0 })
        },
      ),
      { numRuns: 60 },
    )
  })
})
