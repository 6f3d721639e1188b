import { jsonFaultOffset } from '../json-fault.ts'
import { decodes, ImportFileError } from '../text-source.ts'
import { quoteBigIntegers } from './big-integers.ts'
import { LayerNeeded } from './feature-file.ts'
import type { FeatureFile, ReadOptions, SourceFeature } from './feature-file.ts'

/** Both from 1. */
function lineAndColumn(text: string, offset: number): string {
  const before = text.slice(0, offset)
  return `line ${before.split('\n').length}, column ${offset - before.lastIndexOf('\n')}`
}

/** Names line, feature and property, as far as known. */
function encodingFault(file: string, bytes: Uint8Array): string {
  const lossy = new TextDecoder('utf-8').decode(bytes)
  const offset = lossy.indexOf('\uFFFD')
  const before = lossy.slice(0, offset)
  const feature = before.match(/"type"\s*:\s*"Feature"/g)?.length
  const field = /"((?:[^"\\]|\\.)*)"\s*:\s*"[^"]*$/.exec(before)?.[1]
  const where = [
    `${file}, ${lineAndColumn(lossy, offset)}`,
    ...(feature ? [`feature ${feature}`] : []),
    ...(field === undefined ? [] : [`field ${field}`]),
  ].join(', ')
  const advice = decodes(bytes, 'gb18030')
    ? ' It looks like GBK: --encoding gb18030, or write it as UTF-8.'
    : ''
  return `${where}: GeoJSON is UTF-8, this is not.${advice}`
}

/** The text of a JSON file. @throws ImportFileError naming the place of the first wrong byte. */
export function jsonText(bytes: Uint8Array, file: string, encoding = 'utf-8'): string {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes).replace(/^\uFEFF/, '')
  } catch {
    throw new ImportFileError(encodingFault(file, bytes))
  }
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(quoteBigIntegers(text))
  } catch (error) {
    const where = lineAndColumn(text, jsonFaultOffset(text))
    throw new ImportFileError(`${file}, ${where}: not GeoJSON: ${(error as Error).message}`)
  }
}

function checkFeatures(features: readonly unknown[], file: string): SourceFeature[] {
  features.forEach((feature, index) => {
    if ((feature as { type?: unknown } | null)?.type !== 'Feature') {
      throw new ImportFileError(`${file}, feature ${index + 1}: not a GeoJSON Feature`)
    }
  })
  return features as SourceFeature[]
}

/** The name in the `crs` of older files. */
function crsOf(json: Record<string, unknown>): string | null {
  if (json.crs === undefined || json.crs === null) return null
  const { properties } = json.crs as { properties?: { name?: unknown; code?: unknown } }
  const name = properties?.name ?? properties?.code
  return name === undefined ? JSON.stringify(json.crs).slice(0, 120) : String(name)
}

/** One layer of a TopoJSON. */
async function readTopology(
  json: Record<string, unknown>,
  file: string,
  { layer }: ReadOptions,
): Promise<FeatureFile> {
  const { feature } = await import('topojson-client')
  const objects = (json.objects ?? {}) as Record<string, unknown>
  const names = Object.keys(objects)
  const name = layer ?? (names.length === 1 ? names[0] : undefined)
  const object = name === undefined ? undefined : objects[name]
  if (object === undefined) throw new LayerNeeded(file, names)
  try {
    const found = feature(json as never, object as never) as unknown as
      | SourceFeature
      | { features: SourceFeature[] }
    const features = 'features' in found ? found.features : [found]
    return { features, crs: null, notes: [], layer: name!, layers: names }
  } catch (error) {
    throw new ImportFileError(`${file}: not TopoJSON: ${(error as Error).message}`)
  }
}

/** One feature a line (GeoJSON Text Sequences, RFC 8142, with or without its mark). */
function readSequence(text: string, file: string): FeatureFile {
  const features: unknown[] = []
  text.split(/\r\n|\n|\r/).forEach((written, index) => {
    const line = written.replace(/^\u001e/, '').trim()
    if (line === '') return
    try {
      features.push(JSON.parse(quoteBigIntegers(line)))
    } catch (error) {
      throw new ImportFileError(
        `${file}, line ${index + 1}: not a GeoJSON feature: ${(error as Error).message}`,
      )
    }
  })
  return { features: checkFeatures(features, file), crs: null, notes: [] }
}

const isSequence = (text: string): boolean => {
  const lines = text
    .slice(0, 4_000_000)
    .split(/\r\n|\n|\r/)
    .filter((line) => line.trim() !== '')
  const [first = '', second = ''] = lines
  return first.startsWith('\u001e') || (/^\{.*\}\s*$/.test(first) && second.startsWith('{'))
}

/**
 * Reads GeoJSON, a sequence of features, or TopoJSON.
 * @throws ImportFileError naming line and column, or the feature.
 */
export async function readGeoJson(
  bytes: Uint8Array,
  file: string,
  options: ReadOptions = {},
): Promise<FeatureFile> {
  const text = jsonText(bytes, file, options.encoding)
  if (isSequence(text)) return readSequence(text, file)
  const json = parseJson(text, file) as Record<string, unknown> | null
  const type = json?.type
  if (json && type === 'Topology') return readTopology(json, file, options)
  if (json && type === 'Feature')
    return { features: [json as unknown as SourceFeature], crs: crsOf(json), notes: [] }
  if (!json || type !== 'FeatureCollection' || !Array.isArray(json.features)) {
    throw new ImportFileError(
      `${file}: a FeatureCollection is needed, this is ${JSON.stringify(type) ?? 'something else'}`,
    )
  }
  return { features: checkFeatures(json.features, file), crs: crsOf(json), notes: [] }
}
