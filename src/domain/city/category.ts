import type { CategoryClass } from '../vocabulary.ts'

export interface Category {
  /** Small stable integer, the category index of the packed columns; never reused. */
  idx: number
  code: string
  parentCode: string | null
  /** Codes from the top, each ended by `/`. */
  path: string
  class: CategoryClass
  nameZh: string
  nameEn: string
  /** A lucide icon name, for example `lucide:trash-2`. */
  icon: string
  /** Hex colour that stays apart under the common colour-vision deficiencies. */
  color: string
  defaultDepartment: string | null
  sort: number
  /** Two reports of it nearer than this may be of the same thing. */
  duplicateRadiusMeters: number
  /** A pin alone would not say what is meant. */
  requiresDescription: boolean
}
