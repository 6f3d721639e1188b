import { ImportFileError } from '../text-source.ts'

export type LngLat = readonly [lng: number, lat: number]

/** How a file's numbers become degrees of WGS 84. */
export interface CoordinateSystem {
  /** As people know it, for the report. */
  name: string
  /** Whether the file's numbers are degrees. */
  isDegrees: boolean
  /** @returns null for numbers that this system cannot have. */
  toWgs84(x: number, y: number): LngLat | null
}

const isOnEarth = (lng: number, lat: number): boolean => Math.abs(lng) <= 180 && Math.abs(lat) <= 90

/** CGCS2000 differs from WGS 84 by centimetres: its degrees are taken as they are. */
function degrees(name: string): CoordinateSystem {
  return {
    name,
    isDegrees: true,
    toWgs84: (x, y) => (isOnEarth(x, y) ? [x, y] : null),
  }
}

/** China's shifted degrees, taken back to some decimetres. */
async function shifted(name: 'GCJ02' | 'BD09', title: string): Promise<CoordinateSystem> {
  const { default: gcoord } = await import('gcoord')
  const from = gcoord[name]
  return {
    name: title,
    isDegrees: true,
    toWgs84(x, y) {
      if (!isOnEarth(x, y)) return null
      const [lng = Number.NaN, lat = Number.NaN] = gcoord.transform([x, y], from, gcoord.WGS84)
      return [lng, lat]
    },
  }
}

async function projected(name: string, definition: string): Promise<CoordinateSystem> {
  const { default: proj4 } = await import('proj4')
  let converter: { forward(point: [number, number]): number[] }
  try {
    converter = proj4(definition, 'EPSG:4326')
  } catch {
    throw new ImportFileError(`the coordinate system "${name.slice(0, 120)}" is unknown`)
  }
  return {
    name,
    isDegrees: false,
    toWgs84(x, y) {
      if (!Number.isFinite(x) || !Number.isFinite(y)) return null
      const [lng = Number.NaN, lat = Number.NaN] = converter.forward([x, y])
      return Number.isFinite(lng) && Number.isFinite(lat) && isOnEarth(lng, lat) ? [lng, lat] : null
    },
  }
}

const gaussKruger = (meridian: number): string =>
  `+proj=tmerc +lat_0=0 +lon_0=${meridian} +k=1 +x_0=500000 +y_0=0 +ellps=GRS80 +units=m +no_defs`

/** Central meridians: zones of 3° and 6°. */
const meridianOf = (width: 3 | 6, zone: number): number => (width === 3 ? 3 * zone : 6 * zone - 3)
const zoneOf = (width: 3 | 6, meridian: number): number =>
  width === 3 ? meridian / 3 : (meridian + 3) / 6

/**
 * CGCS2000 Gauss–Krüger. An easting from a million on begins with the zone's number (38396700), which
 * then counts; one without it lies in `meridian`'s zone.
 */
async function gaussKrugerZone(width: 3 | 6, meridian: number): Promise<CoordinateSystem> {
  const zones = new Map<number, CoordinateSystem>()
  const first = zoneOf(width, 75)
  const last = zoneOf(width, 135)
  for (let zone = first; zone <= last; zone++) {
    zones.set(zone, await projected('', gaussKruger(meridianOf(width, zone))))
  }
  const own = zoneOf(width, meridian)
  return {
    name: `CGCS2000 Gauss–Krüger, ${width}° zone ${own} (${meridian}°E)`,
    isDegrees: false,
    toWgs84(x, y) {
      const number = x >= 1_000_000 ? Math.floor(x / 1_000_000) : own
      const easting = x >= 1_000_000 ? x - number * 1_000_000 : x
      // nobody works further than three zones from the meridian
      if (!(easting > 0 && easting < 1_000_000 && y > 0 && y < 10_000_000)) return null
      return zones.get(number)?.toWgs84(easting, y) ?? null
    },
  }
}

/** The series of CGCS2000 in the EPSG registry: with and without the zone's number, 6° and 3°. */
function chineseZone(code: number): { width: 3 | 6; meridian: number } | null {
  if (code >= 4491 && code <= 4501) return { width: 6, meridian: 75 + 6 * (code - 4491) }
  if (code >= 4502 && code <= 4512) return { width: 6, meridian: 75 + 6 * (code - 4502) }
  if (code >= 4513 && code <= 4533) return { width: 3, meridian: 75 + 3 * (code - 4513) }
  if (code >= 4534 && code <= 4554) return { width: 3, meridian: 75 + 3 * (code - 4534) }
  return null
}

async function byEpsg(code: number): Promise<CoordinateSystem | null> {
  if (code === 4326 || code === 4979) return degrees('WGS 84')
  if (code === 4490 || code === 4480) return degrees('CGCS2000')
  if ([3857, 3785, 900913, 102100].includes(code)) return projected('Web Mercator', 'EPSG:3857')
  const zone = chineseZone(code)
  if (zone) return gaussKrugerZone(zone.width, zone.meridian)
  const utm =
    code >= 32601 && code <= 32660 ? '' : code >= 32701 && code <= 32760 ? ' +south' : null
  if (utm !== null) {
    const number = code % 100
    const definition = `+proj=utm +zone=${number}${utm} +datum=WGS84 +units=m +no_defs`
    return projected(`UTM ${number}${utm ? 'S' : 'N'}`, definition)
  }
  return null
}

/** A WKT of a projection on CGCS2000 or WGS 84, as `.prj` files have it. */
async function byWkt(wkt: string): Promise<CoordinateSystem> {
  const name = /^\s*\w+\s*\[\s*"([^"]*)"/.exec(wkt)?.[1] ?? 'a system of its own'
  const authority = /AUTHORITY\s*\[\s*"EPSG"\s*,\s*"?(\d+)"?\s*\]\s*\]\s*$/i.exec(wkt)?.[1]
  const known = authority === undefined ? null : await byEpsg(Number(authority))
  if (known) return known
  const plain = name.replaceAll(/[\s_]+/g, ' ')
  if (/^\s*(GEOGCS|GEOGCRS|GEODCRS)/i.test(wkt)) {
    if (/WGS.?(19)?84|CGCS.?2000|China.?2000|China Geodetic/i.test(plain)) return degrees(plain)
    throw new ImportFileError(
      `the file's degrees are "${plain}", not WGS 84 or CGCS2000: transform it first, or say --crs`,
    )
  }
  const isKruger =
    /Gauss.?Kruger|Transverse.?Mercator/i.test(wkt) && /CGCS.?2000|China.?2000/i.test(wkt)
  const meridian = Number(/"central_meridian"\s*,\s*(-?[\d.]+)/i.exec(wkt)?.[1])
  const falseEasting = Number(/"false_easting"\s*,\s*(-?[\d.]+)/i.exec(wkt)?.[1])
  if (isKruger && meridian >= 75 && meridian <= 135 && falseEasting % 1_000_000 === 500_000) {
    const width = /6.?degree/i.test(name) || meridian % 3 !== 0 ? 6 : 3
    if (Number.isInteger(zoneOf(width, meridian))) {
      return { ...(await gaussKrugerZone(width, meridian)), name: plain }
    }
  }
  if (/Beijing.?(19)?54|Xian.?(19)?80|D_Krasovsky/i.test(wkt)) {
    throw new ImportFileError(
      `the file is in "${plain}", which lies up to 100 m beside CGCS2000: transform it first with your survey's parameters`,
    )
  }
  return projected(plain, wkt)
}

/**
 * The system of a name: `WGS84`, `CGCS2000`, `GCJ-02`, `BD-09`, `EPSG:4526`, a URN of OGC or the text of
 * a `.prj`.
 * @throws ImportFileError for one that is unknown.
 */
export async function coordinateSystem(name: string): Promise<CoordinateSystem> {
  if (/^\s*[A-Z]+(CS|CRS)\s*\[/i.test(name)) return byWkt(name)
  const plain = name.toUpperCase().replaceAll(/[\s_-]/g, '')
  if (['WGS84', 'CRS84', 'OGC:CRS84'].includes(plain) || /CRS84H?$/.test(plain))
    return degrees('WGS 84')
  if (plain === 'CGCS2000') return degrees('CGCS2000')
  if (plain === 'GCJ02') return shifted('GCJ02', 'GCJ-02')
  if (plain === 'BD09') return shifted('BD09', 'BD-09')
  if (plain === 'WEBMERCATOR') return byEpsg(3857) as Promise<CoordinateSystem>
  const code =
    /^(?:URN:OGC:DEF:CRS:)?EPSG:(?:[\d.]*:)?(\d+)$/.exec(plain)?.[1] ??
    /^(\d{4,6})$/.exec(plain)?.[1]
  const known = code === undefined ? null : await byEpsg(Number(code))
  if (known) return known
  throw new ImportFileError(
    `the coordinate system "${name.slice(0, 120)}" is unknown; known are WGS84, CGCS2000, GCJ-02, BD-09, EPSG:4490, EPSG:4491 to 4554, EPSG:3857 and the UTM zones EPSG:32601 to 32760`,
  )
}
