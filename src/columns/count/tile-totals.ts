import type { MonthColumns } from './column-set.ts'
import { tileAt } from './box-tiles.ts'
import { areasIn } from './month-totals.ts'
import { countByPlace, smallest, type Counts, type PlaceTotals } from './place-totals.ts'
import { openByte } from './row-tables.ts'

/** The city's box in 16 × 16 tiles. */
export interface TileTotals extends PlaceTotals {
  /** `Area.idx * 2`, and one more for open ones, tile by tile. */
  areas: Counts
  areaCounts: Counts
  /** The first place in `areas` of each of `places`, then the end of the last. */
  areaStarts: Uint32Array
}

/** Months are replaced, never changed. */
const known = new WeakMap<MonthColumns, TileTotals | null>()

/** Null where rows are better. */
export function tileTotals(month: MonthColumns): TileTotals | null {
  let totals = known.get(month)
  if (totals === undefined) {
    totals = countTiles(month)
    known.set(month, totals)
  }
  return totals
}

function countTiles(month: MonthColumns): TileTotals | null {
  const { x, y } = month
  const totals = countByPlace(month, (row) => tileAt(x[row]!, y[row]!))
  if (!totals) return null
  const areas = areasOfTiles(month, totals.places)
  return areas && { ...totals, ...areas }
}

/** A table of all tiles and areas is used to count, so it must not be far larger than the rows. */
const maxPlacesARow = 32

function areasOfTiles(
  month: MonthColumns,
  places: Uint16Array,
): Pick<TileTotals, 'areas' | 'areaCounts' | 'areaStarts'> | null {
  const { count, x, y, area, stage } = month
  const width = 2 * areasIn(month)
  if (places.length * width > maxPlacesARow * count) return null
  const slots = new Uint16Array(65_536)
  places.forEach((tile, slot) => (slots[tile] = slot))
  const table = new Uint32Array(places.length * width)
  for (let row = 0; row < count; row++)
    table[slots[tileAt(x[row]!, y[row]!)]! * width + 2 * area[row]! + openByte[stage[row]!]!]!++
  const areas: number[] = []
  const areaCounts: number[] = []
  const areaStarts = new Uint32Array(places.length + 1)
  for (let at = 0; at < table.length; at++) {
    if (at % width === 0) areaStarts[at / width] = areas.length
    if (table[at] === 0) continue
    areas.push(at % width)
    areaCounts.push(table[at]!)
  }
  areaStarts[places.length] = areas.length
  return {
    areas: smallest(Uint32Array.from(areas)),
    areaCounts: smallest(Uint32Array.from(areaCounts)),
    areaStarts,
  }
}
