import { describe, expect, it } from 'vitest'
import type { Area } from '@/domain/city/area.ts'
import type { AreaLevel } from '@/domain/vocabulary.ts'
import { searchAreas } from './area-search.ts'

const area = (code: string, name: string, level: AreaLevel = 'grid'): Area => ({
  idx: 0,
  code,
  parentCode: null,
  path: `${code}/`,
  level,
  name,
  households: null,
  revision: 1,
  bbox: [0, 0, 1, 1],
  pointOnSurface: [0, 0],
})
const areas = [
  area('110101001001002', '东华门社区第二网格'),
  area('110101001001', '东华门社区', 'community'),
  area('SF-N-20', 'Mission', 'community'),
  area('SF-N-20-3', 'Mission Grid 3'),
  area('SF-N-27', 'Outer Mission', 'community'),
  area('SF-N-9', 'Café Row', 'community'),
]
const names = (query: string): string[] => searchAreas(areas, query, 10).map(({ name }) => name)

describe('searchAreas', () => {
  it('finds by Chinese name, higher levels first', () => {
    expect(names('东华门')).toEqual(['东华门社区', '东华门社区第二网格'])
  })

  it('ranks exact over beginning over inside', () => {
    expect(names('mission')).toEqual(['Mission', 'Mission Grid 3', 'Outer Mission'])
  })

  it('finds by code, in full-width digits too', () => {
    expect(names('１１０１０１')).toEqual(['东华门社区', '东华门社区第二网格'])
    expect(names('sf-n-9')).toEqual(['Café Row'])
  })

  it('folds accents and wants every word', () => {
    expect(names('cafe')).toEqual(['Café Row'])
    expect(names('mission 3')).toEqual(['Mission Grid 3'])
    expect(names('mission row')).toEqual([])
  })

  it('answers nothing to nothing, and keeps to the limit', () => {
    expect(names('  ')).toEqual([])
    expect(searchAreas(areas, 'mission', 1)).toHaveLength(1)
  })
})
