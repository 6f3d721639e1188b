import type { ImageSource, ImageSourceSpecification, Map as MapLibreMap } from 'maplibre-gl'
import type { HeatGrid } from '../../domain/heat-grid.ts'
import { heatRamp } from '../ramps.ts'
import { layerIds, sourceIds } from '../style/layer-ids.ts'
import type { MapTheme } from '../types.ts'

/** A density picture under labels and outlines; it makes room for the points from zoom 14 on. */
export class HeatLayer {
  #map: MapLibreMap | null = null
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
    if (!this.#heat) {
      if (map.getLayer(layerIds.heat)) map.setLayoutProperty(layerIds.heat, 'visibility', 'none')
      return
    }
    const { width, height, bbox } = this.#heat
    const [west, south, east, north] = bbox
    const coordinates: ImageSourceSpecification['coordinates'] = [
      [west, north],
      [east, north],
      [east, south],
      [west, south],
    ]
    if (!map.getSource(sourceIds.heat)) this.#add(map, coordinates)
    const image = new ImageData(colorize(this.#heat.density, this.#theme), width, height)
    const source = map.getSource<ImageSource>(sourceIds.heat)
    source?.setCoordinates(coordinates)
    source?.updateImage({ image, coordinates })
    map.setLayoutProperty(layerIds.heat, 'visibility', 'visible')
  }

  #add(map: MapLibreMap, coordinates: ImageSourceSpecification['coordinates']): void {
    map.addSource(sourceIds.heat, { type: 'image', coordinates })
    map.addLayer(
      {
        id: layerIds.heat,
        type: 'raster',
        source: sourceIds.heat,
        paint: {
          'raster-fade-duration': 0,
          'raster-opacity': ['interpolate', ['linear'], ['zoom'], 13.5, 0.85, 14.5, 0],
        },
      },
      layerIds.belowOutlines,
    )
  }
}

/** RGBA of each density byte. */
export function colorize(density: Uint8Array, theme: MapTheme): Uint8ClampedArray<ArrayBuffer> {
  // One 32-bit copy a pixel; both views are in the machine's own byte order.
  const table = new Uint32Array(heatRamp(theme).buffer)
  const pixels = new Uint32Array(density.length)
  for (let i = 0; i < density.length; i++) pixels[i] = table[density[i]!]!
  return new Uint8ClampedArray(pixels.buffer)
}
