import type { BoundingBox, LngLat } from '../../../src/domain/vocabulary.ts'
import type { DraftMapping } from './draft-mapping.ts'
import type {
  CityWord,
  LookedValues,
  ProposedAreas,
  ProposedIncidents,
} from './proposal/propose-mapping.ts'

/** Rows shown as they are written. */
export const rowsShown = 10
/** Rows whose values the proposal is made from. */
export const rowsGlimpsed = 500
/** Places drawn. */
export const pointsShown = 1_000

export interface LookOptions {
  file: string
  /** Name that people know the file by; tells the source and the level. */
  name?: string
  encoding?: string
  /** Sheet or layer. */
  layer?: string
  /** Parts of the mapping that a person chose; the rest is proposed. */
  draft?: DraftMapping
}

export interface LookedColumn {
  name: string
  /** Rows with a value. */
  filled: number
}

/** A first look at a file, before anything is stored. */
export interface Look {
  kind: 'incidents' | 'areas'
  format: string
  /** Of texts; null where the format says it. */
  encoding: string | null
  layer: string | null
  layers: string[]
  header: string[]
  rows: string[][]
  total: number
  columns: LookedColumn[]
  values: LookedValues
  incidents: ProposedIncidents | null
  areas: ProposedAreas | null
  /** Of areas. */
  level: string | null
  source: string
  /** Mapping a person may go on from; null for areas. */
  mapping: DraftMapping | null
  /** Choices that the file's places and dates ask for beyond the columns. */
  settings: { coordinates?: string; swapCoordinates?: boolean; dateOrder?: 'ymd' | 'mdy' | 'dmy' }
  /** The coordinate system by which the places were read, for people; null before any was. */
  system: string | null
  /** Valid areas of the city a level, and how many of them have a code of the file. */
  cityAreas: { level: string; count: number; same: number }[]
  /** Whether the parents that the file names are better chosen by the ground. */
  parentByOverlap: boolean
  /** In degrees of WGS 84. Areas are shown by a point in their middle. */
  points: LngLat[]
  /** Of the first rows, those without a place. */
  unplaced: number
  notes: string[]
  doubts: string[]
}

/** The city, as a look at a file compares with it. */
export interface CityWords {
  box: BoundingBox
  timeZone: string
  categories: CityWord[]
  departments: CityWord[]
}
