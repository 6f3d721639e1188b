import { defineStore } from 'pinia'
import { computed } from 'vue'
import { catalogueSchema, categoriesRepo, type Department } from '@/data/categories.repo.ts'
import type { Category } from '@/domain/city/category.ts'
import { shownName } from './shown-name.ts'
import { useReference } from './use-reference.ts'

interface Catalogue {
  categories: readonly Category[]
  departments: readonly Department[]
}

export const useCategoriesStore = defineStore('categories', () => {
  const { value, error, loaded, load } = useReference<Catalogue>({
    name: 'categories',
    schema: catalogueSchema,
    empty: { categories: [], departments: [] },
    async fetch(backend, signal) {
      const repo = categoriesRepo(backend)
      const [categories, departments] = await Promise.all([
        repo.list(signal),
        repo.departments(signal),
      ])
      return { categories, departments }
    },
  })
  const list = computed(() => value.value.categories)
  const departments = computed(() => value.value.departments)

  const codes = computed(() => new Map(list.value.map((category) => [category.code, category])))
  const indexes = computed(() => new Map(list.value.map((category) => [category.idx, category])))
  const departmentsByCode = computed(() => new Map(departments.value.map((one) => [one.code, one])))
  const childrenByParent = computed(() => {
    const children = new Map<string | null, Category[]>()
    for (const category of [...list.value].sort((a, b) => a.sort - b.sort || a.idx - b.idx)) {
      const parent = category.parentCode
      const siblings = children.get(parent)
      if (siblings) siblings.push(category)
      else children.set(parent, [category])
    }
    return children
  })
  const roots = computed(() => childrenByParent.value.get(null) ?? [])

  const byCode = (code: string): Category | undefined => codes.value.get(code)
  const byIdx = (idx: number): Category | undefined => indexes.value.get(idx)
  const children = (code: string): readonly Category[] => childrenByParent.value.get(code) ?? []
  const department = (code: string): Department | undefined => departmentsByCode.value.get(code)
  /** @param locale BCP 47 */
  const nameOf = (named: { nameZh: string; nameEn: string }, locale: string): string =>
    locale.toLowerCase().startsWith('zh') ? named.nameZh : named.nameEn
  const shownIn = (
    named: { nameZh: string; nameEn: string } | undefined,
    code: string,
    locale: string,
  ): string => shownName(named && nameOf(named, locale), code, loaded.value)
  const nameByCode = (code: string, locale: string): string => shownIn(byCode(code), code, locale)
  const departmentName = (code: string, locale: string): string =>
    shownIn(department(code), code, locale)

  return {
    list,
    departments,
    loaded,
    error,
    roots,
    byCode,
    byIdx,
    children,
    department,
    nameOf,
    nameByCode,
    departmentName,
    load,
  }
})
