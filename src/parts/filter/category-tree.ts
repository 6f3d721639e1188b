import type { Category } from '@/domain/city/category.ts'

export interface CategoryNode {
  category: Category
  /** Includes descendants. */
  count: number
  children: CategoryNode[]
}

/**
 * The category tree with rolled-up counts, in the city's order. Categories with an unknown parent
 * stay at the top.
 * @param counts by `Category.idx` of the leaf
 */
export function categoryTree(
  categories: readonly Category[],
  counts: Uint32Array | null,
): CategoryNode[] {
  const nodes = new Map<string, CategoryNode>()
  for (const category of categories) {
    nodes.set(category.code, { category, count: counts?.[category.idx] ?? 0, children: [] })
  }
  const roots: CategoryNode[] = []
  for (const node of nodes.values()) {
    const parent = node.category.parentCode === null ? null : nodes.get(node.category.parentCode)
    ;(parent ? parent.children : roots).push(node)
  }
  const finish = (siblings: CategoryNode[]): number => {
    let sum = 0
    for (const node of siblings) {
      node.count += finish(node.children)
      sum += node.count
    }
    siblings.sort(
      (a, b) => a.category.sort - b.category.sort || (a.category.code < b.category.code ? -1 : 1),
    )
    return sum
  }
  finish(roots)
  return roots
}

export function countsByCode(nodes: readonly CategoryNode[]): Map<string, number> {
  const found = new Map<string, number>()
  const walk = (siblings: readonly CategoryNode[]): void => {
    for (const { category, count, children } of siblings) {
      found.set(category.code, count)
      walk(children)
    }
  }
  walk(nodes)
  return found
}

export type CheckState = 'checked' | 'mixed' | 'unchecked'

/** Chosen by itself, an ancestor, or all of its children. */
export function checkState(
  node: CategoryNode,
  selected: ReadonlySet<string>,
  isAncestorSelected = false,
): CheckState {
  if (isAncestorSelected || selected.has(node.category.code)) return 'checked'
  if (node.children.length === 0) return 'unchecked'
  const states = node.children.map((child) => checkState(child, selected))
  if (states.every((state) => state === 'checked')) return 'checked'
  return states.some((state) => state !== 'unchecked') ? 'mixed' : 'unchecked'
}

/**
 * Toggles one node. A node replaces its children when all of them are chosen.
 * @returns category codes of any level in tree order; empty means all
 */
export function toggleInTree(
  roots: readonly CategoryNode[],
  selected: readonly string[],
  code: string,
): string[] {
  const before = new Set(selected)
  const leaves = new Set<string>()
  const target = new Set<string>()
  const walk = (node: CategoryNode, isChosen: boolean, isTarget: boolean): void => {
    const chosen = isChosen || before.has(node.category.code)
    const targeted = isTarget || node.category.code === code
    if (node.children.length === 0) {
      if (chosen) leaves.add(node.category.code)
      if (targeted) target.add(node.category.code)
    }
    for (const child of node.children) walk(child, chosen, targeted)
  }
  for (const root of roots) walk(root, false, false)

  const isOn = [...target].every((leaf) => leaves.has(leaf))
  for (const leaf of target) {
    if (isOn) leaves.delete(leaf)
    else leaves.add(leaf)
  }

  const result: string[] = []
  const collect = (node: CategoryNode): void => {
    if (isFull(node, leaves)) result.push(node.category.code)
    else for (const child of node.children) collect(child)
  }
  for (const root of roots) collect(root)
  return result
}

const isFull = (node: CategoryNode, leaves: ReadonlySet<string>): boolean =>
  node.children.length === 0
    ? leaves.has(node.category.code)
    : node.children.every((child) => isFull(child, leaves))
