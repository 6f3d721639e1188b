import { wrapped } from '@/domain/export/wrapped.ts'

export function downloadFile(name: string, content: Blob): void {
  const url = URL.createObjectURL(content)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  // The browser holds the blob once the download has begun, which takes a busy device a while.
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}

/** As drawn, opaque background; opens in drawing programs. */
export function svgFile(svg: SVGSVGElement, background: string): Blob {
  const copy = svg.cloneNode(true) as SVGSVGElement
  const ground = document.createElementNS('http://www.w3.org/2000/svg', 'rect')
  for (const [name, value] of [
    ['width', '100%'],
    ['height', '100%'],
    ['fill', background],
  ] as const)
    ground.setAttribute(name, value)
  copy.prepend(ground)
  const text = new XMLSerializer().serializeToString(copy)
  return new Blob([text], { type: 'image/svg+xml;charset=utf-8' })
}

/** Printed around the picture: the title above it, the lines below. */
export interface PictureWords {
  title: string
  lines: readonly string[]
  /** CSS. */
  color: string
  fontFamily: string
}

/** CSS pixels. */
const margin = 12
const titleHeight = 28
const lineHeight = 18

/**
 * Twice the size, opaque background.
 * @throws Error when the browser cannot draw it
 */
export async function pngFromSvg(
  svg: SVGSVGElement,
  background: string,
  words?: PictureWords,
): Promise<Blob> {
  const width = svg.clientWidth || svg.width.baseVal.value
  const height = svg.clientHeight || svg.height.baseVal.value
  const source = new XMLSerializer().serializeToString(svg)
  const image = new Image(width, height)
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(source)}`
  await image.decode()
  const canvas = document.createElement('canvas')
  const context = canvas.getContext('2d')
  if (!context) throw new Error('no 2d canvas')
  const titleFont = `600 15px ${words?.fontFamily}`
  const lineFont = `12px ${words?.fontFamily}`
  const fitting = (text: string, font: string): string[] => {
    context.font = font
    return wrapped(text, (part) => context.measureText(part).width <= width)
  }
  const title = words ? fitting(words.title, titleFont) : []
  const lines = words ? words.lines.flatMap((line) => fitting(line, lineFont)) : []
  const above = title.length > 0 ? title.length * titleHeight : 0
  const below = lines.length > 0 ? lines.length * lineHeight + margin : 0
  const around = words ? margin : 0
  canvas.width = (width + around * 2) * 2
  canvas.height = (height + above + below + around * 2) * 2
  context.scale(2, 2)
  context.fillStyle = background
  context.fillRect(0, 0, canvas.width, canvas.height)
  context.drawImage(image, around, around + above, width, height)
  if (words) {
    context.fillStyle = words.color
    context.textBaseline = 'top'
    context.font = titleFont
    title.forEach((line, n) => context.fillText(line, around, around + n * titleHeight))
    context.font = lineFont
    const top = around + above + height + margin
    lines.forEach((line, n) => context.fillText(line, around, top + n * lineHeight))
  }
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('no image'))), 'image/png')
  })
}
