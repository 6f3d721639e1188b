import type { MapTheme } from './types.ts'

/** OKLCH: lightness 0–1, chroma, hue in degrees. */
type Oklch = readonly [lightness: number, chroma: number, hueDegrees: number]

// Lightness alone gives the order, for every colour vision and in print. The lowest stands apart
// from the land.
const sequential: Record<MapTheme, readonly Oklch[]> = {
  light: [
    [0.89, 0.05, 190],
    [0.77, 0.085, 200],
    [0.64, 0.105, 222],
    [0.51, 0.115, 248],
    [0.38, 0.11, 268],
  ],
  dark: [
    [0.36, 0.055, 262],
    [0.48, 0.085, 250],
    [0.62, 0.105, 225],
    [0.77, 0.11, 195],
    [0.91, 0.09, 175],
  ],
}

// Blue to orange: the hues that every colour vision tells apart.
const diverging: Record<MapTheme, readonly Oklch[]> = {
  light: [
    [0.48, 0.13, 255],
    [0.72, 0.09, 245],
    [0.9, 0.008, 95],
    [0.77, 0.13, 65],
    [0.54, 0.14, 42],
  ],
  dark: [
    [0.8, 0.1, 235],
    [0.58, 0.11, 250],
    [0.4, 0.008, 240],
    [0.62, 0.12, 52],
    [0.83, 0.13, 75],
  ],
}

const heat: Record<MapTheme, readonly Oklch[]> = {
  light: [
    [0.86, 0.09, 85],
    [0.74, 0.15, 60],
    [0.6, 0.19, 35],
    [0.45, 0.17, 20],
    [0.32, 0.11, 5],
  ],
  dark: [
    [0.38, 0.11, 5],
    [0.5, 0.18, 22],
    [0.65, 0.18, 42],
    [0.8, 0.15, 75],
    [0.95, 0.09, 100],
  ],
}

/**
 * Hex, from low to high: darker on a light map, lighter on a dark one. A single class takes the
 * lowest colour: the middle would say "medium".
 * @throws RangeError when `count` is below 1
 */
export function sequentialRamp(theme: MapTheme, count: number): string[] {
  if (count < 1) throw new RangeError('ramp: at least one colour')
  const anchors = sequential[theme]
  return Array.from({ length: count }, (_, i) =>
    hexFromOklch(sample(anchors, count === 1 ? 0 : i / (count - 1))),
  )
}

/** Hex: much less, less, the same, more, much more. */
export const divergingRamp = (theme: MapTheme): string[] => diverging[theme].map(hexFromOklch)

/** Hex. @param strength −1 coldest, 0 neither, 1 hottest */
export const hotColdColor = (theme: MapTheme, strength: number): string =>
  hexFromOklch(sample(diverging[theme], (strength + 1) / 2))

/** Text on a colour: the one of dark and white that stands out more. @param hex of the ground */
export function inkOn(hex: string): string {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(hex.slice(at, at + 2), 16) / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  }) as [number, number, number]
  const luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
  // Where both contrasts of WCAG are equal.
  return luminance > 0.179 ? '#101416' : '#ffffff'
}

/** RGBA by density byte, 256 × 4 bytes; streets show through. */
export function heatRamp(theme: MapTheme): Uint8ClampedArray<ArrayBuffer> {
  const table = new Uint8ClampedArray(256 * 4)
  for (let i = 1; i < 256; i++) {
    const share = i / 255
    const [red, green, blue] = rgbFromOklch(sample(heat[theme], share))
    table[i * 4] = red
    table[i * 4 + 1] = green
    table[i * 4 + 2] = blue
    table[i * 4 + 3] = Math.round(225 * Math.min(1, Math.max(0, share - 0.06) * 2.2))
  }
  return table
}

function sample(anchors: readonly Oklch[], position: number): Oklch {
  const scaled = position * (anchors.length - 1)
  const index = Math.min(anchors.length - 2, Math.floor(scaled))
  const share = scaled - index
  const [low, high] = [anchors[index]!, anchors[index + 1]!]
  if (share === 0) return low
  // A grey has no hue: on the way from it the hue of the other end holds. Else orange would come
  // out of grey as mauve.
  const [from, to] = [hueOf(low) ?? high[2], hueOf(high) ?? low[2]]
  // Shorter way round the hue circle.
  const turn = ((to - from + 540) % 360) - 180
  return [
    low[0] + (high[0] - low[0]) * share,
    low[1] + (high[1] - low[1]) * share,
    from + turn * share,
  ]
}

const greyChroma = 0.02
const hueOf = ([, chroma, hueDegrees]: Oklch): number | null =>
  chroma < greyChroma ? null : hueDegrees

const hexFromOklch = (color: Oklch): string =>
  '#' +
  rgbFromOklch(color)
    .map((channel) => channel.toString(16).padStart(2, '0'))
    .join('')

/** sRGB bytes, clipped to the gamut. Matrices: B. Ottosson, "A perceptual color space", 2020. */
function rgbFromOklch([lightness, chroma, hueDegrees]: Oklch): [number, number, number] {
  const a = chroma * Math.cos((hueDegrees * Math.PI) / 180)
  const b = chroma * Math.sin((hueDegrees * Math.PI) / 180)
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3
  return [
    byteFromLinear(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    byteFromLinear(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    byteFromLinear(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  ]
}

function byteFromLinear(linear: number): number {
  const encoded = linear <= 0.0031308 ? 12.92 * linear : 1.055 * linear ** (1 / 2.4) - 0.055
  return Math.round(255 * Math.min(1, Math.max(0, encoded)))
}
