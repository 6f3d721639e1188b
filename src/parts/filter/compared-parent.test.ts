import { describe, expect, it } from 'vitest'
import type { Area } from '@/domain/city/area.ts'
import { comparedParent } from './compared-parent.ts'

const area = (idx: number, code: string, parentCode: string | null, path: string): Area => ({
  idx,
  code,
  parentCode,
  path,
  level: 'grid',
  name: code,
  households: null,
  revision: 1,
  bbox: [0, 0, 1, 1],
  pointOnSurface: [0, 0],
})
const city = area(1, 'C', null, 'C/')
const north = area(2, 'C-1', 'C', 'C/C-1/')
const south = area(3, 'C-10', 'C', 'C/C-10/')
const grid = area(4, 'G', 'C-1', 'C/C-1/G/')
const areas = [city, north, south, grid]

describe('comparedParent', () => {
  it('is the deepest area that holds the whole scope and has something to compare', () => {
    expect(comparedParent(areas, null, ['C/'])).toBe(city)
    expect(comparedParent(areas, null, ['C/C-1/'])).toBe(north)
    expect(comparedParent(areas, null, ['C/C-1/', 'C/C-10/'])).toBe(city)
    expect(comparedParent(areas, null, ['C/C-10/'])).toBe(city)
  })
  it('follows where the person stands, unless nothing lies below', () => {
    expect(comparedParent(areas, 'C-1', ['C/'])).toBe(north)
    expect(comparedParent(areas, 'G', ['C/'])).toBe(city)
  })
})
