import { expect, it } from 'vitest'
import { knownAddresses } from './known-addresses.ts'

const at = (addressLabel: string, lon: number) => ({ addressLabel, lon, lat: 37.76 })
const reports = [
  at('Valencia Street near 18th Street', -122.421),
  at('Mission Street', -122.419),
  at('Valencia Street near 18th Street', -122.4212),
  at('', -122.4),
  at('VALENCIA ST & 20TH ST', -122.4209),
]

it('are those that hold every word, each once, at the newest report', () => {
  expect(knownAddresses(reports, 'valencia 18th')).toEqual([
    { label: 'Valencia Street near 18th Street', lngLat: [-122.421, 37.76] },
  ])
  expect(knownAddresses(reports, 'Valencia St & 20').map(({ label }) => label)).toEqual([
    'VALENCIA ST & 20TH ST',
  ])
  expect(knownAddresses(reports, 'St').map(({ lngLat }) => lngLat[0])).toEqual([
    ...[-122.421, -122.419, -122.4209],
  ])
  expect(knownAddresses(reports, 'garbage')).toEqual([])
})
