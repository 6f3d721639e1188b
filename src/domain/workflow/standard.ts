import type { Category } from '../city/category.ts'
import type { FilingCondition } from './workflow.ts'

/** A category of the standard with its conditions, under the first of its parents. */
export interface StandardPart {
  root: Category
  categories: readonly { category: Category; conditions: readonly FilingCondition[] }[]
}

/**
 * The conditions by category, in the order of the catalogue, that have the words searched for in the
 * names of a category, one above it, or a condition, in either language. Each word must be found.
 */
export function standardParts(
  categories: readonly Category[],
  conditions: readonly FilingCondition[],
  search: string,
): StandardPart[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean)
  const byCode = new Map(categories.map((category) => [category.code, category]))
  const above = (category: Category): Category[] => {
    const parent = category.parentCode === null ? undefined : byCode.get(category.parentCode)
    return parent ? [...above(parent), category] : [category]
  }
  const isFound = (texts: readonly string[]): boolean => {
    const all = texts.join(' ').toLowerCase()
    return words.every((word) => all.includes(word))
  }
  const namesOf = ({ nameZh, nameEn, code }: { nameZh: string; nameEn: string; code: string }) => [
    nameZh,
    nameEn,
    code,
  ]
  const ofCategory = Map.groupBy(conditions, ({ categoryCode }) => categoryCode)
  const found = categories
    .toSorted((a, b) => a.sort - b.sort || a.idx - b.idx)
    .flatMap((category) => {
      const path = above(category)
      const names = path.flatMap(namesOf)
      const own = (ofCategory.get(category.code) ?? []).filter((condition) =>
        isFound([...names, ...namesOf(condition), condition.closingZh, condition.closingEn]),
      )
      return own.length > 0 ? [{ root: path[0]!, category, conditions: own }] : []
    })
  return [...Map.groupBy(found, ({ root }) => root)]
    .toSorted(([a], [b]) => a.sort - b.sort || a.idx - b.idx)
    .map(([root, list]) => ({
      root,
      categories: list.map(({ category, conditions: own }) => ({ category, conditions: own })),
    }))
}
