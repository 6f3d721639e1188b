import type { AreaLevel, LocalMonth } from '../vocabulary.ts'

/** A ring of degrees: `lng, lat, lng, lat …`; a polygon's outer ring and holes, one after the other. */
export type Outline = readonly (readonly number[])[]

export interface PublicArea {
  /** Of a remainder: the code of the area above and `+`. */
  code: string
  name: string
  level: AreaLevel
  parentCode: string | null
  /** The part of the named area outside its smaller ones. */
  isRest: boolean
  /** Null where nothing is drawn. */
  outline: Outline | null
}

export interface PublicCategory {
  code: string
  nameZh: string
  nameEn: string
  color: string
}

/**
 * By (place × (months + 1) + month) × (categories + 1) + category. The last place is the city, the
 * last month all of them, the last category all of them. Null is hidden: below the least, or
 * protecting another. Nothing tells which.
 */
export type PublicCounts = readonly (number | null)[]

/** By place × (months + 1) + month, likewise. `yes` may be hidden where `n` is not. */
export interface PublicShares {
  n: readonly (number | null)[]
  yes: readonly (number | null)[]
}

export const countMeasures = ['reported', 'closed'] as const
export const shareMeasures = ['satisfied', 'solved'] as const
export type CountMeasure = (typeof countMeasures)[number]
export type ShareMeasure = (typeof shareMeasures)[number]

/** A publication: finished, with nothing hidden in it. */
export interface PublicFigures {
  version: 1
  city: string
  publishedAt: string
  /** Both included. */
  months: readonly LocalMonth[]
  level: AreaLevel
  least: { incidents: number; ratings: number }
  /** Without the city itself. */
  areas: readonly PublicArea[]
  categories: readonly PublicCategory[]
  reported: PublicCounts
  closed: PublicCounts
  satisfied: PublicShares
  solved: PublicShares
  /** Answers of the demo's script are among them. */
  hasGenerated: boolean
}

type Shape = Pick<PublicFigures, 'areas' | 'months' | 'categories'>

/** Place of a count; null is the city, all months, all categories. */
export function countIndex(
  { areas, months, categories }: Shape,
  area: number | null,
  month: number | null,
  category: number | null,
): number {
  const row = shareIndex({ areas, months }, area, month)
  return row * (categories.length + 1) + (category ?? categories.length)
}

export const shareIndex = (
  { areas, months }: Pick<Shape, 'areas' | 'months'>,
  area: number | null,
  month: number | null,
): number => (area ?? areas.length) * (months.length + 1) + (month ?? months.length)
