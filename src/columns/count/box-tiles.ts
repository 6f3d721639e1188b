import type { FilterRules } from './filter-rules.ts'

type Box = NonNullable<FilterRules['box']>

/** The city's box has 16 × 16 tiles. */
const tiles = 256
/** Quantised places on a side of a tile. */
const side = 4096

export const tileAt = (x: number, y: number): number => ((y >> 12) << 4) | (x >> 12)

/** Tiles of a box, by `tileAt`: 1 for those meant, else 0. */
interface BoxTiles {
  /** With a place in the box. */
  touched: Uint8Array
  /** Wholly in the box. */
  inside: Uint8Array
  /** Touched, but not wholly inside. */
  edge: Uint8Array
  /** A few rows lie in touched tiles, most do not. */
  isSmall: boolean
}

const mostOfSmall = tiles / 4

/** Boxes are made with the rules, once for each question. */
const known = new WeakMap<Box, BoxTiles>()

export function boxTiles(box: Box): BoxTiles {
  let found = known.get(box)
  if (!found) {
    found = findTiles(box)
    known.set(box, found)
  }
  return found
}

function findTiles([minX, minY, maxX, maxY]: Box): BoxTiles {
  const touched = new Uint8Array(tiles)
  const inside = new Uint8Array(tiles)
  for (let tile = 0; tile < tiles; tile++) {
    const west = (tile & 15) * side
    const south = (tile >> 4) * side
    const [east, north] = [west + side - 1, south + side - 1]
    touched[tile] = Number(west <= maxX && east >= minX && south <= maxY && north >= minY)
    inside[tile] = Number(west >= minX && east <= maxX && south >= minY && north <= maxY)
  }
  const isSmall = touched.reduce((sum, one) => sum + one, 0) <= mostOfSmall
  return { touched, inside, edge: touched.map((one, tile) => one - inside[tile]!), isSmall }
}
