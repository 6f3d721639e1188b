import { defineStore } from 'pinia'
import { computed, shallowRef, watch } from 'vue'
import { catalogueSchema, categoriesRepo, type Department } from '@/data/categories.repo.ts'
import { isAbort, toAppError, type AppError } from '@/data/errors.ts'
import type { Category } from '@/domain/city/category.ts'
import { KeptReference } from './kept-reference.ts'
import { useSessionStore } from './session.store.ts'

interface Catalogue {
  categories: readonly Category[]
  departments: readonly Department[]
}

/**
 * The category tree and the departments: loaded when somebody signs in, and kept on the device,
 * where they stand in while the server cannot be asked.
 */
export const useCategoriesStore = defineStore('categories', () => {
  const session = useSessionStore()
  const list = shallowRef<readonly Category[]>([])
  const departments = shallowRef<readonly Department[]>([])
  const error = shallowRef<AppError | null>(null)
  const loaded = shallowRef(false)
  let controller: AbortController | null = null
  let reference: KeptReference | null = null

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
      const kept = (reference ??= new KeptReference(session.config!.instanceId))
      const before = loaded.value ? null : await kept.read('categories', catalogueSchema)
      if (signal.aborted) return
      if (before) take(before)
      // What is kept serves until the server can say whether it still holds: see the watch below.
      if (loaded.value && !session.verified) return
      const repo = categoriesRepo(session.backend!)
      const [categories, offices] = await session.guard(() =>
        Promise.all([repo.list(signal), repo.departments(signal)]),
      )
      if (signal.aborted) return
      const found: Catalogue = { categories, departments: offices }
      const isNew = kept.write('categories', found)
      if (isNew || !loaded.value) take(found)
    } catch (failure) {
      if (!isAbort(failure)) error.value = toAppError(failure)
    }
  }

  function take(found: Catalogue): void {
    list.value = found.categories
    departments.value = found.departments
    loaded.value = true
  }

  function clear(): void {
    controller?.abort()
    list.value = []
    departments.value = []
    loaded.value = false
    error.value = null
    reference = null
  }

  watch(
    () => session.scope,
    (scope) => {
      clear()
      if (scope) void load()
    },
    { immediate: true, flush: 'sync' },
  )
  watch(
    () => session.verified,
    (verified) => {
      if (verified && session.scope && loaded.value) void load()
    },
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
