import type { Category } from './category.ts'

const fold = (text: string): string => text.normalize('NFKC').toLowerCase()

/** Names that begin with the query come first. */
export function searchCategories(categories: readonly Category[], query: string): Category[] {
  const wanted = fold(query).trim()
  if (wanted === '') return []
  const words = wanted.split(/\s+/)
  const matches = categories.filter((category) => {
    const text = fold(`${category.nameZh} ${category.nameEn} ${category.code.replaceAll('_', ' ')}`)
    return words.every((word) => text.includes(word))
  })
  const begins = ({ nameZh, nameEn }: Category): boolean =>
    fold(nameZh).startsWith(wanted) || fold(nameEn).startsWith(wanted)
  return [...matches.filter(begins), ...matches.filter((category) => !begins(category))]
}
