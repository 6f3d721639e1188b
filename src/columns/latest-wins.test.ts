import { describe, expect, it } from 'vitest'
import { latestWins } from './latest-wins.ts'

describe('latestWins', () => {
  it('runs one at a time and skips what was overtaken', async () => {
    const ran: number[] = []
    let inFlight = 0
    const ask = latestWins(async (request: number) => {
      expect(++inFlight).toBe(1)
      ran.push(request)
      await new Promise((resolve) => setImmediate(resolve))
      inFlight--
      return request * 10
    })
    expect(await Promise.all([1, 2, 3, 4].map(ask))).toEqual([10, null, null, 40])
    expect(ran).toEqual([1, 4])
    expect(await ask(5)).toBe(50)
  })

  it('goes on after a failure', async () => {
    const ask = latestWins(async (request: string) => {
      if (request === 'bad') throw new Error('no')
      return request
    })
    const answers = await Promise.allSettled([ask('bad'), ask('good')])
    expect(answers.map((answer) => answer.status)).toEqual(['rejected', 'fulfilled'])
  })
})
