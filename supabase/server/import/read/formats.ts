import { firstBytes, firstUnpacked, ImportFileError, wholeFile } from '../text-source.ts'
import type { FeatureFile, ReadOptions } from './feature-file.ts'
import { isFlatGeobuf, readFlatGeobuf } from './flatgeobuf.ts'
import { isSqlite, readGeoPackage } from './geopackage.ts'
import { readGeoJson } from './geojson.ts'
import { readKml } from './kml.ts'
import { isBareShapefile, readShapefile, refuseBareShapefile } from './shapefile.ts'
import { isZip, unzipped } from './zip.ts'

/** Known by the first bytes, never by the name: names lie. */
interface Format {
  name: string
  isIt(head: Uint8Array): boolean
  /** `bytes` gives the whole file, unpacked. */
  read(bytes: () => Promise<Uint8Array>, file: string, options: ReadOptions): Promise<FeatureFile>
}

const firstSign = (head: Uint8Array): string =>
  new TextDecoder('latin1')
    .decode(head.subarray(0, 200))
    .replace(/^(\u00ef\u00bb\u00bf)?[\s\u001e]*/, '')
    .slice(0, 1)

/** A zip holds a Shapefile, or is a KMZ. */
async function readZip(
  bytes: Uint8Array,
  file: string,
  options: ReadOptions,
): Promise<FeatureFile> {
  const files = unzipped(bytes, file)
  const names = [...files.keys()]
  if (names.some((name) => /\.shp$/i.test(name))) return readShapefile(files, file, options)
  // the main document of a KMZ comes first
  const inner = files.get(
    names.find((name) => /\.kml$/i.test(name)) ??
      names.find((name) => /\.(geo)?json$/i.test(name)) ??
      '',
  )
  if (!inner)
    throw new ImportFileError(
      `${file}: the archive holds no .shp, .kml or .geojson: ${names.slice(0, 5).join(', ')}`,
    )
  return firstSign(inner) === '<' ? readKml(inner, file) : readGeoJson(inner, file, options)
}

/** A format is one file beside this one, and one line here. */
const formats: readonly Format[] = [
  { name: 'zip', isIt: isZip, read: async (bytes, ...rest) => readZip(await bytes(), ...rest) },
  { name: 'GeoPackage', isIt: isSqlite, read: (_, file, options) => readGeoPackage(file, options) },
  {
    name: 'FlatGeobuf',
    isIt: isFlatGeobuf,
    read: async (bytes, file) => readFlatGeobuf(await bytes(), file),
  },
  {
    name: 'Shapefile',
    isIt: isBareShapefile,
    read: async (bytes, file) => refuseBareShapefile(await bytes(), file),
  },
  {
    name: 'KML',
    isIt: (head) => firstSign(head) === '<',
    read: async (bytes, file) => readKml(await bytes(), file),
  },
  {
    name: 'GeoJSON',
    isIt: () => true,
    read: async (bytes, ...rest) => readGeoJson(await bytes(), ...rest),
  },
]

/** Whether the file holds features and no table. */
export async function holdsFeatures(file: string): Promise<boolean> {
  const head = await firstUnpacked(file)
  if (isZip(head)) return !(await isWorkbook(file))
  return (
    isSqlite(head) ||
    isFlatGeobuf(head) ||
    isBareShapefile(head) ||
    ['{', '<'].includes(firstSign(head))
  )
}

/** An XLSX is a zip with a workbook. */
export async function isWorkbook(file: string): Promise<boolean> {
  if (!isZip(await firstBytes(file, 4))) return false
  const names = [...unzipped(await wholeFile(file), file).keys()]
  return names.includes('xl/workbook.xml')
}

/**
 * Reads areas or points of any known format.
 * @throws ImportFileError when the file cannot be read.
 */
export async function readFeatures(file: string, options: ReadOptions = {}): Promise<FeatureFile> {
  const head = await firstUnpacked(file)
  const format = formats.find(({ isIt }) => isIt(head))
  if (!format) throw new ImportFileError(`${file}: an unknown format`)
  return format.read(() => wholeFile(file), file, options)
}

/** Name of a file's map format, for people. */
export async function featureFormat(file: string): Promise<string> {
  const head = await firstUnpacked(file)
  const found = formats.find(({ isIt }) => isIt(head))?.name ?? ''
  if (found !== 'zip') return found
  const names = [...unzipped(await wholeFile(file), file).keys()]
  return names.some((name) => /\.shp$/i.test(name)) ? 'Shapefile' : 'KMZ'
}
