import type { LngLat, LocalDay } from '../vocabulary.ts'
import type { ClosingGroup } from './closing.ts'

export interface PatternOptions {
  /** Codes of the areas to explain. */
  areas: readonly string[]
  /** Last day of the filter's period or of the data. */
  lastDay: LocalDay
}

export interface CategoryShare {
  /** `Category.idx`. */
  category: number
  here: number
  city: number
  /** Here ÷ expected by the city's share, with its exact 95 % interval. */
  ratio: number
  low: number
  high: number
}

/** Incidents within `repeatRadiusMetres` of one place. */
export interface RepeatPlace {
  lngLat: LngLat
  count: number
  /** Days with a report. */
  days: number
  /** `Category.idx` and incidents, most first. */
  categories: [category: number, count: number][]
  lastDay: LocalDay
  /** Incidents on the exact point that holds most of them. */
  onOnePoint: number
}

export interface Patterns {
  options: PatternOptions
  /** Incidents of all categories, whatever the filter chooses of them. */
  here: number
  city: number
  /** Categories with an incident here, most first. */
  mix: CategoryShare[]
  closingHere: ClosingGroup
  closingCity: ClosingGroup
  /** Of the filter's incidents in the last `repeatDays` days up to the last one. */
  places: RepeatPlace[]
}

export const repeatRadiusMetres = 50
export const repeatDays = 365
export const maxPlaces = 5
/** A place repeats with so many incidents on different days. */
export const minRepeats = 3
