import { describe, expect, it } from 'vitest'
import { locateDevice } from './locate.ts'

const city = [0, 0, 10, 10] as const
type Answer = { at: [number, number] } | { code: number }

/** A device that answers at once. */
const device = (answer: Answer): Pick<Geolocation, 'getCurrentPosition'> => ({
  getCurrentPosition(success, failure) {
    if ('code' in answer) failure?.({ code: answer.code } as GeolocationPositionError)
    else
      success({
        coords: { longitude: answer.at[0], latitude: answer.at[1], accuracy: 12 },
      } as GeolocationPosition)
  },
})

describe('locateDevice', () => {
  it.each([
    [[5, 5], true],
    [[11, 5], false],
  ] as const)('tells whether %j is in the city', async (at, insideCity) => {
    const geolocation = device({ at: [...at] })
    expect(await locateDevice(city, { geolocation, isSecureContext: true })).toEqual({
      ok: true,
      lngLat: at,
      accuracyMeters: 12,
      insideCity,
    })
  })

  it.each([
    [1, 'denied'],
    [2, 'unavailable'],
    [3, 'timeout'],
  ])('gives the reason for error %i', async (code, reason) => {
    const geolocation = device({ code })
    expect(await locateDevice(city, { geolocation, isSecureContext: true })).toEqual({
      ok: false,
      reason,
    })
  })

  it('tells plain http from a missing device', async () => {
    const answers = [
      await locateDevice(city, { geolocation: undefined, isSecureContext: false }),
      await locateDevice(city, { geolocation: undefined, isSecureContext: true }),
    ]
    expect(answers).toEqual([
      { ok: false, reason: 'insecure' },
      { ok: false, reason: 'unsupported' },
    ])
  })
})
