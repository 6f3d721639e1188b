import type { CategoryClass } from '../vocabulary.ts'

export interface Category {
  /** Index in the packed columns; never reused. */
  idx: number
  code: string
  parentCode: string | null
  /** Each code ends with `/`. */
  path: string
  class: CategoryClass
  nameZh: string
  nameEn: string
  /** For example `lucide:trash-2`. */
  icon: string
  /** Distinct under common colour-vision deficiencies. */
  color: string
  defaultDepartment: string | null
  sort: number
  duplicateRadiusMeters: number
  requiresDescription: boolean
}
