import type { Raster } from './jpeg-writer.ts'
import { stamp } from './stamp.ts'

/** `#rrggbb`. */
export type Colour = `#${string}`

const stampInset = 8

/** A picture drawn shape by shape; the later shape lies on top. Coordinates in pixels from the top left. */
export class Picture implements Raster {
  readonly width: number
  readonly height: number
  readonly pixels: Uint8Array

  constructor(width: number, height: number) {
    this.width = width
    this.height = height
    this.pixels = new Uint8Array(width * height * 3)
  }

  rect(left: number, top: number, width: number, height: number, colour: Colour): void {
    this.#fill(left, top, left + width, top + height, colour, () => true)
  }

  ellipse(x: number, y: number, radiusX: number, radiusY: number, colour: Colour): void {
    const isInside = (px: number, py: number): boolean =>
      ((px - x) / radiusX) ** 2 + ((py - y) / radiusY) ** 2 <= 1
    this.#fill(x - radiusX, y - radiusY, x + radiusX, y + radiusY, colour, isInside)
  }

  line(x1: number, y1: number, x2: number, y2: number, thickness: number, colour: Colour): void {
    const [dx, dy] = [x2 - x1, y2 - y1]
    const length = Math.hypot(dx, dy) || 1
    const half = thickness / 2
    const isInside = (px: number, py: number): boolean => {
      const along = ((px - x1) * dx + (py - y1) * dy) / length
      const aside = ((px - x1) * dy - (py - y1) * dx) / length
      return along >= -half && along <= length + half && Math.abs(aside) <= half
    }
    this.#fill(
      Math.min(x1, x2) - half,
      Math.min(y1, y2) - half,
      Math.max(x1, x2) + half,
      Math.max(y1, y2) + half,
      colour,
      isInside,
    )
  }

  /** Says on the picture itself that it is generated. */
  stamp(): void {
    const top = this.height - stamp.height - 2 * stampInset
    this.rect(0, top, this.width, this.height - top, '#111827')
    const [left, first] = [stampInset, top + stampInset]
    for (let y = 0; y < stamp.height; y++)
      for (let x = 0; x < stamp.width; x++) {
        const bit = y * stamp.width + x
        if ((stamp.bits[bit >> 3]! >> (7 - (bit & 7))) & 1)
          this.rect(left + x, first + y, 1, 1, '#ffffff')
      }
  }

  #fill(
    left: number,
    top: number,
    right: number,
    bottom: number,
    colour: Colour,
    isInside: (x: number, y: number) => boolean,
  ): void {
    const value = Number.parseInt(colour.slice(1), 16)
    const [r, g, b] = [value >> 16, (value >> 8) & 255, value & 255]
    const [fromY, toY] = [Math.max(0, Math.round(top)), Math.min(this.height, Math.round(bottom))]
    const [fromX, toX] = [Math.max(0, Math.round(left)), Math.min(this.width, Math.round(right))]
    for (let y = fromY; y < toY; y++)
      for (let x = fromX; x < toX; x++) {
        if (!isInside(x + 0.5, y + 0.5)) continue
        const at = (y * this.width + x) * 3
        this.pixels[at] = r
        this.pixels[at + 1] = g
        this.pixels[at + 2] = b
      }
  }
}
