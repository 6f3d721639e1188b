import { answersToJudge, type CategoryTable } from '../../domain/answers/satisfaction.ts'
import type { AreaLevel } from '../../domain/vocabulary.ts'
import { areaSlots } from '../count/area-slots.ts'
import type { QuestionWorld } from './question.ts'

interface Good {
  count: number
  n: number
}
/** Good answers of one leaf category in one area. */
export interface TableCount extends Good {
  /** `Area.idx` of the deepest area. */
  area: number
  /** `Category.idx` of the leaf. */
  category: number
}

const maxRows = 12
const maxColumns = 12
/** Of a column's cells, to stand alone; and of all cells, for a table that tells something. */
const judgedShare = 0.5

/**
 * Tries leaves and the highest categories, at the level asked for and the levels above it, and takes the
 * finest in which at least half of the cells can be judged; else the one with the most. An area that has
 * less than half of its cells judged goes to the others.
 */
export function categoryTable(
  counts: readonly TableCount[],
  world: QuestionWorld,
  /** The level asked for first, then those above it. */
  levels: readonly AreaLevel[],
): CategoryTable {
  let best: ReturnType<typeof tableOf> | null = null
  for (const level of levels)
    for (const nodeOf of [leafOf, topOf]) {
      const found = tableOf(counts, world, level, nodeOf(world))
      if (found.judged >= judgedShare) return found.table
      if (!best || found.judged > best.judged) best = found
    }
  return best!.table
}

type NodeOf = (category: number) => number

const leafOf = (): NodeOf => (category) => category

/** The highest category above a leaf. */
function topOf({ categories }: QuestionWorld): NodeOf {
  const byPath = new Map(categories.map(({ path, idx }) => [path, idx]))
  const tops = new Map(
    categories.map(({ idx, path }) => [
      idx,
      byPath.get(path.slice(0, path.indexOf('/') + 1)) ?? idx,
    ]),
  )
  return (category) => tops.get(category) ?? category
}

function tableOf(
  counts: readonly TableCount[],
  world: QuestionWorld,
  areaLevel: AreaLevel,
  nodeOf: NodeOf,
): { table: CategoryTable; judged: number } {
  const level = world.areas.filter((area) => area.level === areaLevel)
  const slots = areaSlots(
    world.areas,
    level.map(({ idx }) => idx),
  )
  const cells = new Map<number, Good>()
  const [rows, columns] = [new Map<number, Good>(), new Map<number, Good>()]
  const all: Good = { count: 0, n: 0 }
  for (const { area, category, count, n } of counts) {
    const slot = slots[area]!
    if (slot < 0 || n === 0) continue
    const [row, column] = [nodeOf(category), level[slot]!.idx]
    add(of(cells, cellKey(row, column)), count, n)
    add(of(rows, row), count, n)
    add(of(columns, column), count, n)
    add(all, count, n)
  }
  const mostAnswered = (sums: ReadonlyMap<number, Good>): number[] =>
    [...sums].toSorted(([a, x], [b, y]) => y.n - x.n || a - b).map(([idx]) => idx)
  const categories = mostAnswered(rows)
    .filter((row) => isJudged(rows.get(row)!))
    .slice(0, maxRows)
  const none: Good = { count: 0, n: 0 }
  const cell = (row: number, column: number): Good => cells.get(cellKey(row, column)) ?? none
  const areas = mostAnswered(columns)
    .filter(
      (column) =>
        categories.filter((row) => isJudged(cell(row, column))).length >=
        judgedShare * categories.length,
    )
    .slice(0, maxColumns)
  const line = (own: (column: number) => Good, total: Good): Good[] => {
    const shown = areas.map(own)
    return [...shown, less(total, shown), total]
  }
  const list = [
    ...categories.flatMap((row) => line((column) => cell(row, column), rows.get(row)!)),
    ...line((column) => columns.get(column)!, all),
  ]
  const width = areas.length + 2
  const inner = list.filter((_, at) => at < categories.length * width && at % width < areas.length)
  // a table without columns of its own tells nothing by area
  const judged = areas.length < Math.min(2, columns.size) ? 0 : inner.filter(isJudged).length
  return {
    table: { areaLevel, categories, areas, others: columns.size - areas.length, cells: list },
    judged: judged / Math.max(1, inner.length),
  }
}

/** `Category.idx` fills a byte. */
const cellKey = (row: number, column: number): number => column * 256 + row

function add(sum: Good, count: number, n: number): void {
  sum.count += count
  sum.n += n
}

const isJudged = ({ n }: Good): boolean => n >= answersToJudge.least

const less = (total: Good, parts: readonly Good[]): Good => ({
  count: parts.reduce((rest, { count }) => rest - count, total.count),
  n: parts.reduce((rest, { n }) => rest - n, total.n),
})

function of<Key>(sums: Map<Key, Good>, key: Key): Good {
  let found = sums.get(key)
  if (!found) sums.set(key, (found = { count: 0, n: 0 }))
  return found
}
