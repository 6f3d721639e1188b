import { describe, expect, it } from 'vitest'
import { heatRamp, sequentialRamp } from './ramps.ts'
import type { MapTheme } from './types.ts'

/** Relative luminance of three bytes, WCAG 2.2. */
function luminanceOf(bytes: readonly number[]): number {
  const [red, green, blue] = bytes.map((byte) => {
    const share = byte / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!
}

const luminance = (hex: string): number =>
  luminanceOf([1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)))

const themes: MapTheme[] = ['light', 'dark']

describe.each(themes)('ramps on a %s map', (theme) => {
  it.each([2, 3, 5, 7, 9])('order %i classes by lightness alone', (count) => {
    const steps = sequentialRamp(theme, count).map(luminance)
    const ascending = theme === 'light' ? steps.toReversed() : steps
    for (let i = 1; i < count; i++) expect(ascending[i]! / ascending[i - 1]!).toBeGreaterThan(1.1)
  })

  it('run heat one way too', () => {
    const table = [...heatRamp(theme)]
    const steps = [1, 51, 102, 153, 204, 255].map((i) => luminanceOf(table.slice(i * 4, i * 4 + 3)))
    const ascending = theme === 'light' ? steps.toReversed() : steps
    for (let i = 1; i < 6; i++) expect(ascending[i]).toBeGreaterThan(ascending[i - 1]!)
  })

  it('show nothing where there is nothing, and never less where there is more', () => {
    const alpha = Array.from({ length: 256 }, (_, i) => heatRamp(theme)[i * 4 + 3]!)
    expect(alpha[0]).toBe(0)
    for (let i = 1; i < 256; i++) expect(alpha[i]).toBeGreaterThanOrEqual(alpha[i - 1]!)
    expect(alpha[255]).toBeGreaterThan(200)
  })
})

it('refuses a ramp without colours', () => {
  expect(() => sequentialRamp('light', 0)).toThrow(RangeError)
})
