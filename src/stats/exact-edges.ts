import type { LinkSet } from './link-set.ts'
import type { Polygons } from './polygons.ts'

/** Edges that no other area has just so. */
export interface LooseEdges {
  /** Point numbers of both ends: from, to, from, to, … */
  ends: Uint32Array
  areas: Uint32Array
}

/**
 * Links areas that share a point or an edge bit by bit, as areas cut from one plan do. Each edge
 * shared so is done with: between its two areas there is no place for a third.
 */
export function linkExactEdges(polygons: Polygons, links: LinkSet): LooseEdges {
  const { coordinates, rings, areas } = polygons
  const points = coordinates.length / 2
  const vertices = new VertexTable(coordinates)
  const nodes = new AreasOfVertices(points, links)
  const edges = new EdgeTable(points, links)
  for (let area = 0; area + 1 < areas.length; area++) {
    for (let ring = areas[area]!; ring < areas[area + 1]!; ring++) {
      const start = rings[ring]!
      const end = rings[ring + 1]!
      if (start === end) continue
      // From the last point, so that a ring that repeats its first point is as one that does not.
      let before = vertices.numberOf(end - 1)
      for (let point = start; point < end; point++) {
        const vertex = vertices.numberOf(point)
        nodes.visit(vertex, area)
        if (vertex !== before) edges.add(before, vertex, area)
        before = vertex
      }
    }
  }
  return edges.loose()
}

/** Power of two with room for `count` entries in a hash table. */
const tableSize = (count: number): number => 2 ** Math.ceil(Math.log2(Math.max(2, 1.6 * count)))

/** Gives equal coordinates one number: that of their first point. */
class VertexTable {
  private readonly coordinates: Float64Array
  private readonly bits: Int32Array
  private readonly table: Int32Array

  constructor(coordinates: Float64Array) {
    this.coordinates = coordinates
    this.bits = new Int32Array(coordinates.buffer, coordinates.byteOffset, 2 * coordinates.length)
    this.table = new Int32Array(tableSize(coordinates.length / 2)).fill(-1)
  }

  numberOf(point: number): number {
    const { coordinates, bits, table } = this
    const mask = table.length - 1
    const at = 4 * point
    let hash = Math.imul(bits[at]! ^ Math.imul(bits[at + 1]!, 0x85ebca6b), 0x9e3779b1)
    hash = Math.imul(hash ^ (hash >>> 15) ^ bits[at + 2]!, 0xc2b2ae35)
    hash = Math.imul(hash ^ (hash >>> 13) ^ bits[at + 3]!, 0x27d4eb2f)
    let place = (hash ^ (hash >>> 15)) & mask
    const x = coordinates[2 * point]
    const y = coordinates[2 * point + 1]
    for (;;) {
      const other = table[place]!
      if (other < 0) return (table[place] = point)
      if (coordinates[2 * other] === x && coordinates[2 * other + 1] === y) return other
      place = (place + 1) & mask
    }
  }
}

/** The areas at each vertex, as linked lists. */
class AreasOfVertices {
  private readonly links: LinkSet
  private readonly heads: Int32Array
  private readonly next: Int32Array
  private readonly areas: Uint32Array
  private count = 0

  constructor(points: number, links: LinkSet) {
    this.links = links
    this.heads = new Int32Array(points).fill(-1)
    this.next = new Int32Array(points)
    this.areas = new Uint32Array(points)
  }

  visit(vertex: number, area: number): void {
    const head = this.heads[vertex]!
    for (let node = head; node >= 0; node = this.next[node]!) {
      if (this.areas[node] === area) return
    }
    for (let node = head; node >= 0; node = this.next[node]!) {
      this.links.add(area, this.areas[node]!, 0)
    }
    this.areas[this.count] = area
    this.next[this.count] = head
    this.heads[vertex] = this.count++
  }
}

/** Edges by their smaller vertex, as linked lists. */
class EdgeTable {
  private readonly links: LinkSet
  private readonly heads: Int32Array
  private readonly next: Int32Array
  private readonly ends: Uint32Array
  private readonly areas: Uint32Array
  private readonly matched: Uint8Array
  private count = 0

  constructor(points: number, links: LinkSet) {
    this.links = links
    this.heads = new Int32Array(points).fill(-1)
    this.next = new Int32Array(points)
    this.ends = new Uint32Array(2 * points)
    this.areas = new Uint32Array(points)
    this.matched = new Uint8Array(points)
  }

  add(from: number, to: number, area: number): void {
    const low = Math.min(from, to)
    const high = Math.max(from, to)
    const head = this.heads[low]!
    const edge = this.count++
    for (let other = head; other >= 0; other = this.next[other]!) {
      if (this.ends[2 * other + 1] !== high) continue
      this.matched[edge] = 1
      this.matched[other] = 1
      if (this.areas[other] !== area) this.links.add(area, this.areas[other]!, Infinity)
    }
    this.ends[2 * edge] = low
    this.ends[2 * edge + 1] = high
    this.areas[edge] = area
    this.next[edge] = head
    this.heads[low] = edge
  }

  loose(): LooseEdges {
    const ends: number[] = []
    const areas: number[] = []
    for (let edge = 0; edge < this.count; edge++) {
      if (this.matched[edge]) continue
      ends.push(this.ends[2 * edge]!, this.ends[2 * edge + 1]!)
      areas.push(this.areas[edge]!)
    }
    return { ends: Uint32Array.from(ends), areas: Uint32Array.from(areas) }
  }
}
