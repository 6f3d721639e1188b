export function downloadFile(name: string, content: Blob): void {
  const url = URL.createObjectURL(content)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  // The browser holds the blob once the download has begun.
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
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

/**
 * Twice the size, opaque background.
 * @throws Error when the browser cannot draw it
 */
export async function pngFromSvg(svg: SVGSVGElement, background: string): Promise<Blob> {
  const width = svg.clientWidth || svg.width.baseVal.value
  const height = svg.clientHeight || svg.height.baseVal.value
  const source = new XMLSerializer().serializeToString(svg)
  const image = new Image(width, height)
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(source)}`
  await image.decode()
  const canvas = document.createElement('canvas')
  canvas.width = width * 2
  canvas.height = height * 2
  const context = canvas.getContext('2d')
  if (!context) throw new Error('no 2d canvas')
  context.fillStyle = background
  context.fillRect(0, 0, canvas.width, canvas.height)
  context.drawImage(image, 0, 0, canvas.width, canvas.height)
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('no image'))), 'image/png')
  })
}
