import type { Category } from './category.ts'

/** A top of the catalogue with the categories below it that can be reported. */
export interface CategoryBranch {
  root: Category
  leaves: readonly Category[]
}

/**
 * All leaves by their top, both in the catalogue's order, that have each of the words searched for in
 * code or names of their own or of their top, in either language.
 */
export function categoryBranches(
  categories: readonly Category[],
  search: string,
): CategoryBranch[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean)
  const byCode = new Map(categories.map((category) => [category.code, category]))
  const parents = new Set(categories.map(({ parentCode }) => parentCode))
  const rootOf = (category: Category): Category => {
    const parent = category.parentCode === null ? undefined : byCode.get(category.parentCode)
    return parent ? rootOf(parent) : category
  }
  const bySort = (a: Category, b: Category): number => a.sort - b.sort || a.idx - b.idx
  const isFound = (category: Category): boolean => {
    const all = [category, rootOf(category)]
      .flatMap(({ code, nameZh, nameEn }) => [code, nameZh, nameEn])
      .join(' ')
      .toLowerCase()
    return words.every((word) => all.includes(word))
  }
  const leaves = categories.filter(({ code }) => !parents.has(code)).filter(isFound)
  return [...Map.groupBy(leaves.toSorted(bySort), rootOf)]
    .toSorted(([a], [b]) => bySort(a, b))
    .map(([root, list]) => ({ root, leaves: list }))
}
