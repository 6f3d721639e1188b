import { defineStore } from 'pinia'
import { computed, shallowRef, watch } from 'vue'
import {
  areaFeaturesSchema,
  areaListSchema,
  areasRepo,
  type AreaFeatures,
} from '@/data/areas.repo.ts'
import { isAbort, toAppError, type AppError } from '@/data/errors.ts'
import { areasRevision, type Area } from '@/domain/city/area.ts'
import { areaLevels, type AreaLevel, type BoundingBox } from '@/domain/vocabulary.ts'
import { KeptReference } from './kept-reference.ts'
import { useSessionStore } from './session.store.ts'

/**
 * The area hierarchy: loaded when somebody signs in, geometry by level when first asked for. Both
 * are kept on the device, where they stand in while the server cannot be asked.
 */
export const useAreasStore = defineStore('areas', () => {
  const session = useSessionStore()
  const list = shallowRef<readonly Area[]>([])
  const error = shallowRef<AppError | null>(null)
  const loaded = shallowRef(false)
  let controller: AbortController | null = null
  let reference: KeptReference | null = null
  /** Whether the server's areas are others than those this device had kept. */
  let hasChanged = false
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

  /** Around the areas of one's memberships; null when they are all of the city, or none. */
  const ownBox = computed<BoundingBox | null>(() => {
    const own = session.memberships
      .map(({ areaCode }) => byCode(areaCode))
      .filter((area) => area !== undefined)
    if (own.length === 0 || own.some((area) => area.parentCode === null)) return null
    const boxes = own.map(({ bbox }) => bbox)
    return [
      Math.min(...boxes.map(([west]) => west)),
      Math.min(...boxes.map(([, south]) => south)),
      Math.max(...boxes.map(([, , east]) => east)),
      Math.max(...boxes.map(([, , , north]) => north)),
    ]
  })
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

  /** Polygons of one level, fetched once a scope; those kept here where there is no network. @throws AppError */
  function features(level: AreaLevel): Promise<AreaFeatures> {
    const known = featuresByLevel.get(level)
    if (known) return known
    const request = fetchFeatures(level)
    featuresByLevel.set(level, request)
    const forget = (): void => {
      if (featuresByLevel.get(level) === request) featuresByLevel.delete(level)
    }
    // A failed load must not be remembered as the answer, nor a kept one for longer than needed.
    request.then(() => {
      if (!session.verified) forget()
    }, forget)
    return request
  }

  async function fetchFeatures(level: AreaLevel): Promise<AreaFeatures> {
    const kept = (reference ??= new KeptReference(session.config!.instanceId))
    const name = `areas/${level}`
    const before = session.verified ? null : await kept.read(name, areaFeaturesSchema)
    if (before) return before
    try {
      const found = await session.guard(() => areasRepo(session.backend!).features(level))
      kept.write(name, found)
      return found
    } catch (failure) {
      const older = await kept.read(name, areaFeaturesSchema)
      if (older) return older
      throw failure
    }
  }

  async function load(): Promise<void> {
    controller?.abort()
    controller = new AbortController()
    const { signal } = controller
    error.value = null
    try {
      const kept = (reference ??= new KeptReference(session.config!.instanceId))
      const before = loaded.value ? null : await kept.read('areas', areaListSchema)
      if (signal.aborted) return
      if (before) take(before)
      // What is kept serves until the server can say whether it still holds: see the watch below.
      if (loaded.value && !session.verified) return
      const found = await session.guard(() => areasRepo(session.backend!).list(signal))
      if (signal.aborted) return
      const isNew = kept.write('areas', found)
      hasChanged ||= isNew
      if (isNew) featuresByLevel.clear()
      if (isNew || !loaded.value) take(found)
    } catch (failure) {
      if (!isAbort(failure)) error.value = toAppError(failure)
    }
  }

  /** Loads the areas again when the server's are others now. @throws AppError */
  async function keepUp(revision: string): Promise<void> {
    if (!loaded.value || areasRevision(list.value) === revision) return
    await load()
    if (error.value) throw error.value
  }

  function take(found: readonly Area[]): void {
    list.value = found
    loaded.value = true
  }

  /**
   * Brings the geometry of every level onto the device, the grids first, unless it is there already
   * and the areas are the ones it was fetched for. @throws AppError
   */
  async function keepFeatures(): Promise<void> {
    for (const level of levels.value.toReversed()) {
      if (hasChanged || !(await reference?.has(`areas/${level}`))) await features(level)
    }
    hasChanged = false
  }

  function clear(): void {
    controller?.abort()
    list.value = []
    loaded.value = false
    error.value = null
    featuresByLevel.clear()
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
    ownBox,
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
    keepFeatures,
    keepUp,
    load,
  }
})
