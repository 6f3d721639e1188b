import type { Map as MapLibreMap } from 'maplibre-gl'
import type { HeatGrid } from '@/domain/answers/heat-grid.ts'
import { heatRamp } from '../ramps.ts'
import { layerIds } from '../style/layer-ids.ts'
import type { MapTheme } from '../types.ts'
import { PictureLayer } from './picture-layer.ts'

/** A density picture under labels and outlines; it makes room for the points from zoom 14 on. */
export class HeatLayer {
  #map: MapLibreMap | null = null
  #layer: PictureLayer | null = null
  #theme: MapTheme
  #heat: HeatGrid | null = null

  constructor(theme: MapTheme) {
    this.#theme = theme
  }

  attach(map: MapLibreMap): void {
    this.#map = map
    this.#draw()
  }

  setTheme(theme: MapTheme): void {
    this.#theme = theme
    this.#draw()
  }

  /** @throws RangeError when the picture's size does not fit its values */
  set(heat: HeatGrid | null): void {
    if (heat && heat.density.length !== heat.width * heat.height)
      throw new RangeError(`heat: ${heat.density.length} values for ${heat.width} × ${heat.height}`)
    this.#heat = heat
    this.#draw()
  }

  #draw(): void {
    const map = this.#map
    if (!map) return
    if (!this.#layer) {
      if (!this.#heat) return
      this.#layer = new PictureLayer(layerIds.heat, () => map.getZoom(), heatOpacity)
      map.addLayer(this.#layer, layerIds.belowOutlines)
    }
    const heat = this.#heat
    this.#layer.set(heat && { ...heat, pixels: colorize(heat.density, this.#theme) })
    map.triggerRepaint()
  }
}

/** Full up to zoom 13.5, gone at 14.5. */
const heatOpacity = (zoom: number): number => 0.85 * Math.min(1, Math.max(0, 14.5 - zoom))

/** RGBA of each density byte. */
export function colorize(density: Uint8Array, theme: MapTheme): Uint8ClampedArray<ArrayBuffer> {
  // One 32-bit copy a pixel; both views are in the machine's own byte order.
  const table = new Uint32Array(heatRamp(theme).buffer)
  const pixels = new Uint32Array(density.length)
  for (let i = 0; i < density.length; i++) pixels[i] = table[density[i]!]!
  return new Uint8ClampedArray(pixels.buffer)
}
