import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseMapping } from '../server/import/mapping.ts'
import type { Mapping } from '../server/import/mapping.ts'
import { importAreas } from '../server/import/import-areas.ts'
import type { AreaImportOptions } from '../server/import/area-row.ts'
import type { ImportReport } from '../server/import/report.ts'
import type { Database } from '../server/base/database-types.ts'
import { shortLifeFlags } from '../server/testing/short-life.ts'
import { insertCitySettings } from './harness/city-settings.ts'

/** A folder of files for one test file. */
export function temporaryFiles() {
  const folder = mkdtempSync(join(tmpdir(), 'wangge-import-'))
  let count = 0
  return {
    folder,
    /** Writes a file and gives its path. */
    write(content: string | Uint8Array, ending: string): string {
      const path = join(folder, `${(count += 1)}${ending}`)
      writeFileSync(path, content)
      return path
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
export type TemporaryFiles = ReturnType<typeof temporaryFiles>

export interface Ended {
  code: number | null
  signal: NodeJS.Signals | null
  out: string
}

/**
 * Runs a command as a person does. Once it printed `kill.on` it is killed -9 after `kill.after`
 * milliseconds, or `kill.what` is done instead.
 */
export function runCommand(
  env: Record<string, string | undefined>,
  command: 'import' | 'user',
  args: string[],
  kill?: { on: RegExp; after?: number; what?: (child: ChildProcess) => unknown },
): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(
      process.execPath,
      [...shortLifeFlags, `supabase/server/commands/${command}.ts`, ...args],
      {
        env,
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    )
    let out = ''
    let isSeen = false
    const read = (chunk: Buffer): void => {
      out += chunk.toString()
      if (isSeen || !kill?.on.test(out)) return
      isSeen = true
      const what = kill.what ?? (() => child.kill('SIGKILL'))
      // The moment of the kill is what is tested.
      setTimeout(() => what(child), kill.after ?? 0)
    }
    child.stdout.on('data', read)
    child.stderr.on('data', read)
    child.on('close', (code, signal) => resolve({ code, signal, out }))
  })
}

/** A closed ring around a box in degrees. */
export const box = (west: number, south: number, east: number, north: number): number[][][] => [
  [
    [west, south],
    [east, south],
    [east, north],
    [west, north],
    [west, south],
  ],
]

/** A file of `tests/fixtures/import-cases`. */
export const caseFile = (name: string): string =>
  join(import.meta.dirname, '../../tests/fixtures/import-cases', name)

export interface FeatureInput {
  code?: unknown
  name?: unknown
  parent?: unknown
  households?: unknown
  coordinates?: unknown
  type?: string
  geometry?: unknown
}

export function collection(features: FeatureInput[]): string {
  return JSON.stringify({
    type: 'FeatureCollection',
    features: features.map(
      ({ type = 'Polygon', coordinates, geometry, name = 'Area', ...rest }) => ({
        type: 'Feature',
        properties: { name, ...rest },
        geometry: geometry === undefined ? { type, coordinates } : geometry,
      }),
    ),
  })
}

/** Imports areas given as features. */
export function putAreas(
  db: Database,
  files: TemporaryFiles,
  level: AreaImportOptions['level'],
  features: FeatureInput[],
  more: Partial<AreaImportOptions> = {},
): Promise<ImportReport> {
  return importAreas(db, {
    file: files.write(collection(features), '.geojson'),
    level,
    code: 'code',
    name: 'name',
    ...(level === 'city' ? {} : { parent: 'parent' }),
    households: 'households',
    ...more,
  })
}

/**
 * A square city T of ten degrees: community T-A (west half) with the grids T-A-1 (south) and T-A-2
 * (north), community T-B (east, up to 8°) without grids, nothing further east.
 */
export async function putSmallCity(db: Database, files: TemporaryFiles): Promise<void> {
  await insertCitySettings(db, {
    name: 'T',
    locale: 'en',
    timeZone: 'Asia/Shanghai',
    box: [0, 0, 10, 10],
  })
  await putAreas(db, files, 'city', [{ code: 'T', coordinates: box(0, 0, 10, 10) }])
  await putAreas(db, files, 'community', [
    { code: 'T-A', parent: 'T', coordinates: box(0, 0, 5, 10) },
    { code: 'T-B', parent: 'T', coordinates: box(5, 0, 8, 10) },
  ])
  await putAreas(db, files, 'grid', [
    { code: 'T-A-2', parent: 'T-A', coordinates: box(0, 5, 5, 10) },
    { code: 'T-A-1', parent: 'T-A', coordinates: box(0, 0, 5, 5) },
  ])
}

/** Columns id, opened, closed, lon, lat, kind, text. */
export const smallMapping: Mapping = parseMapping(
  JSON.stringify({
    source: 'test',
    columns: {
      id: 'id',
      reportedAt: 'opened',
      closedAt: 'closed',
      lon: 'lon',
      lat: 'lat',
      category: 'kind',
      description: 'text',
    },
    categories: { map: { light: 'street_light', 垃圾: 'exposed_garbage' } },
    stages: { otherwise: 'filed' },
  }),
  'test',
)
export const smallHeader = 'id,opened,closed,lon,lat,kind,text'

/** A failed import must leave the tables as they were: counts and a hash over all areas. */
export async function stateOf(db: Database): Promise<unknown> {
  const [row] = await db.query(
    `select (select count(*)::int from public.incidents) as incidents,
       (select count(*)::int from public.incident_log) as log,
       (select md5(string_agg(concat(code, path, level, name, households, revision, extensions.st_astext(geom)), ';' order by code))
        from public.areas) as areas`,
  )
  return row
}
