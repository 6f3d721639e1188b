import {
  cellGrid,
  leastCellWidth,
  maxCells,
  usualCellWidth,
} from '../../domain/answers/cell-grid.ts'
import type { HotspotCellOptions, HotspotCells } from '../../domain/answers/hotspot-cells.ts'
import type { Judged } from '../../domain/answers/hotspots.ts'
import { latticeWeights } from '../../stats/lattice.ts'
import { finish } from '../../stats/in-parts.ts'
import { subset } from '../../stats/weights.ts'
import { cellFinder, countCells } from '../count/cell-finder.ts'
import { boxOf, cellsInside } from '../count/cells-inside.ts'
import { everywhere } from './hotspots.ts'
import { judge } from './judge.ts'
import type { Question, QuestionInParts } from './question.ts'
import type { Units } from './units.ts'

/**
 * Cells that stand out, over the areas that the person sees or the filter's box. A cell with its
 * centre outside all areas is mostly empty, so it is not judged: it is told when it holds an
 * incident. The filter's areas do not narrow the question.
 */
export const hotspotCells: Question<HotspotCellOptions, HotspotCells> = (rows, world, options) =>
  finish(hotspotCellsInParts(rows, world, options))

export const hotspotCellsInParts: QuestionInParts<HotspotCellOptions, HotspotCells> = function* (
  rows,
  world,
  options,
) {
  const { polygons } = world.shapes.of(options.level)
  const box = rows.filter.bbox ?? boxOf(polygons) ?? world.cityBbox
  const usualMetres = usualCellWidth(box)
  const grid = cellGrid(box, options.shape, options.widthMetres ?? usualMetres)
  const widths = { grid, usualMetres, leastMetres: leastCellWidth(box, options.shape) }
  const n = grid.columns * grid.rows
  if (n > maxCells) return { ...tooMany, ...widths, options }

  const find = cellFinder(grid, world.cityBbox)
  const all = everywhere(rows, world)
  const counted = countCells(all, n, find)
  const inside = cellsInside(grid, polygons)
  const judged = Uint32Array.from(counted.keys().filter((cell) => inside[cell] === 1))
  const slots = new Int32Array(n).fill(-1)
  judged.forEach((cell, slot) => (slots[cell] = slot))
  const units: Units = {
    n: judged.length,
    neighbours: subset(latticeWeights(grid, 'queen', true), inside),
    size: new Float64Array(judged.length).fill(1),
    value: 'count',
    slotOf:
      ({ x, y }) =>
      (row) => {
        const at = find(x[row]!, y[row]!)
        return at < 0 ? -1 : slots[at]!
      },
  }
  const counts = judged.map((cell) => counted[cell]!)
  const found = yield* judge({ units, rows: all, world, counts }, options)
  // A step's incidents outside are not counted.
  const told = options.method === 'pattern' ? judged : toldCells(counted, inside)
  const obstacle =
    found.obstacle === 'few_areas'
      ? noneIn(counted)
        ? 'no_incidents'
        : 'few_cells'
      : found.obstacle
  return {
    ...found,
    ...spread(found, slots, told, counted),
    ...widths,
    options,
    obstacle,
    judged: judged.length,
    cells: told,
    series: new Uint32Array(0),
  }
}

const tooMany = {
  value: 'count',
  obstacle: 'too_many',
  judged: 0,
  cells: new Uint32Array(0),
  counts: new Uint32Array(0),
  classes: new Int8Array(0),
  scores: new Float64Array(0),
  p: new Float64Array(0),
  expected: new Float64Array(0),
  islands: 0,
  shuffles: 0,
  isSmoothed: false,
  withoutSize: 0,
  isSparse: false,
  alike: null,
  together: null,
  steps: 0,
  series: new Uint32Array(0),
} as const

const noneIn = (counts: Uint32Array): boolean => counts.every((count) => count === 0)

const toldCells = (counted: Uint32Array, inside: Uint8Array): Uint32Array =>
  Uint32Array.from(counted.keys().filter((cell) => inside[cell] === 1 || counted[cell]! > 0))

/** Results of the judged cells, in the order of the cells in the answer. */
function spread(
  found: Judged,
  slots: Int32Array,
  told: Uint32Array,
  counted: Uint32Array,
): Pick<Judged, 'counts' | 'classes' | 'scores' | 'p' | 'expected'> {
  const of = <T>(cell: number, values: ArrayLike<T>, none: T): T => values[slots[cell]!] ?? none
  return {
    counts: Uint32Array.from(told, (cell) => of(cell, found.counts, counted[cell]!)),
    classes: Int8Array.from(told, (cell) => of(cell, found.classes, 0)),
    scores: Float64Array.from(told, (cell) => of(cell, found.scores, 0)),
    p: Float64Array.from(told, (cell) => of(cell, found.p, 1)),
    expected: Float64Array.from(told, (cell) => of(cell, found.expected, 0)),
  }
}
