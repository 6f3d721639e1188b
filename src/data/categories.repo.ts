import * as v from 'valibot'
import type { Category } from '@/domain/city/category.ts'
import { categoryClasses } from '@/domain/vocabulary.ts'
import { callRpc, type Backend } from './client.ts'

const categorySchema = v.object({
  idx: v.number(),
  code: v.string(),
  parentCode: v.nullable(v.string()),
  path: v.string(),
  class: v.picklist(categoryClasses),
  nameZh: v.string(),
  nameEn: v.string(),
  icon: v.string(),
  color: v.string(),
  defaultDepartment: v.nullable(v.string()),
  sort: v.number(),
  // Missing in what older versions kept.
  duplicateRadiusMeters: v.optional(v.number(), 30),
  requiresDescription: v.optional(v.boolean(), false),
})

const departmentSchema = v.object({ code: v.string(), nameZh: v.string(), nameEn: v.string() })
export type Department = v.InferOutput<typeof departmentSchema>

/** As kept on the device. */
export const catalogueSchema = v.object({
  categories: v.array(categorySchema),
  departments: v.array(departmentSchema),
})

export const categoriesRepo = (backend: Backend) => ({
  list: (signal?: AbortSignal): Promise<Category[]> =>
    callRpc(backend, 'category_list', {}, v.array(categorySchema), signal),
  departments: (signal?: AbortSignal): Promise<Department[]> =>
    callRpc(backend, 'department_list', {}, v.array(departmentSchema), signal),
})
