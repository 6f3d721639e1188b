import { describe, expect, it } from 'vitest'
import { areaLevels } from '@/domain/vocabulary.ts'
import { levelForZoom } from './level-for-zoom.ts'

describe('levelForZoom', () => {
  it('goes down the whole hierarchy', () => {
    const zooms = [5, 9, 11, 12, 15]
    expect(zooms.map((zoom) => levelForZoom(zoom, areaLevels))).toEqual([...areaLevels])
  })

  it('takes the next finer level where one is missing', () => {
    expect(levelForZoom(10, ['city', 'community', 'grid'])).toBe('community')
    expect(levelForZoom(14, ['city', 'district'])).toBe('district')
  })

  it('draws nothing where there is nothing', () => {
    expect(levelForZoom(12, [])).toBeNull()
  })
})
