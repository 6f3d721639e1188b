import { wrapped } from '@/domain/export/wrapped.ts'

/** A row of a legend: what it looks like, and its texts in columns. */
export interface PictureSwatch {
  /** CSS colour. */
  color: string
  /** CSS colour of slanted lines over it. */
  hatch: string | null
  texts: readonly string[]
}

/** A finding: its heading and the lines below. */
export interface PictureEntry {
  heading: string
  lines: readonly string[]
}

export interface PictureParts {
  title: string
  /** Parameters, one a line. */
  lines: readonly string[]
  /** In device pixels. */
  map: HTMLCanvasElement | null
  /** Names of the columns after the first. */
  legendColumns: readonly string[]
  legend: readonly PictureSwatch[]
  entries: readonly PictureEntry[]
  foot: string
}

export interface PictureLook {
  ground: string
  text: string
  muted: string
  line: string
  fontFamily: string
}

const margin = 16
const lineHeight = 18
const swatchSize = 12
const columnWidth = 88
const labelWidth = 220
/** CSS pixels: parameters need some width. */
const leastWidth = 420

/** Draws title, parameters, map, legend and entries below each other. @throws without a 2d canvas */
export function drawPicture(
  parts: PictureParts,
  look: PictureLook,
  pixelRatio: number,
): HTMLCanvasElement {
  const mapWidth = parts.map ? parts.map.width / pixelRatio : 0
  const width = Math.max(leastWidth, mapWidth + 2 * margin)
  const canvas = document.createElement('canvas')
  const context = canvas.getContext('2d')
  if (!context) throw new Error('no 2d canvas')
  // Once to know the height, once to draw.
  const height = Math.ceil(layOut(new Pen(null, context, look), parts, width, pixelRatio))
  canvas.width = Math.round(width * pixelRatio)
  canvas.height = Math.round(height * pixelRatio)
  context.scale(pixelRatio, pixelRatio)
  context.fillStyle = look.ground
  context.fillRect(0, 0, width, height)
  layOut(new Pen(context, context, look), parts, width, pixelRatio)
  return canvas
}

/** Returns the height. */
function layOut(
  pen: Pen,
  { title, lines, map, legendColumns, legend, entries, foot }: PictureParts,
  width: number,
  pixelRatio: number,
): number {
  const inner = width - 2 * margin
  let y = margin
  y = pen.paragraph(title, margin, y, inner, 'title')
  y += 2
  for (const line of lines) y = pen.paragraph(line, margin, y, inner, 'muted')
  y += 10
  if (map) {
    const [mapWidth, mapHeight] = [map.width / pixelRatio, map.height / pixelRatio]
    pen.image(map, margin, y, mapWidth, mapHeight)
    y += mapHeight + 12
  }
  if (legend.length > 0) {
    const columnEnd = (at: number): number => margin + labelWidth + at * columnWidth
    legendColumns.forEach((name, at) => pen.end(name, columnEnd(at + 1), y, 'muted'))
    if (legendColumns.length > 0) y += lineHeight
    for (const { color, hatch, texts } of legend) {
      pen.swatch(color, hatch, margin, y + 2)
      const [label = '', ...numbers] = texts
      pen.text(label, margin + swatchSize + 8, y, 'text')
      numbers.forEach((number, at) => pen.end(number, columnEnd(at + 1), y, 'muted'))
      y += lineHeight
    }
    y += 8
  }
  for (const { heading, lines: below } of entries) {
    y = pen.paragraph(heading, margin, y, inner, 'heading')
    for (const line of below) y = pen.paragraph(line, margin, y, inner, 'text')
    y += 10
  }
  y = pen.paragraph(foot, margin, y, inner, 'muted')
  return y + margin
}

type Style = 'title' | 'heading' | 'text' | 'muted'
const fonts: Record<Style, string> = {
  title: '600 17px',
  heading: '600 14px',
  text: '13px',
  muted: '12px',
}

/** Measures always; draws only with a context to draw on. */
class Pen {
  readonly #on: CanvasRenderingContext2D | null
  readonly #measure: CanvasRenderingContext2D
  readonly #look: PictureLook

  constructor(
    on: CanvasRenderingContext2D | null,
    measure: CanvasRenderingContext2D,
    look: PictureLook,
  ) {
    this.#on = on
    this.#measure = measure
    this.#look = look
  }

  #use(style: Style): void {
    this.#measure.font = `${fonts[style]} ${this.#look.fontFamily}`
    this.#measure.fillStyle = style === 'muted' ? this.#look.muted : this.#look.text
    this.#measure.textBaseline = 'top'
    this.#measure.textAlign = 'left'
  }

  text(text: string, x: number, y: number, style: Style): void {
    this.#use(style)
    this.#on?.fillText(text, x, y)
  }

  end(text: string, x: number, y: number, style: Style): void {
    this.#use(style)
    this.#measure.textAlign = 'right'
    this.#on?.fillText(text, x, y)
  }

  /** Wrapped at spaces, long words and Chinese between letters. Returns the next line's place. */
  paragraph(text: string, x: number, y: number, width: number, style: Style): number {
    this.#use(style)
    let next = y
    for (const line of wrapped(text, (part) => this.#measure.measureText(part).width <= width)) {
      this.#on?.fillText(line, x, next)
      next += style === 'title' ? 24 : lineHeight
    }
    return next
  }

  image(image: HTMLCanvasElement, x: number, y: number, width: number, height: number): void {
    this.#on?.drawImage(image, x, y, width, height)
    if (!this.#on) return
    this.#on.strokeStyle = this.#look.line
    this.#on.lineWidth = 1
    this.#on.strokeRect(x, y, width, height)
  }

  swatch(color: string, hatch: string | null, x: number, y: number): void {
    const context = this.#on
    if (!context) return
    context.save()
    context.beginPath()
    context.rect(x, y, swatchSize, swatchSize)
    context.clip()
    context.fillStyle = color
    context.fillRect(x, y, swatchSize, swatchSize)
    if (hatch) {
      context.strokeStyle = hatch
      context.lineWidth = 1.2
      for (let at = -swatchSize; at < swatchSize; at += 4) {
        context.beginPath()
        context.moveTo(x + at, y)
        context.lineTo(x + at + swatchSize, y + swatchSize)
        context.stroke()
      }
    }
    context.restore()
    context.strokeStyle = this.#look.line
    context.lineWidth = 1
    context.strokeRect(x + 0.5, y + 0.5, swatchSize - 1, swatchSize - 1)
  }
}
