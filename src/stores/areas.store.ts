import { defineStore } from 'pinia'
import { computed } from 'vue'
import {
  areaFeaturesSchema,
  areaListSchema,
  areasRepo,
  type AreaFeatures,
} from '@/data/areas.repo.ts'
import { areasRevision, type Area } from '@/domain/city/area.ts'
import { areaLevels, type AreaLevel, type BoundingBox } from '@/domain/vocabulary.ts'
import { useSessionStore } from './session.store.ts'
import { shownName } from './shown-name.ts'
import { useReference } from './use-reference.ts'

/** Areas load at sign-in, their geometry on demand. Both are kept for offline use. */
export const useAreasStore = defineStore('areas', () => {
  const session = useSessionStore()
  /** The server's areas differ from the kept ones. */
  let hasChanged = false
  const featuresByLevel = new Map<AreaLevel, Promise<AreaFeatures>>()
  const {
    value: list,
    error,
    loaded,
    load,
    kept,
  } = useReference<readonly Area[]>({
    name: 'areas',
    schema: areaListSchema,
    empty: [],
    fetch: (backend, signal) => areasRepo(backend).list(signal),
    onNew() {
      hasChanged = true
      featuresByLevel.clear()
    },
    onClear: () => featuresByLevel.clear(),
  })

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
  /** From the top. */
  const levels = computed(() =>
    areaLevels.filter((level) => list.value.some((area) => area.level === level)),
  )
  const roots = computed(() => childrenByParent.value.get(null) ?? [])

  const byCode = (code: string): Area | undefined => codes.value.get(code)
  const byIdx = (idx: number): Area | undefined => indexes.value.get(idx)
  const nameByCode = (code: string): string => shownName(byCode(code)?.name, code, loaded.value)

  /** Null for the whole city or none. */
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

  /** From the top, including `code`. */
  function ancestry(code: string): Area[] {
    const chain: Area[] = []
    let at = byCode(code)
    while (at && !chain.includes(at)) {
      chain.unshift(at)
      at = at.parentCode === null ? undefined : byCode(at.parentCode)
    }
    return chain
  }

  /** Fetched once per scope; kept ones when offline. @throws AppError */
  function features(level: AreaLevel): Promise<AreaFeatures> {
    const known = featuresByLevel.get(level)
    if (known) return known
    const request = fetchFeatures(level)
    featuresByLevel.set(level, request)
    const forget = (): void => {
      if (featuresByLevel.get(level) === request) featuresByLevel.delete(level)
    }
    // Forget failed loads, and loads done before the session is verified.
    request.then(() => {
      if (!session.verified) forget()
    }, forget)
    return request
  }

  async function fetchFeatures(level: AreaLevel): Promise<AreaFeatures> {
    const device = kept()
    const name = `areas/${level}`
    const before = session.verified ? null : await device.read(name, areaFeaturesSchema)
    if (before) return before
    try {
      const found = await session.guard(() => areasRepo(session.backend!).features(level))
      device.write(name, found)
      return found
    } catch (failure) {
      const older = await device.read(name, areaFeaturesSchema)
      if (older) return older
      throw failure
    }
  }

  /** Reloads areas of another revision. @throws AppError */
  async function keepUp(revision: string): Promise<void> {
    if (!loaded.value || areasRevision(list.value) === revision) return
    await load()
    if (error.value) throw error.value
  }

  /** Stores grids first. @throws AppError */
  async function keepFeatures(): Promise<void> {
    for (const level of levels.value.toReversed()) {
      if (hasChanged || !(await kept().has(`areas/${level}`))) await features(level)
    }
    hasChanged = false
  }

  return {
    list,
    ownBox,
    loaded,
    error,
    levels,
    roots,
    byCode,
    byIdx,
    nameByCode,
    children,
    atLevel,
    ancestry,
    features,
    keepFeatures,
    keepUp,
    load,
  }
})
