import { defineStore } from 'pinia'
import { computed, shallowRef, watch } from 'vue'
import { areasRepo, type AreaFeatures } from '../data/areas.repo.ts'
import { isAbort, toAppError, type AppError } from '../data/errors.ts'
import type { Area } from '../domain/area.ts'
import { areaLevels, type AreaLevel } from '../domain/vocabulary.ts'
import { useSessionStore } from './session.store.ts'

/** The area hierarchy: loaded when somebody signs in, geometry by level when first asked for. */
export const useAreasStore = defineStore('areas', () => {
  const session = useSessionStore()
  const list = shallowRef<readonly Area[]>([])
  const error = shallowRef<AppError | null>(null)
  const loaded = shallowRef(false)
  let controller: AbortController | null = null
  const featuresByLevel = new Map<AreaLevel, Promise<AreaFeatures>>()

  const codes = computed(() => new Map(list.value.map((area) => [area.code, area])))
  const indexes = computed(() => new Map(list.value.map((area) => [area.idx, area])))
  const childrenByParent = computed(() => {
    const children = new Map<string | null, Area[]>()
    for (const area of list.value) {
      const parent =
        area.parentCode !== null && codes.value.has(area.parentCode) ? area.parentCode : null
      const siblings = children.get(parent)
      if (siblings) siblings.push(area)
      else children.set(parent, [area])
    }
    return children
  })
  /** Levels this city has, from the top down. */
  const levels = computed(() =>
    areaLevels.filter((level) => list.value.some((area) => area.level === level)),
  )
  const roots = computed(() => childrenByParent.value.get(null) ?? [])

  const byCode = (code: string): Area | undefined => codes.value.get(code)
  const byIdx = (idx: number): Area | undefined => indexes.value.get(idx)
  const children = (code: string): readonly Area[] => childrenByParent.value.get(code) ?? []
  const atLevel = (level: AreaLevel): Area[] => list.value.filter((area) => area.level === level)

  /** From the top down to and including `code`; empty for an unknown code. */
  function ancestry(code: string): Area[] {
    const chain: Area[] = []
    let at = byCode(code)
    while (at && !chain.includes(at)) {
      chain.unshift(at)
      at = at.parentCode === null ? undefined : byCode(at.parentCode)
    }
    return chain
  }

  /** Polygons of one level, fetched once a scope. @throws AppError */
  function features(level: AreaLevel): Promise<AreaFeatures> {
    const known = featuresByLevel.get(level)
    if (known) return known
    const request = session.guard(() => areasRepo(session.backend!).features(level))
    featuresByLevel.set(level, request)
    // A failed load must not be remembered as the answer.
    request.catch(() => {
      if (featuresByLevel.get(level) === request) featuresByLevel.delete(level)
    })
    return request
  }

  async function load(): Promise<void> {
    controller?.abort()
    controller = new AbortController()
    const { signal } = controller
    error.value = null
    try {
      const found = await session.guard(() => areasRepo(session.backend!).list(signal))
      if (signal.aborted) return
      list.value = found
      loaded.value = true
    } catch (failure) {
      if (!isAbort(failure)) error.value = toAppError(failure)
    }
  }

  function clear(): void {
    controller?.abort()
    list.value = []
    loaded.value = false
    error.value = null
    featuresByLevel.clear()
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
    loaded,
    error,
    levels,
    roots,
    byCode,
    byIdx,
    children,
    atLevel,
    ancestry,
    features,
    load,
  }
})
