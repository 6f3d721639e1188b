import { effectScope } from 'vue'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { useGraphics } from './use-graphics.ts'

describe('useGraphics', () => {
  const scope = effectScope()
  const draw = vi.fn()
  const start = () => scope.run(() => useGraphics(draw))!
  beforeEach(() => {
    vi.useFakeTimers()
    draw.mockReset()
  })
  afterEach(() => vi.useRealTimers())

  it('draws a lost map again, three times in a row, then asks the person', () => {
    const graphics = start()
    for (const wait of [500, 2000, 8000]) {
      graphics.lose()
      expect(graphics.state.value).toBe('lost')
      vi.advanceTimersByTime(wait - 1)
      expect(graphics.state.value).toBe('lost')
      vi.advanceTimersByTime(1)
      expect(graphics.state.value).toBe('drawn')
    }
    expect(draw).toHaveBeenCalledTimes(3)
    graphics.lose()
    expect(graphics.state.value).toBe('missing')
    vi.advanceTimersByTime(60_000)
    expect(graphics.state.value).toBe('missing')
    graphics.retry()
    expect(graphics.state.value).toBe('drawn')
  })

  it('counts anew for a map that has lived a while', () => {
    const graphics = start()
    for (let time = 0; time < 9; time++) {
      graphics.lose()
      vi.advanceTimersByTime(40_000)
    }
    expect(graphics.state.value).toBe('drawn')
  })

  it('waits for nothing where a map never could be drawn, and goes on trying where one was', () => {
    const never = start()
    never.fail()
    expect(never.state.value).toBe('missing')
    const once = start()
    once.lose()
    vi.advanceTimersByTime(500)
    once.fail()
    expect(once.state.value).toBe('lost')
  })
})
