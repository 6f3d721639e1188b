import type { BoundingBox } from '@/domain/vocabulary.ts'

/** A coordinate system as the importer names it, and what its name says. */
export interface CoordinateChoice {
  value: string
  /** Key below `import.system`, or null where the name stands for itself. */
  key: 'threeDegrees' | 'sixDegrees' | 'utm' | null
  zone?: number
  /** Degrees. */
  meridian?: number
}

const own = (value: string): CoordinateChoice => ({ value, key: null })

/** Systems that files of a city with this box come in; Chinese zones for cities in China. */
export function coordinateChoices([west, south, east, north]: BoundingBox): CoordinateChoice[] {
  const [lng, lat] = [(west + east) / 2, (south + north) / 2]
  const utm = Math.floor((lng + 180) / 6) + 1
  const projected: CoordinateChoice[] = [
    own('EPSG:3857'),
    { value: `EPSG:${(lat >= 0 ? 32_600 : 32_700) + utm}`, key: 'utm', zone: utm },
  ]
  if (lng < 72 || lng > 138) return [own('WGS84'), ...projected]
  const three = Math.round(lng / 3)
  const six = Math.floor(lng / 6) + 1
  return [
    ...[own('WGS84'), own('CGCS2000')],
    ...[three, three - 1, three + 1]
      .filter((zone) => zone >= 25 && zone <= 45)
      .map((zone) => ({
        ...{ value: `EPSG:${4513 + zone - 25}`, key: 'threeDegrees' as const },
        ...{ zone, meridian: 3 * zone },
      })),
    ...(six >= 13 && six <= 23
      ? [
          {
            ...{ value: `EPSG:${4491 + six - 13}`, key: 'sixDegrees' as const },
            ...{ zone: six, meridian: 6 * six - 3 },
          },
        ]
      : []),
    ...[own('GCJ-02'), own('BD-09')],
    ...projected,
  ]
}
