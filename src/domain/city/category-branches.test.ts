import { describe, expect, it } from 'vitest'
import type { Category } from './category.ts'
import { categoryBranches } from './category-branches.ts'

const category = (idx: number, code: string, parentCode: string | null, sort = idx): Category => ({
  ...{ idx, code, parentCode, sort, path: `${code}/`, class: 'event' },
  ...{ nameZh: `中${code}`, nameEn: `Name of ${code}`, icon: '', color: '#000' },
  ...{ defaultDepartment: null, duplicateRadiusMeters: 0, requiresDescription: false },
})
const list = [
  category(1, 'dirt', null, 200),
  category(2, 'roads', null, 100),
  category(3, 'rubbish', 'dirt', 220),
  category(4, 'signs', 'roads', 110),
  category(5, 'sofa', 'rubbish', 230),
  category(6, 'dust', 'dirt', 210),
]
const codes = (search: string): [string, string[]][] =>
  categoryBranches(list, search).map(({ root, leaves }) => [
    root.code,
    leaves.map((one) => one.code),
  ])

describe('categoryBranches', () => {
  it('lists leaves alone, whatever their depth, by their top and in the catalogue’s order', () => {
    expect(codes('')).toEqual([
      ['roads', ['signs']],
      ['dirt', ['dust', 'sofa']],
    ])
  })

  it('finds by code and by names of a leaf and its top, and needs every word', () => {
    expect(codes('中sofa')).toEqual([['dirt', ['sofa']]])
    expect(codes('DIRT name')).toEqual([['dirt', ['dust', 'sofa']]])
    expect(codes('dirt signs')).toEqual([])
  })
})
