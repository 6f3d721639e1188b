import type { Area } from './area.ts'

/**
 * What stands for an address where no network can ask for one: the names of the areas a place lies
 * in, from the top down, for example `Mission · SF-20-03`. The city itself goes without saying, and
 * so does a name that the next one begins with.
 *
 * @param ancestry from the city down to the place's own area
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
