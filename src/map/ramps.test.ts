import { describe, expect, it } from 'vitest'
import { divergingRamp, heatRamp, hotColdColor, sequentialRamp } from './ramps.ts'
import { zeroColor } from './style/hatch.ts'
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

/**
 * Linear RGB as seen without red or green cones. G. M. Machado, M. M. Oliveira and L. A. F.
 * Fernandes, IEEE TVCG 15 (2009), severity 1.
 */
const visions = {
  usual: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
}
type Vision = keyof typeof visions
const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, i) => sum + value * b[i]!, 0)

/** OKLab of a hex colour as seen. */
function seen(hex: string, vision: Vision): number[] {
  const linear = [1, 3, 5].map((at) => {
    const share = Number.parseInt(hex.slice(at, at + 2), 16) / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  const rgb = visions[vision].map((row) => Math.min(1, Math.max(0, dot(row, linear))))
  const lms = [
    [0.4122214708, 0.5363325363, 0.0514459929],
    [0.2119034982, 0.6806995451, 0.1073969566],
    [0.0883024619, 0.2817188376, 0.6299787005],
  ].map((row) => Math.cbrt(dot(row, rgb)))
  return [
    [0.2104542553, 0.793617785, -0.0040720468],
    [1.9779984951, -2.428592205, 0.4505937099],
    [0.0259040371, 0.7827717662, -0.808675766],
  ].map((row) => dot(row, lms))
}
/** Distance in OKLab; 0.02 is just noticeable side by side. */
function distance(a: string, b: string, vision: Vision): number {
  const other = seen(b, vision)
  return Math.hypot(...seen(a, vision).map((value, i) => value - other[i]!))
}

const themes: MapTheme[] = ['light', 'dark']

describe.each(themes)('ramps on a %s map', (theme) => {
  it.each([2, 3, 5, 7, 9])('order %i classes by lightness alone', (count) => {
    const steps = sequentialRamp(theme, count).map(luminance)
    const ascending = theme === 'light' ? steps.toReversed() : steps
    for (let i = 1; i < count; i++) expect(ascending[i]! / ascending[i - 1]!).toBeGreaterThan(1.1)
  })

  it.each(['usual', 'protanopia', 'deuteranopia'] as const)(
    'keep classes apart under %s, zero and both ends of a change included',
    (vision) => {
      for (const ramp of [2, 3, 4, 5, 6].map((count) => sequentialRamp(theme, count))) {
        for (let i = 1; i < ramp.length; i++)
          expect(distance(ramp[i]!, ramp[i - 1]!, vision)).toBeGreaterThan(0.08)
        expect(distance(ramp[0]!, zeroColor(theme), vision)).toBeGreaterThan(0.05)
      }
      const change = divergingRamp(theme)
      for (const [a, b] of change.flatMap((one, i) => change.slice(0, i).map((two) => [one, two])))
        expect(distance(a!, b!, vision)).toBeGreaterThan(0.15)
      for (const color of change)
        expect(distance(color, zeroColor(theme), vision)).toBeGreaterThan(0.05)
    },
  )

  it('read as hot and cold in every step, the weakest too', () => {
    const strengths = [0.2, 0.33, 0.5, 0.67, 0.8, 1]
    const redOverBlue = (strength: number): number => {
      const hex = hotColdColor(theme, strength)
      return Number.parseInt(hex.slice(1, 3), 16) - Number.parseInt(hex.slice(5, 7), 16)
    }
    const greenBetween = (strength: number): boolean => {
      const [red, green, blue] = [1, 3, 5].map((at) =>
        Number.parseInt(hotColdColor(theme, strength).slice(at, at + 2), 16),
      )
      return green! >= Math.min(red!, blue!) && green! <= Math.max(red!, blue!)
    }
    // Between red and blue is orange on the hot side; less green than both is mauve.
    for (const strength of strengths) {
      expect(redOverBlue(strength)).toBeGreaterThan(10)
      expect(redOverBlue(-strength)).toBeLessThan(-10)
      expect([strength, -strength].map(greenBetween)).toEqual([true, true])
    }
  })

  it.each(['usual', 'protanopia', 'deuteranopia'] as const)(
    'keep the classes of hot, cold and neither apart under %s',
    (vision) => {
      const colors = [-3, -2, -1, 0, 1, 2, 3].map((code) => hotColdColor(theme, code / 3))
      for (const [a, b] of colors.flatMap((one, i) => colors.slice(0, i).map((two) => [one, two])))
        expect(distance(a!, b!, vision)).toBeGreaterThan(0.1)
    },
  )

  it('give a single class the lowest colour, never the middle', () => {
    expect(sequentialRamp(theme, 1)).toEqual(sequentialRamp(theme, 5).slice(0, 1))
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
