import {
  cellAt,
  cellGrid,
  leastCellWidth,
  maxCells,
  usualCellWidth,
  type CellGrid,
} from '../../domain/answers/cell-grid.ts'
import { quantum } from '../../domain/answers/columns.ts'
import type { HotspotCellOptions, HotspotCells } from '../../domain/answers/hotspot-cells.ts'
import type { BoundingBox } from '../../domain/vocabulary.ts'
import { benjaminiHochberg } from '../../stats/correct.ts'
import { localG } from '../../stats/getis-ord.ts'
import { latticeWeights } from '../../stats/lattice.ts'
import { subset } from '../../stats/weights.ts'
import { boxOf, cellsInside } from '../count/cells-inside.ts'
import { FilteredRows, forEachPassing } from '../count/filtered-rows.ts'
import { confidenceClass } from '../count/confidence-class.ts'
import type { Question } from './question.ts'

const minCells = 4

/**
 * Cells that stand out by Gi*, over the areas that the person sees or the filter's box. A cell with
 * its centre outside all areas is mostly empty, so it is not judged: it is told when it holds an
 * incident. The filter's areas do not narrow the question.
 */
export const hotspotCells: Question<HotspotCellOptions, HotspotCells> = (rows, world, options) => {
  const { polygons } = world.shapes.of(options.level)
  const box = rows.filter.bbox ?? boxOf(polygons) ?? world.cityBbox
  const usualMetres = usualCellWidth(box)
  const grid = cellGrid(box, options.shape, options.widthMetres ?? usualMetres)
  const answer: HotspotCells = {
    options,
    obstacle: null,
    grid,
    usualMetres,
    leastMetres: leastCellWidth(box, options.shape),
    judged: 0,
    cells: new Uint32Array(0),
    counts: new Uint32Array(0),
    classes: new Int8Array(0),
    scores: new Float64Array(0),
    p: new Float64Array(0),
  }
  const n = grid.columns * grid.rows
  if (n > maxCells) return { ...answer, obstacle: 'too_many' }
  const all =
    rows.filter.areas.length === 0
      ? rows
      : new FilteredRows(rows.set, { ...rows.filter, areas: [] }, world)
  const counted = countCells(all, grid, world.cityBbox)
  const inside = cellsInside(grid, polygons)
  const cells = Uint32Array.from(
    counted.keys().filter((cell) => inside[cell] === 1 || counted[cell]! > 0),
  )
  const counts = Uint32Array.from(cells, (cell) => counted[cell]!)
  const found: HotspotCells = {
    ...answer,
    cells,
    counts,
    classes: new Int8Array(cells.length),
    scores: new Float64Array(cells.length),
    p: new Float64Array(cells.length).fill(1),
  }
  if (counts.every((count) => count === 0)) return { ...found, obstacle: 'no_incidents' }
  const judged = Uint32Array.from(cells.keys().filter((i) => inside[cells[i]!] === 1))
  if (judged.length < minCells) return { ...found, obstacle: 'few_cells' }
  const { z, p, known } = localG(
    judged.map((i) => counts[i]!),
    subset(latticeWeights(grid, 'queen', true), inside),
  )
  const adjusted = benjaminiHochberg(p, known)
  judged.forEach((i, n) => {
    found.scores[i] = z[n]!
    found.p[i] = adjusted[n]!
    found.classes[i] = confidenceClass(adjusted[n]!, z[n]!)
  })
  return { ...found, judged: judged.length, obstacle: known.includes(1) ? null : 'all_equal' }
}

function countCells(rows: FilteredRows, grid: CellGrid, city: BoundingBox): Uint32Array {
  const counts = new Uint32Array(grid.columns * grid.rows)
  const [west, south, east, north] = city
  forEachPassing(rows, ({ x, y }) => (row) => {
    const lng = west + (x[row]! / quantum) * (east - west)
    const lat = south + (y[row]! / quantum) * (north - south)
    const cell = cellAt(grid, lng, lat)
    if (cell >= 0) counts[cell]!++
  })
  return counts
}
