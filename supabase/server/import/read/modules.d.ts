/** Readers without types of their own, as far as they are used. */
declare module 'shpjs' {
  import type { Geometry } from 'geojson'
  /** Geometry in the file's own coordinates, where no projection is given. */
  export function parseShp(shp: Uint8Array, projection?: unknown): (Geometry | null)[]
}

declare module 'topojson-client' {
  export function feature(topology: unknown, object: unknown): unknown
}
