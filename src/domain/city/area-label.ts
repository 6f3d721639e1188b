import type { Area } from './area.ts'

/**
 * An address for places without a network: the names of the areas around it from the top down, for
 * example `Mission · SF-20-03`. Leaves out the city, and a name that the next one begins with.
 * @param ancestry from the city down to the deepest area
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
