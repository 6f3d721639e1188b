import type { PackedMonth } from '@/domain/answers/columns.ts'
import type { PackedRatings } from '@/domain/answers/rating-columns.ts'
import { servedKey, servedParts, type IncidentFilter } from '@/domain/filter/filter.ts'
import type { LocalMonth } from '@/domain/vocabulary.ts'
import { AreaShapes, type LevelShapes } from './count/area-shapes.ts'
import { ColumnSet, unpackMonth } from './count/column-set.ts'
import { prepareTotals } from './count/count-month.ts'
import { FilteredRows } from './count/filtered-rows.ts'
import { sortByKind } from './count/kind-runs.ts'
import { RatingSet, unpackRatings } from './count/rating-set.ts'
import { maxAnswered } from './max-answered.ts'
import {
  questions,
  questionsInParts,
  type AnswerOf,
  type OptionsOf,
  type QuestionName,
} from './questions/index.ts'
import { isSlow, type SlowQuestion } from './slow-questions.ts'
import type { InParts } from '@/stats/in-parts.ts'
import type { Question, QuestionInParts, QuestionWorld } from './questions/question.ts'

export type ColumnsWorld = Omit<
  QuestionWorld,
  'asOfWallMinutes' | 'nowMinute' | 'shapes' | 'ratings'
>

/** A page asks about the filter in force, and about one that is narrower or wider. */
const maxFilters = 2

export class ColumnsEngine {
  #set = new ColumnSet()
  #ratings = new RatingSet()
  /** Incidents by what the server alone knows of them, each set by its `servedKey`; the latest last. */
  readonly #answered = new Map<string, ColumnSet>()
  #world: QuestionWorld = {
    areas: [],
    categories: [],
    cityBbox: [-180, -90, 180, 90],
    nowMinute: 0,
    asOfWallMinutes: 0,
    shapes: new AreaShapes(),
    ratings: this.#ratings,
  }
  readonly #begun = new Map<SlowQuestion, InParts<unknown>>()
  /** Questions about the same filter share these rows; the latest last. */
  readonly #rows = new Map<string, FilteredRows>()

  setWorld(world: ColumnsWorld): void {
    this.#world = { ...this.#world, ...world }
    this.#rows.clear()
  }

  setShapes(level: string, shapes: LevelShapes): void {
    this.#world.shapes.set(level, shapes)
  }

  setAsOf(asOfWallMinutes: number): void {
    if (asOfWallMinutes !== this.#world.asOfWallMinutes) this.#rows.clear()
    this.#world = { ...this.#world, asOfWallMinutes }
  }

  /** Returns true when a deadline passed since, or came within a day. */
  setNow(nowMinute: number): boolean {
    const before = this.#world.nowMinute
    if (nowMinute === before) return false
    this.#world = { ...this.#world, nowMinute }
    this.#rows.clear()
    return this.#set.changesDueBetween(before, nowMinute)
  }

  /** @throws RangeError on a damaged month */
  put(months: readonly PackedMonth[], gone: readonly LocalMonth[] = []): void {
    const unpacked = months.map((month) => sortByKind(unpackMonth(month)))
    this.#rows.clear()
    for (const month of gone) this.#set.remove(month)
    for (const month of unpacked) {
      this.#set.replace(month)
      prepareTotals(month)
    }
  }

  /** @throws RangeError on a damaged month */
  putRatings(months: readonly PackedRatings[], gone: readonly LocalMonth[] = []): void {
    const unpacked = months.map(unpackRatings)
    for (const month of gone) this.#ratings.remove(month)
    for (const month of unpacked) this.#ratings.replace(month)
  }

  /** Incidents for filters with such parts. @throws RangeError on a damaged month */
  putAnswered(key: string, months: readonly PackedMonth[]): void {
    const set = new ColumnSet()
    for (const month of months) set.replace(unpackMonth(month))
    this.#answered.delete(key)
    this.#answered.set(key, set)
    if (this.#answered.size > maxAnswered)
      this.#answered.delete(this.#answered.keys().next().value!)
    this.#rows.clear()
  }

  clear(): void {
    this.#set.clear()
    this.#answered.clear()
    this.#rows.clear()
  }

  ask<N extends QuestionName>(name: N, filter: IncidentFilter, options: OptionsOf<N>): AnswerOf<N> {
    const answer = questions[name] as Question<OptionsOf<N>, AnswerOf<N>>
    return answer(this.#rowsOf(filter), this.#world, options)
  }

  /** The answer in parts; null for a question that takes no time. */
  begin(
    name: QuestionName,
    filter: IncidentFilter,
    options: OptionsOf<QuestionName>,
  ): InParts<unknown> | null {
    if (!isSlow(name)) return null
    const question = questionsInParts[name] as QuestionInParts<unknown, unknown>
    const parts = question(this.#rowsOf(filter), this.#world, options)
    this.#begun.set(name, parts)
    return parts
  }

  /** Ends a begun question without an answer. */
  drop(name: SlowQuestion): void {
    this.#begun.get(name)?.return(undefined as never)
    this.#begun.delete(name)
  }

  #rowsOf(filter: IncidentFilter): FilteredRows {
    const key = JSON.stringify(filter)
    const rows = this.#rows.get(key) ?? new FilteredRows(this.#setOf(filter), filter, this.#world)
    this.#rows.delete(key)
    this.#rows.set(key, rows)
    if (this.#rows.size > maxFilters) this.#rows.delete(this.#rows.keys().next().value!)
    return rows
  }

  /** Nothing before the answered incidents came. */
  #setOf(filter: IncidentFilter): ColumnSet {
    const parts = servedParts(filter)
    return parts ? (this.#answered.get(servedKey(parts)) ?? new ColumnSet()) : this.#set
  }
}
