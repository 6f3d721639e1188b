import { afterAll, beforeAll, expect, test } from 'vitest'
import { StreetLabels } from './street-labels.ts'

let streets: StreetLabels
beforeAll(async () => {
  const opened = await StreetLabels.open('public/basemap/sf.pmtiles')
  if (!opened) throw new Error('the demo has no basemap')
  streets = opened
})
afterAll(() => streets.close())

test('names a place by the street it lies at and the next one', async () => {
  // on Valencia Street, a few metres south of 18th Street
  expect(await streets.labelAt([-122.42145, 37.76145])).toBe('Valencia Street / 18th Street')
})

test('names nothing in the ocean, and has no labels without a file', async () => {
  expect(await streets.labelAt([-122.7, 37.7])).toBe('')
  expect(await StreetLabels.open('public/basemap/none.pmtiles')).toBe(null)
})
