import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Category } from '@/domain/city/category.ts'
import { categoryTree, checkState, toggleInTree } from './category-tree.ts'

const category = (idx: number, code: string, parentCode: string | null): Category => ({
  idx,
  code,
  parentCode,
  path: parentCode === null ? `${code}/` : `${parentCode}/${code}/`,
  class: 'event',
  nameZh: code,
  nameEn: code,
  icon: 'lucide:circle',
  color: '#000000',
  defaultDepartment: null,
  sort: idx,
  duplicateRadiusMeters: 30,
  requiresDescription: false,
})
const categories = [
  category(4, 'b2', 'b'),
  category(0, 'a', null),
  category(1, 'a1', 'a'),
  category(2, 'b', null),
  category(3, 'b1', 'b'),
]
const tree = categoryTree(categories, Uint32Array.from([0, 5, 0, 7, 11]))

describe('categoryTree', () => {
  it('rolls counts up and sorts', () => {
    expect(tree.map(({ category: { code }, count }) => [code, count])).toEqual([
      ['a', 5],
      ['b', 18],
    ])
    expect(tree[1]!.children.map(({ category: { code } }) => code)).toEqual(['b1', 'b2'])
  })

  it('keeps a category whose parent is missing', () => {
    expect(categoryTree([category(0, 'x', 'gone')], null)).toHaveLength(1)
  })
})

describe('checkState', () => {
  it('knows the three states', () => {
    const b = tree[1]!
    expect(checkState(b, new Set())).toBe('unchecked')
    expect(checkState(b, new Set(['b1']))).toBe('mixed')
    expect(checkState(b, new Set(['b1', 'b2']))).toBe('checked')
    expect(checkState(b.children[0]!, new Set(), true)).toBe('checked')
  })
})

describe('toggleInTree', () => {
  it('takes one leaf out of a chosen parent', () => {
    expect(toggleInTree(tree, ['b'], 'b1')).toEqual(['b2'])
  })

  it('writes a full parent as itself', () => {
    expect(toggleInTree(tree, ['b1'], 'b2')).toEqual(['b'])
    expect(toggleInTree(tree, ['b1'], 'b')).toEqual(['b'])
  })

  it('clears a parent with everything below', () => {
    expect(toggleInTree(tree, ['a', 'b'], 'b')).toEqual(['a'])
  })

  it('undoes itself when done twice on a leaf', () => {
    const codes = fc.constantFrom('a', 'a1', 'b', 'b1', 'b2')
    fc.assert(
      fc.property(fc.array(codes), fc.constantFrom('a1', 'b1', 'b2'), (toggles, leaf) => {
        const state = toggles.reduce<string[]>((list, code) => toggleInTree(tree, list, code), [])
        const twice = toggleInTree(tree, toggleInTree(tree, state, leaf), leaf)
        expect(twice).toEqual(state)
      }),
    )
  })
})
