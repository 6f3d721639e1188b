const slots = 1 << 17
/** Distinct places counted: the table stays loose. Further ones are not. */
export const placesKept = slots * 0.75

/** Counts rows on the same point, in 20 bytes a point: as many texts would take ten megabytes. */
export class PlaceCounts {
  readonly #lons = new Float64Array(slots)
  readonly #lats = new Float64Array(slots)
  /** 0 for a free slot. */
  readonly #counts = new Uint32Array(slots)
  #places = 0

  /** Degrees. */
  add(lon: number, lat: number): void {
    const slot = this.#slotOf(lon, lat)
    if (this.#counts[slot] === 0) {
      if (this.#places >= placesKept) return
      this.#places += 1
      this.#lons[slot] = lon
      this.#lats[slot] = lat
    }
    this.#counts[slot]! += 1
  }

  /** Points with at least so many rows, the most first. */
  piles(least: number): { lon: number; lat: number; count: number }[] {
    const found: { lon: number; lat: number; count: number }[] = []
    this.#counts.forEach((count, slot) => {
      if (count > 0 && count >= least)
        found.push({ lon: this.#lons[slot]!, lat: this.#lats[slot]!, count })
    })
    return found.toSorted((a, b) => b.count - a.count)
  }

  /** Of the point, or the free one where it belongs. */
  #slotOf(lon: number, lat: number): number {
    const mixed = Math.imul(lon * 1e7, 0x9e3779b1) ^ Math.imul(lat * 1e7, 0x85ebca6b)
    for (let slot = (mixed ^ (mixed >>> 15)) & (slots - 1); ; slot = (slot + 1) & (slots - 1))
      if (this.#counts[slot] === 0 || (this.#lons[slot] === lon && this.#lats[slot] === lat))
        return slot
  }
}
