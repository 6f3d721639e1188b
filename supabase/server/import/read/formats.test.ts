import { gunzipSync } from 'node:zlib'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { strToU8, unzipSync, zipSync } from 'fflate'
import { afterAll, describe, expect, it } from 'vitest'
import { coordinateSystem } from '../place/coordinate-system.ts'
import { planeGeometry } from '../place/plane-geometry.ts'
import { quoteBigIntegers } from './big-integers.ts'
import { readFeatures } from './formats.ts'
import { openRows } from './row-file.ts'

const cases = join(import.meta.dirname, '../../../../tests/fixtures/import-cases')
const folder = mkdtempSync(join(tmpdir(), 'wangge-formats-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let count = 0
const write = (content: string | Uint8Array, ending: string): string => {
  const path = join(folder, `${(count += 1)}${ending}`)
  writeFileSync(path, content)
  return path
}

describe('a format that GIS programs write', () => {
  const gpkg = (): string => write(gunzipSync(readFileSync(join(cases, 'grids.gpkg.gz'))), '.gpkg')
  it.each([
    ['GeoJSON', () => join(cases, 'grids.geojson'), 'WGS 84', 'code'],
    ['a Shapefile in GBK and CGCS2000', () => join(cases, 'gbk-cgcs2000.zip'), '114°E', 'code'],
    ['a GeoPackage', gpkg, 'zone 38', 'code'],
    ['a FlatGeobuf', () => join(cases, 'grids.fgb'), 'Web Mercator', 'code'],
    ['a KMZ', () => join(cases, 'grids.kmz'), 'WGS 84', 'code'],
  ])('%s gives the same areas', async (_, file, system, code) => {
    const { features: read, crs } = await readFeatures(file())
    const features = read.toSorted((a, b) =>
      String(a.properties?.[code]) < String(b.properties?.[code]) ? -1 : 1,
    )
    const known = await coordinateSystem(crs ?? 'WGS84')
    expect(known.name.includes(system) || known.name.includes('114E')).toBe(true)
    expect(features.map(({ properties }) => [properties?.[code], properties?.name])).toEqual([
      ['430102001001000123', '人民路网格'],
      ['430102001001000124', '解放路网格'],
    ])
    const [first, second] = features.map(
      ({ geometry }) => planeGeometry(geometry, known).geometry as { coordinates: unknown },
    )
    const flat = (value: unknown): number[] =>
      Array.isArray(value) ? value.flatMap(flat) : [value as number]
    const numbers = flat([first?.coordinates, second?.coordinates])
    // one with a hole, one of two parts: four rings of five positions
    expect(numbers).toHaveLength(40)
    expect(numbers.filter((_n, index) => index % 2 === 0).toSorted()[0]).toBeCloseTo(112.92, 8)
    expect(Math.max(...numbers.filter((_n, index) => index % 2 === 1))).toBeCloseTo(28.18, 8)
  })

  it('guesses the encoding of a Shapefile that does not say it', async () => {
    const rest = unzipSync(readFileSync(join(cases, 'gbk-cgcs2000.zip')))
    delete rest['grids.cpg']
    // the driver id says GBK too
    rest['grids.dbf'] = rest['grids.dbf']!.with(29, 0)
    const { features, notes } = await readFeatures(write(zipSync(rest), '.zip'))
    expect(features.map(({ properties }) => properties?.name)).toEqual(['人民路网格', '解放路网格'])
    expect(notes).toEqual(['the .dbf was read as gb18030: the file does not say'])
  })

  it('says where a broken text breaks, and what is no map', async () => {
    const broken = '{"type": "FeatureCollection",\n "features": [\n  {"type": oops}]}'
    await expect(readFeatures(write(broken, '.geojson'))).rejects.toThrow(
      /, line 3, column \d+: not GeoJSON/,
    )
    await expect(readFeatures(write('[]', '.json'))).rejects.toThrow(/FeatureCollection is needed/)
    await expect(
      readFeatures(write('{"type":"FeatureCollection","features":[null]}', '.json')),
    ).rejects.toThrow(/feature 1: not a GeoJSON Feature/)
    await expect(readFeatures(write('<kml><Placemark>', '.kml'))).rejects.toThrow(/not KML/)
    const archive = zipSync({ 'a.txt': strToU8('x') })
    await expect(readFeatures(write(archive, '.zip'))).rejects.toThrow(/holds no .shp, .kml/)
    await expect(readFeatures(write(archive.slice(0, 20), '.zip'))).rejects.toThrow(
      /not a whole zip/,
    )
  })

  it('keeps whole numbers of a JSON text that no number can hold', () => {
    const text =
      '{"a":430102001001000123,"b":"430102001001000123","c":112.94000000000001,"d":-12,"e":1e20}'
    expect(JSON.parse(quoteBigIntegers(text))).toEqual({
      a: '430102001001000123',
      b: '430102001001000123',
      c: 112.94000000000001,
      d: -12,
      e: 1e20,
    })
  })
})

describe('a workbook', () => {
  const sheet = (rows: string): string =>
    `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>${rows}</sheetData></worksheet>`
  const workbook = (property: string): Uint8Array =>
    zipSync({
      '[Content_Types].xml': strToU8(
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
      ),
      'xl/workbook.xml': strToU8(
        `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><workbookPr ${property}/><sheets><sheet name="说明" sheetId="1" r:id="r1"/><sheet name="数据" sheetId="2" r:id="r2"/></sheets></workbook>`,
      ),
      'xl/_rels/workbook.xml.rels': strToU8(
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="r2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet2.xml"/></Relationships>',
      ),
      'xl/styles.xml': strToU8(
        '<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="22" applyNumberFormat="1"/></cellXfs></styleSheet>',
      ),
      'xl/worksheets/sheet1.xml': strToU8(
        sheet('<row r="1"><c r="A1" t="inlineStr"><is><t>读我</t></is></c></row>'),
      ),
      'xl/worksheets/sheet2.xml': strToU8(
        sheet(
          '<row r="1"><c r="A1" t="inlineStr"><is><t>三月台账</t></is></c></row>' +
            '<row r="3"><c r="A3" t="inlineStr"><is><t>id</t></is></c><c r="B3" t="inlineStr"><is><t>at</t></is></c></row>' +
            '<row r="4"><c r="A4"><v>430102001001000123</v></c><c r="B4" s="1"><v>44624.354166666664</v></c></row>',
        ),
      ),
    })
  it.each([
    ['', '2022-03-04 08:30:00'],
    ['date1904="1"', '2026-03-05 08:30:00'],
  ])(
    'finds its sheet and header, keeps digits, and counts days from 1900 or 1904 (%s)',
    async (property, at) => {
      const file = write(workbook(property), '.bin')
      const table = await openRows(file, { columns: ['id', 'at'], lon: 'lon', lat: 'lat' })
      const rows = await Array.fromAsync(table.rows())
      expect(rows.map(({ line, fields }) => [line, ...fields])).toEqual([
        [4, '430102001001000123', at],
      ])
      expect(table.notes).toEqual([
        'the sheet 数据 was read, of 说明, 数据',
        '2 rows above the header were passed over',
      ])
    },
  )
})

describe('a table of text', () => {
  it('is read in UTF-16 by its mark', async () => {
    const text = Buffer.concat([
      Buffer.from([0xff, 0xfe]),
      Buffer.from('编号\t内容\r\n1\t井盖\r\n', 'utf16le'),
    ])
    const table = await openRows(write(text, '.txt'), { columns: ['编号'], lon: 'x', lat: 'y' })
    expect((await Array.fromAsync(table.rows())).map(({ fields }) => fields)).toEqual([
      ['1', '井盖'],
    ])
    expect(table.notes).toEqual(['the columns are parted by tabs', 'the text is utf-16le'])
  })
})
