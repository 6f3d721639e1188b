import { expect, it } from 'vitest'
import { channelShares } from './channels.ts'

it('compares the channels of an area with the city’s', () => {
  const { here, city, shares } = channelShares([
    { channel: 'phone', here: 30, city: 100 },
    { channel: 'app', here: 10, city: 300 },
    { channel: 'mail', here: 0, city: 400 },
  ])
  expect([here, city]).toEqual([40, 800])
  // 30 against 40 × 100 ÷ 800; the exact interval of 30 is 20.24 to 42.83 (Breslow and Day)
  expect(shares[0]).toMatchObject({ channel: 'phone', ratio: 6 })
  expect(shares[0]!.low).toBeCloseTo(20.24 / 5, 2)
  expect(shares[0]!.high).toBeCloseTo(42.83 / 5, 2)
  expect(shares[1]!.ratio).toBeCloseTo(10 / 15, 12)
  expect(shares).toHaveLength(2)
  expect(channelShares([])).toEqual({ here: 0, city: 0, shares: [] })
})
