/** A figure over some atoms, the finest cells of a table: area × month × category. */
export interface PublishedSum {
  value: number
  /** Numbers of atoms in ascending order. */
  atoms: readonly number[]
}

export interface PublishedCell extends PublishedSum {
  /** Null means all of them. */
  area: string | null
  month: string | null
  category: string | null
}

export interface TableShape {
  /** Codes of leaf areas and of all that contain them: each with the leaves below it. */
  areas: readonly { code: string; leaves: readonly number[] }[]
  leaves: number
  months: readonly string[]
  categories: readonly string[]
}

/**
 * Every figure of a table: each area of each level and the city, by month and in all, by category and
 * in all. Two levels with the same leaves give the same sum twice, and both are kept.
 *
 * @param counts by (leaf × months + month) × categories + category
 */
export function publishedCells(shape: TableShape, counts: ArrayLike<number>): PublishedCell[] {
  const { areas, leaves, months, categories } = shape
  if (counts.length !== leaves * months.length * categories.length)
    throw new RangeError(`${counts.length} counts in a table of another size`)
  const all = (length: number): number[] => Array.from({ length }, (_, at) => at)
  const some = (names: readonly string[]) => [
    ...names.map((name, at) => ({ name: name as string | null, members: [at] })),
    { name: null, members: all(names.length) },
  ]
  const places = [
    ...areas.map(({ code, leaves: members }) => ({
      name: code as string | null,
      members: [...members],
    })),
    { name: null, members: all(leaves) },
  ]
  return places.flatMap((area) =>
    some(months).flatMap((month) =>
      some(categories).map((category): PublishedCell => {
        const atoms = area.members
          .flatMap((leaf) =>
            month.members.flatMap((at) =>
              category.members.map((one) => (leaf * months.length + at) * categories.length + one),
            ),
          )
          .sort((a, b) => a - b)
        const value = atoms.reduce((sum, atom) => sum + counts[atom]!, 0)
        return { area: area.name, month: month.name, category: category.name, value, atoms }
      }),
    ),
  )
}
