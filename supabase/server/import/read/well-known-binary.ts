import type { Geometry, Position } from 'geojson'

const names = [
  '',
  'Point',
  'LineString',
  'Polygon',
  'MultiPoint',
  'MultiLineString',
  'MultiPolygon',
]

/**
 * Reads a geometry of OGC's well-known binary, with the types of ISO (1006 is a MultiPolygon with Z)
 * or of PostGIS (flags). Further dimensions are kept as the third and fourth number.
 * @throws RangeError when it is cut off.
 */
export function geometryFromWkb(bytes: Uint8Array): Geometry | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 0
  const read = (): { type: number; coordinates: unknown } => {
    const isLittle = view.getUint8(at) === 1
    const raw = view.getUint32(at + 1, isLittle)
    at += raw & 0x20000000 ? 9 : 5
    const type = (raw & 0xffff) % 1000
    const kind = Math.floor((raw & 0xffff) / 1000)
    const hasZ = (raw & 0x80000000) !== 0 || kind === 1 || kind === 3
    const hasM = (raw & 0x40000000) !== 0 || kind === 2 || kind === 3
    const dimensions = 2 + (hasZ ? 1 : 0) + (hasM ? 1 : 0)
    const count = (): number => {
      at += 4
      return view.getUint32(at - 4, isLittle)
    }
    const position = (): Position =>
      Array.from({ length: dimensions }, () => {
        at += 8
        return view.getFloat64(at - 8, isLittle)
      })
    const many = <Item>(item: () => Item): Item[] => {
      const list: Item[] = []
      for (let left = count(); left > 0; left--) list.push(item())
      return list
    }
    if (type === 1) return { type, coordinates: position() }
    if (type === 2) return { type, coordinates: many(position) }
    if (type === 3) return { type, coordinates: many(() => many(position)) }
    if (type >= 4 && type <= 6) return { type, coordinates: many(() => read().coordinates) }
    throw new RangeError(`geometry type ${raw}`)
  }
  const { type, coordinates } = read()
  const isEmptyPoint = type === 1 && (coordinates as number[]).some(Number.isNaN)
  return isEmptyPoint ? null : ({ type: names[type], coordinates } as Geometry)
}
