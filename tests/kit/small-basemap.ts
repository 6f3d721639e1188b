/** Unsigned, as protocol buffers and PMTiles write whole numbers. */
function varint(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80)
    rest = Math.floor(rest / 0x80)
  }
  return [...bytes, rest]
}
const field = (number: number, bytes: readonly number[]): number[] => [
  ...[(number << 3) | 2, ...varint(bytes.length)],
  ...bytes,
]

/** A vector tile that is land from edge to edge. */
function landTile(): number[] {
  const extent = 4096
  const [plus, minus] = [2 * extent, 2 * extent - 1]
  const ring = [9, 0, 0, 26, plus, 0, 0, plus, minus, 0, 15].flatMap(varint)
  const polygon = [(3 << 3) | 0, 3, ...field(4, ring)]
  const layer = [
    ...field(1, [...Buffer.from('earth')]),
    ...field(2, polygon),
    ...[(5 << 3) | 0, ...varint(extent), (15 << 3) | 0, 2],
  ]
  return field(3, layer)
}

/**
 * A whole street map (PMTiles 3) of some hundred bytes: the same tile of land everywhere to zoom 14.
 * @param box west, south, east, north in degrees
 */
export function smallBasemap(
  box: readonly [number, number, number, number],
  attribution: string,
): Buffer {
  const tile = Buffer.from(landTile())
  const tiles = (4 ** 15 - 1) / 3
  // one entry: from tile 0, all tiles, its length, at the beginning
  const directory = Buffer.from([1, 0, tiles, tile.length, 1].flatMap(varint))
  const layers = ['earth', 'water', 'roads'].map((id) => ({ id, fields: {} }))
  const metadata = Buffer.from(JSON.stringify({ vector_layers: layers, attribution }))
  const header = Buffer.alloc(127)
  header.write('PMTiles')
  header[7] = 3
  const parts = [directory, metadata, Buffer.alloc(0), tile]
  let offset = header.length
  parts.forEach((part, at) => {
    header.writeBigUInt64LE(BigInt(offset), 8 + 16 * at)
    header.writeBigUInt64LE(BigInt(part.length), 16 + 16 * at)
    offset += part.length
  })
  header.writeBigUInt64LE(BigInt(tiles), 72)
  header.writeBigUInt64LE(1n, 80)
  header.writeBigUInt64LE(1n, 88)
  // clustered; neither directories nor tiles are compressed; vector tiles; zoom 0 to 14
  header.set([1, 1, 1, 1, 0, 14], 96)
  box.forEach((degrees, at) => header.writeInt32LE(Math.round(degrees * 1e7), 102 + 4 * at))
  header[118] = 12
  header.writeInt32LE(Math.round(((box[0] + box[2]) / 2) * 1e7), 119)
  header.writeInt32LE(Math.round(((box[1] + box[3]) / 2) * 1e7), 123)
  return Buffer.concat([header, ...parts])
}
