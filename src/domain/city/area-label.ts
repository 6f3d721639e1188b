import type { Area } from './area.ts'

/**
 * Like `Mission · SF-20-03`. Leaves out names that the next one begins with.
 * @param ancestry from the city down
 */
export function areaLabel(ancestry: readonly Pick<Area, 'name' | 'level'>[]): string {
  const named = ancestry.filter(
    ({ level }, index) => level !== 'city' || ancestry.length === index + 1,
  )
  return named
    .map(({ name }) => name.trim())
    .filter((name, index, names) => name !== '' && !names[index + 1]?.startsWith(name))
    .join(' · ')
}
