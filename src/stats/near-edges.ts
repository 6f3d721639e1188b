import type { LooseEdges } from './exact-edges.ts'
import type { LinkSet } from './link-set.ts'

/**
 * Links areas whose loose edges come within the tolerance: borders digitised twice, slivers, gaps,
 * a corner of one on an edge of another, edges that cross. A spatial hash of edges, cut into pieces
 * of about a cell; a pair of pieces is compared in the first cell both lie in.
 * @param metres x, y, x, y, … of the points
 * @param minShared metres; no further length is measured for a pair that has it
 */
export function linkNearEdges(
  { ends, areas }: LooseEdges,
  metres: Float64Array,
  toleranceMetres: number,
  minShared: number,
  links: LinkSet,
): void {
  if (areas.length === 0) return
  const pieces = cutPieces(ends, areas, metres, toleranceMetres)
  const cells = fillCells(pieces, toleranceMetres)
  const { starts, entries, cellX, cellY } = cells
  for (let bucket = 0; bucket + 1 < starts.length; bucket++) {
    const end = starts[bucket + 1]!
    for (let e = starts[bucket]!; e < end; e++) {
      const a = entries[e]!
      for (let f = e + 1; f < end; f++) {
        const b = entries[f]!
        if (pieces.areas[a] === pieces.areas[b]) continue
        if (cellX[e] !== cellX[f] || cellY[e] !== cellY[f]) continue
        if (cellX[e] !== Math.max(cells.firstX[a]!, cells.firstX[b]!)) continue
        if (cellY[e] !== Math.max(cells.firstY[a]!, cells.firstY[b]!)) continue
        compare(pieces, a, b, toleranceMetres, minShared, links)
      }
    }
  }
}

interface Pieces {
  count: number
  /** x, y of one end, x, y of the other. */
  ends: Float64Array
  areas: Uint32Array
  cellMetres: number
}

function cutPieces(
  ends: Uint32Array,
  areas: Uint32Array,
  metres: Float64Array,
  toleranceMetres: number,
): Pieces {
  let total = 0
  for (let e = 0; e < areas.length; e++) total += lengthOf(e)
  const cellMetres = Math.max(total / areas.length, 4 * toleranceMetres, Number.MIN_VALUE)
  let count = 0
  for (let e = 0; e < areas.length; e++) count += piecesOf(e)
  const pieces: Pieces = {
    count,
    ends: new Float64Array(4 * count),
    areas: new Uint32Array(count),
    cellMetres,
  }
  let piece = 0
  for (let e = 0; e < areas.length; e++) {
    const parts = piecesOf(e)
    const from = 2 * ends[2 * e]!
    const to = 2 * ends[2 * e + 1]!
    for (let part = 0; part < parts; part++, piece++) {
      for (let axis = 0; axis < 2; axis++) {
        const start = metres[from + axis]!
        const span = metres[to + axis]! - start
        pieces.ends[4 * piece + axis] = start + (span * part) / parts
        // The very end, not its sum: rounding would open a gap.
        pieces.ends[4 * piece + 2 + axis] =
          part + 1 === parts ? metres[to + axis]! : start + (span * (part + 1)) / parts
      }
      pieces.areas[piece] = areas[e]!
    }
  }
  return pieces

  function lengthOf(e: number): number {
    const from = 2 * ends[2 * e]!
    const to = 2 * ends[2 * e + 1]!
    return Math.hypot(metres[to]! - metres[from]!, metres[to + 1]! - metres[from + 1]!)
  }
  function piecesOf(e: number): number {
    return Math.max(1, Math.ceil(lengthOf(e) / (2 * cellMetres)))
  }
}

interface Cells {
  /** First entry of each bucket of the hash. */
  starts: Uint32Array
  /** Pieces by bucket, each with the cell it was put there for. */
  entries: Uint32Array
  cellX: Int32Array
  cellY: Int32Array
  /** First cell of each piece. */
  firstX: Int32Array
  firstY: Int32Array
}

function fillCells({ count, ends, cellMetres }: Pieces, toleranceMetres: number): Cells {
  let minX = Number.POSITIVE_INFINITY
  let minY = Number.POSITIVE_INFINITY
  for (let i = 0; i < ends.length; i += 2) {
    minX = Math.min(minX, ends[i]!)
    minY = Math.min(minY, ends[i + 1]!)
  }
  /** First x, first y, last x, last y. */
  const spans = new Int32Array(4 * count)
  const reach = toleranceMetres / 2
  let total = 0
  for (let piece = 0; piece < count; piece++) {
    for (let axis = 0; axis < 2; axis++) {
      const a = ends[4 * piece + axis]! - (axis === 0 ? minX : minY)
      const b = ends[4 * piece + 2 + axis]! - (axis === 0 ? minX : minY)
      spans[4 * piece + axis] = Math.floor((Math.min(a, b) - reach) / cellMetres)
      spans[4 * piece + 2 + axis] = Math.floor((Math.max(a, b) + reach) / cellMetres)
    }
    total +=
      (spans[4 * piece + 2]! - spans[4 * piece]! + 1) *
      (spans[4 * piece + 3]! - spans[4 * piece + 1]! + 1)
  }
  const mask = 2 ** Math.ceil(Math.log2(total + 1)) - 1
  const starts = new Uint32Array(mask + 2)
  const cells: Cells = {
    starts,
    entries: new Uint32Array(total),
    cellX: new Int32Array(total),
    cellY: new Int32Array(total),
    firstX: new Int32Array(count),
    firstY: new Int32Array(count),
  }
  eachCell((bucket) => starts[bucket]!++)
  for (let bucket = 0; bucket <= mask; bucket++) starts[bucket + 1]! += starts[bucket]!
  // Filled from the back, so that starts end where they belong.
  eachCell((bucket, piece, x, y) => {
    const entry = --starts[bucket]!
    cells.entries[entry] = piece
    cells.cellX[entry] = x
    cells.cellY[entry] = y
  })
  for (let piece = 0; piece < count; piece++) {
    cells.firstX[piece] = spans[4 * piece]!
    cells.firstY[piece] = spans[4 * piece + 1]!
  }
  return cells

  function eachCell(visit: (bucket: number, piece: number, x: number, y: number) => void): void {
    for (let piece = 0; piece < count; piece++) {
      for (let y = spans[4 * piece + 1]!; y <= spans[4 * piece + 3]!; y++) {
        for (let x = spans[4 * piece]!; x <= spans[4 * piece + 2]!; x++) {
          const hash = Math.imul(x, 0x9e3779b1) ^ Math.imul(y, 0x85ebca6b)
          visit((hash ^ (hash >>> 15)) & mask, piece, x, y)
        }
      }
    }
  }
}

function compare(
  { ends, areas }: Pieces,
  a: number,
  b: number,
  tolerance: number,
  minShared: number,
  links: LinkSet,
): void {
  const shared = links.sharedOf(areas[a]!, areas[b]!)
  if (shared >= minShared) return
  const overlap = sharedLength(ends, 4 * a, 4 * b, tolerance)
  if (overlap > 0 || (shared < 0 && meets(ends, 4 * a, 4 * b, tolerance))) {
    links.add(areas[a]!, areas[b]!, overlap)
  }
}

/** Metres along which the shorter piece runs within the tolerance of the longer one. */
function sharedLength(ends: Float64Array, a: number, b: number, tolerance: number): number {
  const lengthA = Math.hypot(ends[a + 2]! - ends[a]!, ends[a + 3]! - ends[a + 1]!)
  const lengthB = Math.hypot(ends[b + 2]! - ends[b]!, ends[b + 3]! - ends[b + 1]!)
  const [long, short, length] = lengthA >= lengthB ? [a, b, lengthA] : [b, a, lengthB]
  const ux = (ends[long + 2]! - ends[long]!) / length
  const uy = (ends[long + 3]! - ends[long + 1]!) / length
  const along = (at: number): number =>
    (ends[short + at]! - ends[long]!) * ux + (ends[short + at + 1]! - ends[long + 1]!) * uy
  const aside = (at: number): number =>
    (ends[short + at + 1]! - ends[long + 1]!) * ux - (ends[short + at]! - ends[long]!) * uy
  const start = along(0)
  const step = along(2) - start
  const sideStart = aside(0)
  const sideStep = aside(2) - sideStart
  let from = 0
  let to = 1
  // Part of the short piece whose value start + t·step lies between low and high.
  const clip = (first: number, change: number, low: number, high: number): void => {
    if (change === 0) {
      if (first < low || first > high) to = -1
      return
    }
    const [t0, t1] = [(low - first) / change, (high - first) / change]
    from = Math.max(from, Math.min(t0, t1))
    to = Math.min(to, Math.max(t0, t1))
  }
  clip(start, step, 0, length)
  clip(sideStart, sideStep, -tolerance, tolerance)
  return to > from ? (to - from) * Math.abs(step) : 0
}

/** The pieces cross, or an end of one lies within the tolerance of the other. */
function meets(ends: Float64Array, a: number, b: number, tolerance: number): boolean {
  const square = tolerance * tolerance
  return (
    squareToPiece(ends, a, b) <= square ||
    squareToPiece(ends, a + 2, b) <= square ||
    squareToPiece(ends, b, a) <= square ||
    squareToPiece(ends, b + 2, a) <= square ||
    (side(ends, a, b) * side(ends, a, b + 2) < 0 && side(ends, b, a) * side(ends, b, a + 2) < 0)
  )
}

/** Which side of piece `of` the point lies on. */
function side(ends: Float64Array, of: number, point: number): number {
  return (
    (ends[of + 2]! - ends[of]!) * (ends[point + 1]! - ends[of + 1]!) -
    (ends[of + 3]! - ends[of + 1]!) * (ends[point]! - ends[of]!)
  )
}

/** Square of the distance of a point from a piece. */
function squareToPiece(ends: Float64Array, point: number, piece: number): number {
  const dx = ends[piece + 2]! - ends[piece]!
  const dy = ends[piece + 3]! - ends[piece + 1]!
  const px = ends[point]! - ends[piece]!
  const py = ends[point + 1]! - ends[piece + 1]!
  const t = Math.max(0, Math.min(1, (px * dx + py * dy) / (dx * dx + dy * dy)))
  return (px - t * dx) ** 2 + (py - t * dy) ** 2
}
