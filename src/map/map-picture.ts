import type { Map as MapLibreMap } from 'maplibre-gl'

/**
 * Copies what the maps show into a canvas, with the ground under them and without pins. Their own
 * pixels can be read only in the task that drew them.
 * @param compared the map over the left part, and how much of the width it covers
 */
export function drawMaps(
  first: MapLibreMap,
  compared: () => { map: MapLibreMap; share: number } | null,
): Promise<HTMLCanvasElement> {
  return new Promise((resolve, reject) => {
    first.once('render', () => {
      const source = first.getCanvas()
      const canvas = document.createElement('canvas')
      canvas.width = source.width
      canvas.height = source.height
      const context = canvas.getContext('2d')
      if (!context) return reject(new Error('no 2d canvas'))
      const ground = getComputedStyle(source).backgroundColor
      const draw = (map: MapLibreMap, width: number): void => {
        if (width === 0) return
        context.fillStyle = ground
        context.fillRect(0, 0, width, canvas.height)
        const area = [0, 0, width, canvas.height] as const
        context.drawImage(map.getCanvas(), ...area, ...area)
      }
      draw(first, canvas.width)
      const second = compared()
      if (second) {
        second.map.redraw()
        const width = Math.round(canvas.width * second.share)
        draw(second.map, width)
        context.fillStyle = '#000000'
        context.fillRect(width - 1, 0, 2, canvas.height)
      }
      resolve(canvas)
    })
    first.once('remove', () => reject(new Error('the map is gone')))
    first.triggerRepaint()
  })
}
