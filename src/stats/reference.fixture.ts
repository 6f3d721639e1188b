import { readFileSync } from 'node:fs'
import { polygonsFrom, type Polygons } from './polygons.ts'
import type { Weights } from './weights.ts'

/** Results of R's spdep; see the README beside them. */
const folder = new URL('../../tests/fixtures/reference/', import.meta.url)

export const referenceNames = [
  'esda_sixpoints',
  'columbus_crime_queen',
  'columbus_crime_rook',
  'nc_sids_FT_ncCC89',
] as const
export type ReferenceName = (typeof referenceNames)[number]
export type Style = 'B' | 'W'

export interface Reference {
  x: Float64Array
  /** A column of the input or output; null where spdep has NA. */
  column: (name: string) => (number | null)[]
  texts: (name: string) => string[]
  weights: (style: Style, self: boolean) => Weights
}

export function reference(name: ReferenceName): Reference {
  const input = readCsv(`${name}/input.csv`)
  const output = readCsv(`${name}/output.csv`)
  const texts = (column: string): string[] =>
    (column in input[0]! ? input : output).map((row) => row[column]!)
  const column = (wanted: string): (number | null)[] =>
    texts(wanted).map((text) => (text === 'NA' ? null : Number(text)))
  const number = new Map(texts('id').map((id, i) => [id, i]))
  return {
    x: Float64Array.from(column('x'), (value) => value!),
    column,
    texts,
    weights: (style, self) =>
      weightsFromEntries(
        number.size,
        readCsv(`${name}/w_${self ? 'self_' : ''}${style}.csv`).map((row) => ({
          from: number.get(row['i']!)!,
          to: number.get(row['j']!)!,
          weight: Number(row['w']),
        })),
        style,
        self,
      ),
  }
}

export interface ReferenceRun {
  dataset: ReferenceName
  style: Style
  moran_I: number
  moran_E: number
  moran_var_randomisation: number
  moran_z: number
  globalG: number | null
  globalG_z: number[][] | null
}

export const referenceRuns = (
  JSON.parse(readFileSync(new URL('meta.json', folder), 'utf8')) as { runs: ReferenceRun[] }
).runs

interface GeoJson {
  features: { geometry: { type: string; coordinates: number[][][] | number[][][][] } }[]
}

/** The areas of Columbus, in units of the file read as metres. */
export function columbusPolygons(): Polygons {
  const { features } = JSON.parse(
    readFileSync(new URL('columbus.geojson', folder), 'utf8'),
  ) as GeoJson
  return polygonsFrom(
    features.map(({ geometry }) =>
      geometry.type === 'MultiPolygon'
        ? (geometry.coordinates as number[][][][]).flat()
        : (geometry.coordinates as number[][][]),
    ),
    'metres',
  )
}

interface Entry {
  from: number
  to: number
  weight: number
}

export function weightsFromEntries(
  n: number,
  entries: Entry[],
  style: Style,
  self: boolean,
): Weights {
  const sorted = entries.toSorted((a, b) => a.from - b.from || a.to - b.to)
  const starts = new Uint32Array(n + 1)
  for (const { from } of sorted) starts[from + 1]!++
  for (let i = 0; i < n; i++) starts[i + 1]! += starts[i]!
  return {
    n,
    starts,
    neighbours: Uint32Array.from(sorted, ({ to }) => to),
    weights: style === 'B' ? null : Float64Array.from(sorted, ({ weight }) => weight),
    self,
  }
}

function readCsv(path: string): Record<string, string>[] {
  const [head, ...lines] = readFileSync(new URL(path, folder), 'utf8').trim().split('\n')
  const names = head!.split(',').map((name) => name.replaceAll('"', ''))
  return lines.map((line) => {
    const cells = line.split(',').map((cell) => cell.replaceAll('"', ''))
    return Object.fromEntries(names.map((name, k) => [name, cells[k]!]))
  })
}
