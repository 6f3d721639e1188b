import type { FeatureCollection } from 'geojson'
import { csvFromTable } from '@/domain/csv.ts'
import type { RepeatedPlace, RepeatPlaces } from '@/domain/answers/repeat-places.ts'

export interface PlaceWords {
  t: (key: string) => string
  areaName: (place: RepeatedPlace) => string
  areaCode: (place: RepeatedPlace) => string
  categoryName: (place: RepeatedPlace) => string
  asOf: string
}

/** How places were found. */
export const placeParameters = ({ options, from, incidents }: RepeatPlaces): object => ({
  method: options.method === 'radius' ? 'DBSCAN' : 'HDBSCAN',
  ...(options.method === 'radius' && { radiusMetres: options.radiusMetres }),
  times: options.times,
  period: { from, to: options.lastDay },
  incidents,
})

const columns = [
  ...['area', 'code', 'category', 'lng', 'lat', 'radius', 'observed', 'open', 'days'],
  ...['first-day', 'last-day', 'point', 'city-rate', 'from', 'to', 'as-of', 'method', 'search'],
  'times',
] as const

/** The parameters are the last columns of each row: a line stands for itself. */
export function placesCsv(
  { options, from }: RepeatPlaces,
  list: readonly RepeatedPlace[],
  words: PlaceWords,
): string {
  return csvFromTable(
    columns.map((name) => words.t(`hotspots.column.${name}`)),
    list.map((place) => [
      words.areaName(place),
      words.areaCode(place),
      words.categoryName(place),
      ...place.lngLat,
      place.radiusMetres,
      place.count,
      place.open,
      place.days,
      place.firstDay,
      place.lastDay,
      place.onOnePoint,
      place.expected,
      from,
      options.lastDay,
      words.asOf,
      options.method === 'radius' ? 'DBSCAN' : 'HDBSCAN',
      options.method === 'radius' ? options.radiusMetres : '',
      options.times,
    ]),
  )
}

/** Points with their radius; `parameters` says how they were found. */
export const placesGeoJson = (
  found: RepeatPlaces,
  list: readonly RepeatedPlace[],
  { asOf, areaCode, areaName, categoryName }: PlaceWords,
): FeatureCollection & { parameters: object } => ({
  type: 'FeatureCollection',
  parameters: { view: 'places', ...placeParameters(found), asOf },
  features: list.map((place) => ({
    type: 'Feature',
    geometry: { type: 'Point', coordinates: [...place.lngLat] },
    properties: {
      area: areaName(place),
      code: areaCode(place),
      category: categoryName(place),
      count: place.count,
      open: place.open,
      days: place.days,
      firstDay: place.firstDay,
      lastDay: place.lastDay,
      onOnePoint: place.onOnePoint,
      radiusMetres: place.radiusMetres,
      expected: place.expected,
      steps: place.steps,
      hull: place.hull.length > 2 ? place.hull : null,
    },
  })),
})
