import type { Geometry } from 'geojson'
import { ImportFileError } from '../text-source.ts'

/** A feature as its file has it: in the file's own coordinates, perhaps with heights. */
export interface SourceFeature {
  type: 'Feature'
  properties: Record<string, unknown> | null
  geometry: Geometry | null
}

/** Result of each format's reader. */
export interface FeatureFile {
  features: SourceFeature[]
  /** As the file says it: `EPSG:4526`, a WKT or another name; null when it says nothing. */
  crs: string | null
  /** Things passed over, for the report. */
  notes: string[]
  /** Of the texts, where the format lets it open. */
  encoding?: string
  /** The layer that was read, of all. */
  layer?: string
  layers?: readonly string[]
}

export interface ReadOptions {
  /** Layer of a file with several, or sheet of a workbook. */
  layer?: string | undefined
  /** Of the texts, where the format does not say it. */
  encoding?: string | undefined
}

/** The file has several layers, and none was named. */
export class LayerNeeded extends ImportFileError {
  readonly layers: readonly string[]
  constructor(file: string, layers: readonly string[]) {
    super(`${file}: name one of its layers with --layer: ${layers.join(', ') || 'it has none'}`)
    this.layers = layers
  }
}
