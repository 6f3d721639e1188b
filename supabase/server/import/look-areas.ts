import { basename } from 'node:path'
import type { BoundingBox, LngLat } from '../../../src/domain/vocabulary.ts'
import type { Database } from '../base/database-types.ts'
import { planeFeatures } from './import-areas.ts'
import { pointsShown, rowsGlimpsed, rowsShown } from './looked.ts'
import type { CityWords, Look, LookOptions } from './looked.ts'
import type { CoordinateSystem } from './place/coordinate-system.ts'
import { likelySystem } from './place/likely-system.ts'
import { middleOf } from './place/middle.ts'
import { proposeAreas, proposeLevel, proposeSource } from './proposal/propose-mapping.ts'
import { LayerNeeded } from './read/feature-file.ts'
import type { SourceFeature } from './read/feature-file.ts'
import { ImportFileError } from './text-source.ts'

/** Of the places, below which a reading is taken to be wrong, and from which another is proposed. */
const [hardlyAny, most] = [0.05, 0.5]

const isShape = ({ geometry }: SourceFeature): boolean =>
  geometry?.type === 'Polygon' || geometry?.type === 'MultiPolygon'

const cellOf = (value: unknown): string =>
  value === null || value === undefined
    ? ''
    : (typeof value === 'object' ? JSON.stringify(value) : String(value)).slice(0, 200)

const percent = (share: number): number => Math.round(share * 100)

/** Share of the points in the city's box, a tenth wider. */
function shareInCity(points: readonly LngLat[], [west, south, east, north]: BoundingBox): number {
  const [dx, dy] = [(east - west) / 10, (north - south) / 10]
  const inside = points.filter(
    ([x, y]) => x >= west - dx && x <= east + dx && y >= south - dy && y <= north + dy,
  )
  return points.length === 0 ? 1 : inside.length / points.length
}

interface Placed {
  features: SourceFeature[]
  read: Awaited<ReturnType<typeof planeFeatures>>['read']
  system: string | null
  points: LngLat[]
  settings: Look['settings']
  notes: string[]
  doubts: string[]
}

const middles = (features: readonly SourceFeature[]): LngLat[] =>
  features.slice(0, pointsShown).flatMap(({ geometry }) => middleOf(geometry) ?? [])

/** The features in the system that the file or a person names, else in the likely one, which is told. */
async function placed(options: LookOptions, box: BoundingBox): Promise<Placed> {
  const { file, layer, encoding, draft = {} } = options
  const named = draft.coordinates
  const readAs = (crs: string | undefined): ReturnType<typeof planeFeatures> =>
    planeFeatures({
      ...{ file, level: 'city' as const },
      ...(layer ? { layer } : {}),
      ...(encoding ? { encoding } : {}),
      ...(crs ? { crs } : {}),
    })
  const doubts: string[] = []
  const plain = await readAs(named).catch((error: unknown) => {
    // the columns can be seen all the same; a person names the system
    if (named || !(error instanceof ImportFileError) || error instanceof LayerNeeded) throw error
    doubts.push(error.message)
    return readAs('WGS84')
  })
  if (doubts.length > 0)
    return { ...plain, system: null, points: [], settings: {}, notes: [], doubts }
  const points = middles(plain.features)
  const found: Placed = { ...plain, points, settings: {}, doubts }
  const isSaid = Boolean(named ?? plain.read.crs)
  if (shareInCity(points, box) > hardlyAny) return found
  const share = percent(shareInCity(points, box))
  const exchanged = percent(
    shareInCity(
      points.map(([x, y]) => [y, x]),
      box,
    ),
  )
  if (exchanged >= 100 * most)
    return {
      ...found,
      doubts: [
        `the areas do not lie in the city; with longitude and latitude exchanged ${exchanged} % do: the file has to be written anew`,
      ],
    }
  const likely = isSaid
    ? null
    : await likelySystem(box, (system: CoordinateSystem, isSwapped) =>
        isSwapped
          ? 0
          : shareInCity(
              points.flatMap(([x, y]) => {
                const at = system.toWgs84(x, y)
                return at ? [[at[0], at[1]] as LngLat] : []
              }),
              box,
            ),
      )
  if (!likely || likely.share < most)
    return { ...found, doubts: [`${share} % of the areas lie in the city's box`] }
  const again = await readAs(likely.name)
  return {
    ...{ ...again, points: middles(again.features), settings: { coordinates: likely.name } },
    doubts: [
      `the areas are no degrees in the city; as ${likely.title} ${percent(likely.share)} % lie in it: say --crs ${likely.name}`,
    ],
  }
}

/** Valid areas of the city by level, and how many have one of the codes. */
const cityAreasOf = (db: Database, codes: readonly string[]): Promise<Look['cityAreas']> =>
  db.query<Look['cityAreas'][number]>(
    `select a.level, count(*)::integer as count, count(w.code)::integer as same
     from public.areas a
     left join (select distinct jsonb_array_elements_text($1::text::jsonb) as code) w on w.code = a.code
     where a.valid_to is null or a.valid_to > private.city_today()
     group by a.level order by private.level_rank(a.level)`,
    [JSON.stringify(codes)],
  )

/** The level of most stored areas with these codes. */
const levelOfCodes = (known: Look['cityAreas'], total: number): string | null =>
  known.find(({ same }) => same >= most * total && same > 0)?.level ?? null

/** Null where the features are no polygons: points are incidents. */
export async function lookAtAreas(
  db: Database,
  options: LookOptions,
  words: CityWords,
  format: string,
): Promise<Look | null> {
  const { file, name = basename(file) } = options
  const { features, read, system, points, settings, notes, doubts } = await placed(
    options,
    words.box,
  )
  if (!features.some(isShape)) return null
  const header = [...new Set(features.flatMap(({ properties }) => Object.keys(properties ?? {})))]
  const rows = features.map(({ properties }) => header.map((key) => cellOf(properties?.[key])))
  const cellsOf = (key: string | undefined): string[] => {
    const at = header.indexOf(key ?? '')
    return at === -1 ? [] : rows.map((row) => row[at]!).filter((cell) => cell !== '')
  }
  const glimpses = header.map((key) => ({
    name: key,
    values: cellsOf(key).slice(0, rowsGlimpsed),
  }))
  const areas = proposeAreas(glimpses)
  const cityAreas = await cityAreasOf(db, cellsOf(areas.code?.column))
  const level =
    levelOfCodes(cityAreas, features.length) ?? proposeLevel([name, read.layer ?? '', ...header])
  const parents = [...new Set(cellsOf(areas.parent?.column))]
  const knownParents = (await cityAreasOf(db, parents)).reduce((sum, { same }) => sum + same, 0)
  const isByOverlap = level !== 'city' && parents.length > 0 && knownParents === 0
  return {
    kind: 'areas',
    format,
    encoding: read.encoding ?? null,
    layer: read.layer ?? null,
    layers: [...(read.layers ?? [])],
    ...{ header, rows: rows.slice(0, rowsShown), total: features.length },
    columns: glimpses.map((one) => ({ name: one.name, filled: cellsOf(one.name).length })),
    values: {},
    incidents: null,
    ...{ areas, level, cityAreas, parentByOverlap: isByOverlap },
    source: proposeSource(name),
    mapping: null,
    ...{
      settings,
      system,
      points,
      unplaced: Math.min(features.length, pointsShown) - points.length,
    },
    notes,
    doubts: [
      ...doubts,
      ...(isByOverlap
        ? [
            `no area of the city has a code of ${areas.parent!.column} (${parents.slice(0, 3).join(', ')}): the areas above come first, or the ground decides`,
          ]
        : []),
    ],
  }
}

/** A file with several layers, of which a person must choose one. */
export const unchosen = (format: string, { layers }: LayerNeeded): Look => ({
  ...{ kind: 'areas', format, encoding: null, layer: null, layers: [...layers], header: [] },
  ...{ rows: [], total: 0, columns: [], values: {}, incidents: null, areas: null, level: null },
  ...{ source: '', mapping: null, settings: {}, system: null, points: [], unplaced: 0, notes: [] },
  ...{ cityAreas: [], parentByOverlap: false, doubts: [] },
})
