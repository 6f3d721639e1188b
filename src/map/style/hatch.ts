import type { MapTheme } from '../types.ts'
import { flavors, palettes } from './flavors.ts'

export interface HatchColors {
  ground: string
  line: string
}

/** CSS hex; also of the legend. */
export const hatchColors = (theme: MapTheme): HatchColors => ({
  ground: flavors[theme].earth,
  line: palettes[theme].hatch,
})

/** Land without a colour of the ramp: nothing there. */
export const zeroColor = (theme: MapTheme): string => flavors[theme].earth

export const hatchName = (theme: MapTheme): string => `hatch-${theme}`

/** Device pixels at a ratio of 2. */
const size = 14
const lineWidth = 3

/** Slanted lines that join at the edges of the tile. */
export function hatchImage(theme: MapTheme): ImageData {
  const image = new ImageData(size, size)
  const { ground, line } = hatchColors(theme)
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++)
      image.data.set(
        [...bytesOf((x + y) % size < lineWidth ? line : ground), 255],
        (y * size + x) * 4,
      )
  return image
}

const bytesOf = (hex: string): number[] =>
  [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16))
