import { beforeEach, describe, expect, it, vi } from 'vitest'
import { paintNever, paintSoon } from './paint-queue.ts'

describe('the queue of charts to paint', () => {
  let now = 0
  let frames: (() => void)[] = []
  const nextFrame = (): void => {
    const due = frames
    frames = []
    for (const call of due) call()
  }
  beforeEach(() => {
    frames = []
    vi.stubGlobal('requestAnimationFrame', (call: () => void) => frames.push(call))
    vi.spyOn(performance, 'now').mockImplementation(() => now)
    return () => vi.unstubAllGlobals()
  })
  const chart = (painted: string[], name: string, millis: number) => () => {
    painted.push(name)
    now += millis
  }

  it('paints many light charts in a frame, and heavy ones in turns', () => {
    const painted: string[] = []
    for (const name of ['a', 'b', 'c']) paintSoon(chart(painted, name, 2))
    paintSoon(chart(painted, 'heavy', 20))
    paintSoon(chart(painted, 'last', 20))
    expect(painted).toEqual([])
    nextFrame()
    expect(painted).toEqual(['a', 'b', 'c', 'heavy'])
    nextFrame()
    expect(painted).toEqual(['a', 'b', 'c', 'heavy', 'last'])
    expect(frames).toEqual([])
  })

  it('paints a chart once that asks twice, and none that is gone', () => {
    const painted: string[] = []
    const [once, gone] = [chart(painted, 'once', 1), chart(painted, 'gone', 1)]
    for (const paint of [once, gone, once]) paintSoon(paint)
    paintNever(gone)
    nextFrame()
    expect(painted).toEqual(['once'])
  })

  it('goes on after a chart that fails', () => {
    const painted: string[] = []
    paintSoon(() => {
      throw new Error('broken')
    })
    paintSoon(chart(painted, 'next', 1))
    expect(nextFrame).toThrow('broken')
    nextFrame()
    expect(painted).toEqual(['next'])
    paintSoon(chart(painted, 'later', 1))
    nextFrame()
    expect(painted).toEqual(['next', 'later'])
  })
})
