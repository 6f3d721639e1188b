import { describe, expect, it } from 'vitest'
import type { BoundingBox } from '../vocabulary.ts'
import { placeFromText } from './coordinates-text.ts'

const city: BoundingBox = [-122.52, 37.7, -122.35, 37.84]
const shanghai: BoundingBox = [120.85, 30.67, 122.2, 31.88]

describe('placeFromText', () => {
  it.each([
    ['37.76, -122.42', [-122.42, 37.76]],
    ['37.76 -122.42', [-122.42, 37.76]],
    // the order of a map's link, known by the city
    ['-122.42,37.76', [-122.42, 37.76]],
    [`37°45'36"N 122°25'12"W`, [-122.42, 37.76]],
    [`122°25'12" W, 37°45'36" N`, [-122.42, 37.76]],
    ['N37.76 W122.42', [-122.42, 37.76]],
    ['３７．７６，−122.42', [-122.42, 37.76]],
  ])('reads %s', (text, place) => {
    const found = placeFromText(text, city)!
    expect(found[0]).toBeCloseTo(place[0]!, 9)
    expect(found[1]).toBeCloseTo(place[1]!, 9)
  })

  it('reads what Chinese systems write', () => {
    for (const text of ['东经121.47 北纬31.23', '北纬31.23度，东经121.47度', '121.47，31.23']) {
      const found = placeFromText(text, shanghai)!
      expect(found[0]).toBeCloseTo(121.47, 9)
      expect(found[1]).toBeCloseTo(31.23, 9)
    }
  })

  it('keeps a place outside the city as it was typed: the page says that it is outside', () => {
    expect(placeFromText('48.2, 16.37', city)).toEqual([16.37, 48.2])
  })

  it.each([
    '',
    '37.76',
    '18th Street 5',
    '37.76, -122.42, 3',
    '37.76N 12N',
    '95, 200',
    `37°70'N 1W`,
    '020100',
    '0201 00',
  ])('takes %j for no coordinates', (text) => expect(placeFromText(text, city)).toBeNull())
})
