import { defineStore } from 'pinia'
import { computed, shallowRef, watch } from 'vue'
import { categoriesRepo, type Department } from '../data/categories.repo.ts'
import { isAbort, toAppError, type AppError } from '../data/errors.ts'
import type { Category } from '../domain/category.ts'
import { useSessionStore } from './session.store.ts'

/** The category tree and the departments: loaded when somebody signs in. */
export const useCategoriesStore = defineStore('categories', () => {
  const session = useSessionStore()
  const list = shallowRef<readonly Category[]>([])
  const departments = shallowRef<readonly Department[]>([])
  const error = shallowRef<AppError | null>(null)
  const loaded = shallowRef(false)
  let controller: AbortController | null = null

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
  /** A category's or department's name in a language (BCP 47). */
  const nameOf = (named: { nameZh: string; nameEn: string }, locale: string): string =>
    locale.toLowerCase().startsWith('zh') ? named.nameZh : named.nameEn

  async function load(): Promise<void> {
    controller?.abort()
    controller = new AbortController()
    const { signal } = controller
    error.value = null
    try {
      const repo = categoriesRepo(session.backend!)
      const [categories, offices] = await session.guard(() =>
        Promise.all([repo.list(signal), repo.departments(signal)]),
      )
      if (signal.aborted) return
      list.value = categories
      departments.value = offices
      loaded.value = true
    } catch (failure) {
      if (!isAbort(failure)) error.value = toAppError(failure)
    }
  }

  function clear(): void {
    controller?.abort()
    list.value = []
    departments.value = []
    loaded.value = false
    error.value = null
  }

  watch(
    () => session.scope,
    (scope) => {
      clear()
      if (scope) void load()
    },
    { immediate: true, flush: 'sync' },
  )

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
    load,
  }
})
