import { livedByte } from './row-tables.ts'

export class Tally {
  /** Place `Area.idx * 2` counts incidents not open, the next place open ones. */
  readonly areaOpen: Uint32Array
  readonly category = new Uint32Array(256)
  /** Passing rows by stage byte. */
  readonly passed = new Uint32Array(256)
  /** Rows that fail only by their stage. */
  readonly otherStage = new Uint32Array(16)
  readonly days: Uint32Array
  /** This month's rows that pass all but the period, by stage byte. */
  readonly living = new Uint32Array(256)
  /** `living` by months from report to close; last place: not closed. */
  readonly left = new Uint32Array(256)
  dayOffset = 0

  /** @param areas one more than the highest `Area.idx` */
  constructor(days: number, areas: number) {
    this.areaOpen = new Uint32Array(2 * areas)
    this.days = new Uint32Array(days)
  }

  startMonth(): void {
    this.living.fill(0)
    this.left.fill(0)
  }

  inArea(idx: number): number {
    return this.areaOpen[2 * idx]! + this.areaOpen[2 * idx + 1]!
  }
  /** By `Area.idx`, up to a length that may go beyond the areas counted. */
  areas(length: number): { byArea: Uint32Array; openByArea: Uint32Array } {
    const [byArea, openByArea] = [new Uint32Array(length), new Uint32Array(length)]
    const known = Math.min(length, this.areaOpen.length / 2)
    for (let idx = 0; idx < known; idx++) {
      byArea[idx] = this.inArea(idx)
      openByArea[idx] = this.areaOpen[2 * idx + 1]!
    }
    return { byArea, openByArea }
  }
  hasArea(idx: number): boolean {
    return this.inArea(idx) > 0
  }

  /** Adds all but `passed` of a month where all rows pass, except perhaps the period. */
  addMonth(month: MonthTotals, inPeriod: boolean): void {
    add(this.days, month.days, this.dayOffset)
    add(this.living, month.living)
    add(this.left, month.left)
    if (!inPeriod) return
    add(this.areaOpen, month.areaOpen)
    add(this.category, month.category)
  }
}

/** Counts of a month where all rows pass, except perhaps the period. */
export interface MonthTotals extends Pick<Tally, 'areaOpen' | 'category' | 'days' | 'living'> {
  /** By months from report to close. */
  left: Uint32Array
}

export function livedIn(bytes: Uint32Array): number {
  let lived = 0
  for (let byte = 0; byte < bytes.length; byte++) lived += bytes[byte]! * livedByte[byte]!
  return lived
}

export function add(counts: Uint32Array, more: Uint32Array, offset = 0): void {
  for (let i = 0; i < more.length; i++) counts[offset + i]! += more[i]!
}
