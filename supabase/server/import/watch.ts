import { garbledAs } from './garbled-text.ts'
import type { ImportRow } from './incident-row.ts'
import { PlaceCounts } from './place-counts.ts'

/** Texts looked at. */
const textsLookedAt = 20_000
/** From which rows on one point are a pile: in number, and of the file. */
const pileRows = 20
const pileShare = 0.01
const pilesNamed = 5

/** Most coordinates: three decimals and more. */
const isFine = /^-?\d{1,3}\.\d{2,}[1-9]$/

/** Two decimals are a kilometre. */
const isCoarse = (lon: string, lat: string): boolean => {
  if (isFine.test(lon) || isFine.test(lat)) return false
  const decimals = (text: string): number | null => {
    const match = /^-?\d{1,3}(?:[.,](\d*))?$/.exec(text)
    return match ? (match[1] ?? '').replace(/0+$/, '').length : null
  }
  const [x, y] = [decimals(lon.normalize('NFKC')), decimals(lat.normalize('NFKC'))]
  return x !== null && y !== null && x <= 2 && y <= 2
}

/** Watches rows go by for faults that no single row shows. */
export class Watch {
  #rows = 0
  #coarse = 0
  #texts = 0
  #longIds = 0
  #cutIds = 0
  readonly #garbled = { 'UTF-8': 0, GBK: 0 }
  #garbledExample = ''
  readonly #places = new PlaceCounts()

  /** @param lon as it is written, like `lat`. */
  look(row: ImportRow, lon: string, lat: string): void {
    this.#rows += 1
    if (isCoarse(lon, lat)) this.#coarse += 1
    this.#places.add(row.lon, row.lat)
    if (/^\d{16,}$/.test(row.id)) {
      this.#longIds += 1
      if (/^\d{15}0+$/.test(row.id)) this.#cutIds += 1
    }
    if (this.#texts >= textsLookedAt) return
    const text = `${row.description} ${row.address}`
    if (/^[\u0000-\u007f]*$/.test(text)) return
    this.#texts += 1
    const as = garbledAs(text)
    if (!as) return
    this.#garbled[as] += 1
    this.#garbledExample ||= text.slice(0, 30)
  }

  notes(): string[] {
    const notes: string[] = []
    if (this.#coarse > 0)
      notes.push(
        `${this.#coarse} rows have coordinates with at most two decimals: about a kilometre`,
      )
    const piles = this.#places.piles(Math.max(pileRows, pileShare * this.#rows))
    for (const { lon, lat, count } of piles.slice(0, pilesNamed))
      notes.push(
        `${count} rows lie on one point, ${lon} ${lat}: is it the place of unknown places?`,
      )
    if (piles.length > pilesNamed) notes.push(`${piles.length - pilesNamed} further points like it`)
    for (const as of ['UTF-8', 'GBK'] as const) {
      if (this.#garbled[as] >= Math.max(1, 0.01 * this.#texts))
        notes.push(
          `${this.#garbled[as]} texts look like ${as} that was read in a wrong encoding before it came into the file: ${this.#garbledExample}`,
        )
    }
    if (this.#longIds >= 3 && this.#cutIds === this.#longIds)
      notes.push('all long ids end in zeros after 15 digits: a spreadsheet may have cut them')
    return notes
  }
}
