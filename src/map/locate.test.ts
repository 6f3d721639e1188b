import { describe, expect, it } from 'vitest'
import { locateDevice, type PositionHost } from './locate.ts'

const city = [0, 0, 10, 10] as const
type Answer = { at: [number, number] } | { code: number } | null

/** Null has no device. */
const browser = (answer: Answer, isSecureContext = true): PositionHost => ({
  document: Object.assign(new EventTarget(), { visibilityState: 'visible' as const }),
  isSecureContext,
  navigator: {
    geolocation: answer && {
      getCurrentPosition(success: PositionCallback, failure?: PositionErrorCallback) {
        if ('code' in answer) failure?.({ code: answer.code } as GeolocationPositionError)
        else
          success({
            coords: { longitude: answer.at[0], latitude: answer.at[1], accuracy: 12 },
          } as GeolocationPosition)
      },
    },
  } as unknown as Navigator,
})

describe('locateDevice', () => {
  it.each([
    [[5, 5], true],
    [[11, 5], false],
  ] as const)('tells whether %j is in the city', async (at, insideCity) => {
    expect(await locateDevice(city, browser({ at: [...at] }))).toEqual({
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
    expect(await locateDevice(city, browser({ code }))).toEqual({ ok: false, reason })
  })

  it('tells plain http from a missing device', async () => {
    const answers = [
      await locateDevice(city, browser(null, false)),
      await locateDevice(city, browser(null)),
    ]
    expect(answers).toEqual([
      { ok: false, reason: 'insecure' },
      { ok: false, reason: 'unsupported' },
    ])
  })
})
