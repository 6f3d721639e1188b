import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { slow } from '../../tests/kit/patience.ts'
import { paintInTurn, paintNever } from './paint-turns.ts'

describe('charts painted in turns', () => {
  let now = 0
  /** Names by task: a microtask ends a task's list. */
  let tasks: string[][] = []
  let isEnded = true
  beforeEach(() => {
    tasks = []
    vi.spyOn(performance, 'now').mockImplementation(() => now)
  })
  afterEach(() => vi.restoreAllMocks())
  const chart = (name: string, millis: number) => () => {
    now += millis
    if (isEnded) {
      tasks.push([])
      isEnded = false
      queueMicrotask(() => (isEnded = true))
    }
    tasks.at(-1)!.push(name)
  }
  /** A new task, in which charts have their time. */
  const rested = async (): Promise<void> => {
    paintInTurn(chart('rested', 0))
    await expect.poll(() => tasks.flat(), slow).toContain('rested')
    tasks = []
  }

  it('share a task while they are light, and leave it to others when they are heavy', async () => {
    for (const name of ['a', 'b', 'c']) paintInTurn(chart(name, 2))
    paintInTurn(chart('heavy', 40))
    paintInTurn(chart('next', 40))
    paintInTurn(chart('last', 1))
    paintInTurn(chart('light', 1))
    expect(tasks).toEqual([['a', 'b', 'c', 'heavy']])
    await expect
      .poll(() => tasks, slow)
      .toEqual([['a', 'b', 'c', 'heavy'], ['next'], ['last', 'light']])
    await rested()
  })

  it('are painted once when they ask twice, and not when they are gone', async () => {
    paintInTurn(chart('heavy', 40))
    const [once, gone] = [chart('once', 1), chart('gone', 1)]
    for (const paint of [once, gone, once]) paintInTurn(paint)
    paintNever(gone)
    await expect.poll(() => tasks, slow).toEqual([['heavy'], ['once']])
    await rested()
  })

  it('go on after one that fails', async () => {
    const broken = (): void => {
      now += 40
      throw new Error('broken')
    }
    expect(() => paintInTurn(broken)).toThrow('broken')
    paintInTurn(chart('next', 1))
    expect(tasks).toEqual([])
    await expect.poll(() => tasks, slow).toEqual([['next']])
  })
})
