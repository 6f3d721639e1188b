import type { CategoryClass } from '../vocabulary.ts'

export interface Category {
  /** The category's index in the packed columns; never reused. */
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
  /** Hex; told apart under the common colour-vision deficiencies. */
  color: string
  defaultDepartment: string | null
  sort: number
  /** Two reports within this radius may be of one thing. */
  duplicateRadiusMeters: number
  /** The category needs words beside the pin. */
  requiresDescription: boolean
}
