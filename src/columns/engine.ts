import type { ClosingOptions, ClosingSummary } from '@/domain/answers/closing.ts'
import { monthNumber } from '@/domain/time/calendar.ts'
import { ColumnSet, unpackMonth } from './count/column-set.ts'
import type { PackedMonth } from '@/domain/answers/columns.ts'
import { density } from './count/density.ts'
import type { FilterWorld } from './count/filter-rules.ts'
import type { IncidentFilter } from '@/domain/filter/filter.ts'
import type { HeatGrid } from '@/domain/answers/heat-grid.ts'
import type { PassingRows } from './count/passing-rows.ts'
import { project } from './count/project.ts'
import type { Projection } from '@/domain/answers/projection.ts'
import { summariseClosing } from './count/summarise-closing.ts'
import type { BoundingBox, LocalMonth } from '@/domain/vocabulary.ts'

/** A heat picture to make of what passes the filter. */
export interface HeatRequest {
  /** What the picture covers. */
  bbox: BoundingBox
  /** Pixels of the picture; a third of the screen's is plenty. */
  width: number
  height: number
  /** How far one incident is smeared, in pixels of the picture. */
  radiusPixels: number
}

/** What the columns need to know besides the incidents. */
export interface ColumnsWorld extends FilterWorld {
  areas: readonly { idx: number; code: string; path: string; level: string }[]
  /** IANA. */
  timeZone: string
}

/** Holds the columns and answers for them. The same whether it runs in the worker or here. */
export class ColumnsEngine {
  #set = new ColumnSet()
  #world: ColumnsWorld = {
    areas: [],
    categories: [],
    cityBbox: [-180, -90, 180, 90],
    timeZone: 'UTC',
  }
  #asOfWallMinutes = 0
  /** What the last projection found to pass its filter: the heat picture asked with it is of that. */
  #passing: { filter: string; rows: PassingRows } | null = null

  setWorld(world: ColumnsWorld): void {
    this.#world = world
    this.#passing = null
  }

  /** @param asOfWallMinutes see `wallMinutes` */
  setAsOf(asOfWallMinutes: number): void {
    this.#asOfWallMinutes = asOfWallMinutes
  }

  /** Adds months or replaces them; `gone` are removed. @throws RangeError on a torn month */
  put(months: readonly PackedMonth[], gone: readonly LocalMonth[] = []): void {
    const unpacked = months.map(unpackMonth)
    this.#passing = null
    for (const month of gone) this.#set.remove(month)
    for (const month of unpacked) this.#set.replace(month)
  }

  clear(): void {
    this.#set.clear()
    this.#passing = null
  }

  project(filter: IncidentFilter): Projection {
    const { passing, ...projection } = project(this.#set, filter, this.#world, this.#lastMonth())
    this.#passing = { filter: JSON.stringify(filter), rows: passing }
    return projection
  }

  heat(filter: IncidentFilter, request: HeatRequest): HeatGrid {
    const isKnown = this.#passing?.filter === JSON.stringify(filter)
    return density(
      this.#set,
      filter,
      this.#world,
      request,
      isKnown ? this.#passing?.rows : undefined,
    )
  }

  closing(filter: IncidentFilter, options: ClosingOptions): ClosingSummary {
    return summariseClosing(this.#set, filter, this.#world, this.#asOfWallMinutes, options)
  }

  #lastMonth(): number {
    const day = new Date(this.#asOfWallMinutes * 60_000).toISOString()
    return monthNumber(day.slice(0, 7))
  }
}

type EngineMethod = 'setWorld' | 'setAsOf' | 'put' | 'clear' | 'project' | 'heat' | 'closing'
/** The engine as seen through a message port: every method answers with a promise. */
export type RemoteColumnsEngine = {
  [M in EngineMethod]: (
    ...args: Parameters<ColumnsEngine[M]>
  ) => Promise<ReturnType<ColumnsEngine[M]>>
} & { terminate(): void }

export interface EngineCall {
  id: number
  method: EngineMethod
  args: unknown[]
}
export type EngineAnswer =
  | { id: number; ok: true; value: unknown }
  | { id: number; ok: false; name: string; message: string }
