import type { BoundingBox, LngLat } from '../vocabulary.ts'

export const cellShapes = ['square', 'hexagon'] as const
export type CellShape = (typeof cellShapes)[number]

/**
 * Equal cells over a box, numbered row by row from the south-west: cell = row · columns + column.
 * A hexagon stands on a corner; every odd row lies half a cell further east.
 */
export interface CellGrid {
  shape: CellShape
  /** Width of a cell: a square's side, a hexagon's distance between opposite sides. */
  widthMetres: number
  columns: number
  rows: number
  /** South-west corner of the box. */
  west: number
  south: number
  /** Degrees of one width. */
  widthLng: number
  widthLat: number
}

/** More take seconds to draw, and are too small to be seen. */
export const maxCells = 20_000
/** Cells across the longer side of the box, about. */
const usualAcross = 42
const metresPerDegree = 111_195
const niceWidths = [1, 1.5, 2, 3, 5, 7.5]
/** Of a hexagon's width: from one row to the next, and from its centre to a corner. */
export const hexagonPitch = Math.sqrt(3) / 2
const hexagonRadius = 1 / Math.sqrt(3)

function sizeMetres([west, south, east, north]: BoundingBox): [width: number, height: number] {
  const up = (north - south) * metresPerDegree
  const middle = ((north + south) / 2) * (Math.PI / 180)
  return [(east - west) * metresPerDegree * Math.cos(middle), up]
}

/** A round width in metres that gives 30 to 60 cells across the longer side; at least 10 m. */
export function usualCellWidth(box: BoundingBox): number {
  return Math.max(10, roundUp(Math.max(...sizeMetres(box)) / usualAcross / 1.2))
}

/** The smallest round width from `metres` on. */
export function roundUp(metres: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, metres)))
  const nice = niceWidths.find((width) => width * power >= metres) ?? 10
  return nice * power
}

/** The smallest round width with at most `maxCells` cells. */
export function leastCellWidth(box: BoundingBox, shape: CellShape): number {
  const [width, height] = sizeMetres(box)
  let metres = roundUp(Math.sqrt((width * height) / maxCells))
  for (;;) {
    const { columns, rows } = cellGrid(box, shape, metres)
    if (columns * rows <= maxCells) return metres
    metres = roundUp(metres * 1.01)
  }
}

/** @param widthMetres above 0 */
export function cellGrid(box: BoundingBox, shape: CellShape, widthMetres: number): CellGrid {
  const [width, height] = sizeMetres(box)
  const pitch = shape === 'square' ? 1 : hexagonPitch
  const across = width / widthMetres
  return {
    shape,
    widthMetres,
    columns: Math.max(1, Math.ceil(across + (shape === 'square' ? 0 : 0.5))),
    rows: Math.max(1, Math.ceil(height / widthMetres / pitch + (shape === 'square' ? 0 : 1))),
    west: box[0],
    south: box[1],
    widthLng: (box[2] - box[0]) / across,
    widthLat: widthMetres / metresPerDegree,
  }
}

/** From the south-west corner, in widths. */
function centreOf({ shape, columns }: CellGrid, cell: number): [x: number, y: number] {
  const row = Math.floor(cell / columns)
  const column = cell % columns
  return shape === 'square'
    ? [column + 0.5, row + 0.5]
    : [column + (row % 2 === 0 ? 0 : 0.5), row * hexagonPitch]
}

export function cellCentre(grid: CellGrid, cell: number): LngLat {
  const [x, y] = centreOf(grid, cell)
  return [grid.west + x * grid.widthLng, grid.south + y * grid.widthLat]
}

const squareCorners = [
  [-0.5, -0.5],
  [0.5, -0.5],
  [0.5, 0.5],
  [-0.5, 0.5],
] as const
const hexagonCorners = [30, 90, 150, 210, 270, 330].map((degrees) => {
  const angle = (degrees * Math.PI) / 180
  return [hexagonRadius * Math.cos(angle), hexagonRadius * Math.sin(angle)] as const
})

/** Closed, counter-clockwise. */
export function cellRing(grid: CellGrid, cell: number): LngLat[] {
  const [x, y] = centreOf(grid, cell)
  const corners = grid.shape === 'square' ? squareCorners : hexagonCorners
  const ring = corners.map(([right, up]): LngLat => [
    grid.west + (x + right) * grid.widthLng,
    grid.south + (y + up) * grid.widthLat,
  ])
  return [...ring, ring[0]!]
}
