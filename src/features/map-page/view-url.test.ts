import { describe, expect, it } from 'vitest'
import { decodeView, encodeView, latPerPixel } from './view-url.ts'

describe('map view in the URL', () => {
  it('goes there and back', () => {
    const view = { zoom: 14.25, center: [-122.41942, 37.77493] as const }
    expect(encodeView(view)).toBe('14.25/37.77493/-122.41942')
    expect(decodeView(encodeView(view))).toEqual(view)
  })

  it('keeps whole zooms whole', () => {
    expect(encodeView({ zoom: 10, center: [0, 0] })).toBe('10/0.0000/0.0000')
  })

  it.each([null, '', 'x', '10/91/0', '10/0/181', '99/0/0', '10/0', '10/0/0/0', '1e3/0/0'])(
    'ignores %s',
    (text) => expect(decodeView(text)).toBeNull(),
  )
})

describe('latPerPixel', () => {
  it('halves with each zoom and shrinks towards the poles', () => {
    expect(latPerPixel(0, 0)).toBeCloseTo(0.703125, 12)
    expect(latPerPixel(1, 60)).toBeCloseTo(0.703125 / 4, 12)
  })
})
