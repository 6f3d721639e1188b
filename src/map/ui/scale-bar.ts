import type { MapMessages } from '../types.ts'

const earthRadiusMeters = 6_371_008.8
const maxWidthPixels = 96

/** Longest round ground length (1, 2 or 5) that fits into `maxPixels`. */
export function scaleLength(
  metersPerPixel: number,
  maxPixels: number,
): { meters: number; pixels: number } {
  const longest = metersPerPixel * maxPixels
  const power = 10 ** Math.floor(Math.log10(longest))
  const step = [5, 2, 1].find((digit) => digit * power <= longest) ?? 1
  return { meters: step * power, pixels: (step * power) / metersPerPixel }
}

/** Ground metres per pixel; web mercator, 512-pixel tiles. */
export const metersPerPixel = (zoom: number, lat: number): number =>
  (2 * Math.PI * earthRadiusMeters * Math.cos((lat * Math.PI) / 180)) / (512 * 2 ** zoom)

/** The foot of a map: its scale, and whose streets it shows. */
export class ScaleBar {
  readonly element = document.createElement('div')
  readonly #bar = document.createElement('div')
  readonly #source = document.createElement('div')
  /** Null where no streets are drawn. */
  #attribution: string | null
  #messages: MapMessages
  #place = { zoom: 0, lat: 0 }

  constructor(messages: MapMessages, attribution: string | null) {
    this.#messages = messages
    this.#attribution = attribution
    this.element.className = 'wangge-map-foot'
    this.#bar.className = 'wangge-map-scale'
    this.#source.className = 'wangge-map-attribution'
    this.#sign()
    this.element.append(this.#bar, this.#source)
  }

  setAttribution(attribution: string | null): void {
    this.#attribution = attribution
    this.#sign()
  }

  #sign(): void {
    this.#source.textContent = this.#attribution ?? this.#messages.noStreets
  }

  setMessages(messages: MapMessages): void {
    this.#messages = messages
    this.#sign()
    this.#draw()
  }

  setPlace(zoom: number, lat: number): void {
    this.#place = { zoom, lat }
    this.#draw()
  }

  #draw(): void {
    const { meters, pixels } = scaleLength(
      metersPerPixel(this.#place.zoom, this.#place.lat),
      maxWidthPixels,
    )
    this.#bar.style.width = `${Math.round(pixels)}px`
    this.#bar.textContent =
      meters >= 1000
        ? `${meters / 1000} ${this.#messages.kilometers}`
        : `${meters} ${this.#messages.meters}`
  }
}
