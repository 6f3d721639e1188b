import { describe, expect, it } from 'vitest'
import { frameAt, frameLengthOf, frameLengths, timeFrames } from './time-frames.ts'

const span = { firstMonth: '2021-11', lastDay: '2022-03-09' }

describe('frames of time', () => {
  it('are calendar weeks from Monday that hold the first and the last day', () => {
    const weeks = timeFrames(span, 'week')
    expect(weeks[0]).toEqual({ from: '2021-11-01', to: '2021-11-07' })
    expect(weeks.at(-1)).toEqual({ from: '2022-03-07', to: '2022-03-13' })
    expect(weeks).toHaveLength(19)
    expect(timeFrames({ ...span, firstMonth: '2021-12' }, 'week')[0]!.from).toBe('2021-11-29')
  })

  it('are whole months, longer ones a month apart', () => {
    expect(timeFrames(span, 'month').map(({ to }) => to)).toEqual([
      '2021-11-30',
      '2021-12-31',
      '2022-01-31',
      '2022-02-28',
      '2022-03-31',
    ])
    expect(timeFrames(span, 'quarter')).toEqual([
      { from: '2021-11-01', to: '2022-01-31' },
      { from: '2021-12-01', to: '2022-02-28' },
      { from: '2022-01-01', to: '2022-03-31' },
    ])
  })

  it('are one when the data are shorter than a window', () => {
    expect(timeFrames(span, 'year')).toEqual([{ from: '2021-04-01', to: '2022-03-31' }])
  })

  it('are found by a period, and name its length', () => {
    for (const length of frameLengths) {
      const frames = timeFrames(span, length)
      frames.forEach((frame, index) => {
        expect(frameAt(frames, frame)).toBe(index)
        expect(frameLengthOf(frame)).toBe(length)
      })
    }
    const months = timeFrames(span, 'month')
    expect(frameAt(months, { from: '2022-01-05', to: '2022-01-09' })).toBe(2)
    expect(frameAt(months, { from: '2030-01-01', to: '2030-01-02' })).toBe(4)
    expect(frameAt(months, null)).toBe(4)
    expect(frameLengthOf({ from: '2022-01-05', to: '2022-01-11' })).toBeNull()
    expect(frameLengthOf(null)).toBeNull()
  })
})
