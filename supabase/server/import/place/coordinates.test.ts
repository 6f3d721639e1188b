import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { coordinateSystem } from './coordinate-system.ts'
import { readCoordinate } from './degree-text.ts'

describe('readCoordinate', () => {
  it.each([
    ['112.95', 112.95],
    ['１１２．９５', 112.95],
    [`112°57'0"E`, 112.95],
    ['112 57 00', 112.95],
    ['112.95°', 112.95],
    ['东经112度57分', 112.95],
    ['-122.4', -122.4],
    ['122.4W', -122.4],
    ['38396700.12', 38_396_700.12],
  ])('%s is %d', (text, value) => expect(readCoordinate(text, 'lon')).toBeCloseTo(value, 9))

  it.each([
    '',
    '0x70',
    '0b11',
    '112,95',
    '28.2N',
    `112°75'`,
    '112.9 57',
    '-112.5W',
    '1e400',
    'abc',
  ])('refuses %j as a longitude', (text) => expect(readCoordinate(text, 'lon')).toBeNull())

  it('reads back degrees, minutes and seconds', () => {
    const degrees = fc.double({ min: -89.99, max: 89.99, noNaN: true })
    fc.assert(
      fc.property(degrees, (value) => {
        const size = Math.abs(value)
        const seconds = (((size * 3600) % 60) + 60) % 60
        const minutes = Math.floor((size * 60) % 60)
        const text = `${Math.floor(size)}°${minutes}′${seconds.toFixed(6)}″${value < 0 ? 'S' : 'N'}`
        fc.pre(!text.includes('60.000000'))
        expect(readCoordinate(text, 'lat')).toBeCloseTo(value, 7)
      }),
    )
  })
})

describe('coordinateSystem', () => {
  // by gdaltransform of GDAL 3 (PROJ): `gdaltransform -s_srs EPSG:4526 -t_srs EPSG:4490 -output_xy`
  it.each([
    ['EPSG:4526', 38_396_700.12, 3_120_900.5, 112.947895035068, 28.1986135051005],
    ['EPSG:4547', 396_700.12, 3_120_900.5, 112.947895035069, 28.1986135051005],
    // the easting's own zone counts
    ['EPSG:4547', 38_396_700.12, 3_120_900.5, 112.947895035068, 28.1986135051005],
    ['EPSG:4508', 396_700, 3_120_900, 109.947893857228, 28.1986089847567],
    ['EPSG:4497', 19_396_700, 3_120_900, 109.947893857228, 28.1986089847567],
    ['urn:ogc:def:crs:EPSG::32649', 691_700, 3_120_900, 112.953112994743, 28.1999810762354],
  ])('%s reads %d, %d', async (name, x, y, lng, lat) => {
    const [readLng, readLat] = (await coordinateSystem(name)).toWgs84(x, y) ?? []
    expect(readLng).toBeCloseTo(lng, 8)
    expect(readLat).toBeCloseTo(lat, 8)
  })

  it('takes China’s shifts back to half a metre, and refuses other names', async () => {
    const { default: gcoord } = await import('gcoord')
    const inChina = fc.tuple(
      fc.double({ min: 75, max: 132, noNaN: true }),
      fc.double({ min: 20, max: 50, noNaN: true }),
    )
    for (const [name, id] of [
      ['GCJ-02', 'GCJ02'],
      ['bd09', 'BD09'],
    ] as const) {
      const system = await coordinateSystem(name)
      fc.assert(
        fc.property(inChina, ([lng, lat]) => {
          const [x, y] = gcoord.transform([lng, lat], gcoord.WGS84, gcoord[id]) as [number, number]
          const [backLng, backLat] = system.toWgs84(x, y) ?? []
          expect(Math.abs((backLng ?? 0) - lng)).toBeLessThan(5e-6)
          expect(Math.abs((backLat ?? 0) - lat)).toBeLessThan(5e-6)
        }),
      )
    }
    await expect(coordinateSystem('EPSG:2437')).rejects.toThrow(/"EPSG:2437" is unknown/)
    await expect(
      coordinateSystem('GEOGCS["GCS_Beijing_1954",DATUM["D_Beijing_1954"]]'),
    ).rejects.toThrow(/not WGS 84 or CGCS2000/)
  })
})
