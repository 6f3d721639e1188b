import { describe, expect, it } from 'vitest'
import { searchCategories } from './category-search.ts'
import type { Category } from './category.ts'

const category = (code: string, nameZh: string, nameEn: string) =>
  ({ code, nameZh, nameEn }) as Category
const all = [
  category('blocked_sidewalk', '占用道路与人行道', 'Blocked street or sidewalk'),
  category('street_light', '路灯损坏', 'Street lights'),
  category('noise', '噪声扰民', 'Noise'),
]
const codes = (query: string) => searchCategories(all, query).map(({ code }) => code)

describe('searchCategories', () => {
  it('finds by either language, names that begin with the query first', () => {
    expect(codes('street')).toEqual(['street_light', 'blocked_sidewalk'])
    expect(codes('路')).toEqual(['street_light', 'blocked_sidewalk'])
    expect(codes('噪声')).toEqual(['noise'])
  })
  it('wants every word, in any order, whatever the width and case of letters', () => {
    expect(codes('sidewalk BLOCKED')).toEqual(['blocked_sidewalk'])
    expect(codes('ｎｏｉｓｅ')).toEqual(['noise'])
    expect(codes('street noise')).toEqual([])
    expect(codes('  ')).toEqual([])
  })
})
