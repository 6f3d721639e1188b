import { expect, it } from 'vitest'
import type { Category } from '../city/category.ts'
import { standardParts } from './standard.ts'
import type { FilingCondition } from './workflow.ts'

const category = (idx: number, code: string, nameEn: string, parentCode: string | null = null) =>
  ({ idx, code, nameEn, nameZh: `类${idx}`, parentCode, sort: 10 - idx }) as Category
const condition = (code: string, categoryCode: string, nameZh: string) =>
  ({
    code,
    categoryCode,
    nameZh,
    nameEn: code,
    closingZh: '已清理',
    closingEn: 'Cleared',
  }) as unknown as FilingCondition

const categories = [
  category(1, 'looks', 'Looks of the city'),
  category(2, 'roads', 'Roads'),
  category(3, 'waste', 'Waste', 'looks'),
  category(4, 'pothole', 'Pothole', 'roads'),
  category(5, 'graffiti', 'Graffiti', 'looks'),
]
const conditions = [
  condition('waste_small', 'waste', '少量垃圾'),
  condition('waste_large', 'waste', '大量垃圾'),
  condition('pothole', 'pothole', '路面坑洞'),
]
const shown = (search: string) =>
  standardParts(categories, conditions, search).map(({ root, categories: list }) => [
    root.code,
    ...list.flatMap(({ conditions: own }) => own.map(({ code }) => code)),
  ])

it('lists conditions under their first parents, in the order of the catalogue', () => {
  expect(shown('')).toEqual([
    ['roads', 'pothole'],
    ['looks', 'waste_small', 'waste_large'],
  ])
})

it('finds each word in either language, also of a parent', () => {
  expect(shown('大量')).toEqual([['looks', 'waste_large']])
  expect(shown('  LOOKS small ')).toEqual([['looks', 'waste_small']])
  expect(shown('类2')).toEqual([['roads', 'pothole']])
  expect(shown('looks pothole')).toEqual([])
})
