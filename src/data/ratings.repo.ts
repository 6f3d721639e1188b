import * as v from 'valibot'
import { askedBy } from '@/domain/answers/asked-groups.ts'
import { ratingWays, type PackedRatings } from '@/domain/answers/rating-columns.ts'
import { filterToRpc } from '@/domain/filter/filter-url.ts'
import type { IncidentFilter } from '@/domain/filter/filter.ts'
import type { AreaLevel, LocalMonth } from '@/domain/vocabulary.ts'
import { callRpc, type Backend } from './client.ts'

const ofIncident = {
  incidentId: v.string(),
  /** Which closing, from 1. */
  closing: v.number(),
  categoryCode: v.string(),
  areaCode: v.string(),
  departmentCode: v.nullable(v.string()),
  description: v.string(),
  addressLabel: v.string(),
  caseNumber: v.optional(v.string()),
  isGenerated: v.boolean(),
}
const callSchema = v.object({
  ...ofIncident,
  ...{ drawId: v.string(), n: v.number() },
  ...{ isMine: v.boolean(), callerName: v.nullable(v.string()) },
  ...{ lon: v.number(), lat: v.number() },
  ...{ channel: v.string(), source: v.nullable(v.string()), sourceId: v.nullable(v.string()) },
  ...{ reportedAt: v.string(), closedAt: v.string() },
  /** The last moment to ask, excluded. */
  until: v.string(),
  handledNote: v.nullable(v.string()),
  outcome: v.nullable(v.picklist(['reached', 'refused', 'not_reached'])),
  attempts: v.number(),
  note: v.string(),
  lastAt: v.nullable(v.string()),
})
/** A closing whose resident is to be called. */
export type CallbackRow = v.InferOutput<typeof callSchema>

const askSchema = v.object({
  ...ofIncident,
  ...{ words: v.nullable(v.string()), satisfied: v.nullable(v.number()) },
  ...{ at: v.string(), decideBy: v.nullable(v.string()), version: v.number() },
})
/** A closed incident of which a resident says that it is not solved. */
export type UnsolvedAsk = v.InferOutput<typeof askSchema>

const drawSchema = v.object({
  ...{ id: v.string(), areaCode: v.string(), fromDay: v.string(), toDay: v.string() },
  categoryCodes: v.nullable(v.array(v.string())),
  ...{ poolCount: v.number(), count: v.number(), seed: v.string() },
  ...{ byName: v.string(), at: v.string(), isGenerated: v.boolean() },
  ...{ waiting: v.number(), reached: v.number(), refused: v.number(), notReached: v.number() },
  withoutCaller: v.number(),
})
export type CallbackDraw = v.InferOutput<typeof drawSchema>

const sheetSchema = v.object({
  asOf: v.string(),
  /** Codes of areas within which the person draws. */
  drawsIn: v.array(v.string()),
  rows: v.array(callSchema),
  asks: v.array(askSchema),
  draws: v.array(drawSchema),
})
export type CallbackSheet = v.InferOutput<typeof sheetSchema>

const peopleSchema = v.array(v.object({ id: v.string(), name: v.string() }))
const checkSchema = v.nullable(v.looseObject({ isIntact: v.boolean() }))

const signsSchema = v.object({
  signs: v.array(
    v.object({
      kind: v.picklist(['all_equal', 'same_words', 'burst', 'device_burst', 'at_once']),
      /** Of a burst the caller is named, of one from a device all callers, of all others the area. */
      ...{ areaCode: v.nullable(v.string()), personName: v.nullable(v.string()) },
      ...{ words: v.nullable(v.string()), count: v.number() },
      ...{ from: v.string(), to: v.string(), isGenerated: v.boolean() },
      people: v.optional(v.array(v.string()), []),
    }),
  ),
})
/** Of coaching, to look at. */
export type RatingSign = v.InferOutput<typeof signsSchema>['signs'][number]

const targetsSchema = v.object({
  canEdit: v.boolean(),
  perThousand: v.object({
    responded: v.optional(v.number()),
    solved: v.optional(v.number()),
    satisfied: v.optional(v.number()),
  }),
})
export type RatingTargets = v.InferOutput<typeof targetsSchema>

const ofClosing = {
  ...{ incidentId: v.string(), closing: v.number(), areaCode: v.string() },
  ...{ categoryCode: v.string(), closedAt: v.string(), isGenerated: v.boolean() },
  ...{ solved: v.nullable(v.boolean()), satisfied: v.nullable(v.number()) },
}
const exclusionsSchema = v.object({
  total: v.number(),
  rows: v.array(
    v.object({
      ...ofClosing,
      ...{ departmentCode: v.string(), reason: v.string(), note: v.string() },
      ...{ madeByName: v.string(), decidedByName: v.string(), decidedAt: v.string() },
    }),
  ),
})
/** Closings that leave the rates by a granted appeal. */
export type RatingExclusions = v.InferOutput<typeof exclusionsSchema>

const commentsSchema = v.object({
  total: v.number(),
  rows: v.array(v.object({ ...ofClosing, words: v.string() })),
})
/** Residents' words, without names of people with an account. */
export type RatingComments = v.InferOutput<typeof commentsSchema>

const askedGroupsSchema = v.object({
  groups: v.array(
    v.object({
      ...{ by: v.picklist(askedBy), key: v.string() },
      ...{ called: v.number(), reached: v.number(), answered: v.number(), generated: v.number() },
    }),
  ),
})
/** Counts of closings that were called, by one of four kinds of groups. */
export type AskedGroup = v.InferOutput<typeof askedGroupsSchema>['groups'][number]

const ratingMonthsSchema = v.object({
  cursor: v.string(),
  reset: v.boolean(),
  scopeKey: v.string(),
  months: v.array(v.object({ month: v.string(), count: v.number(), revision: v.string() })),
})
export type RatingMonths = v.InferOutput<typeof ratingMonthsSchema>

const packedSchema = v.array(
  v.object({
    ...{ month: v.string(), revision: v.string(), count: v.number() },
    runs: v.array(
      v.object({
        department: v.nullable(v.string()),
        way: v.picklist(ratingWays),
        ...{ isExempt: v.boolean(), isGenerated: v.boolean(), count: v.number() },
        days: v.array(v.number()),
      }),
    ),
    ...{ area: v.string(), category: v.string(), answer: v.string() },
  }),
)

/** Every call throws `AppError`, or AbortError when `signal` aborts. */
export const ratingsRepo = (backend: Backend) => ({
  /** Calls the person may make now, at most 500, and what managers look after. */
  sheet: (signal?: AbortSignal): Promise<CallbackSheet> =>
    callRpc(backend, 'callback_sheet', {}, sheetSchema, signal),

  /** Whom a sheet of the area may name. */
  people: (areaCode: string, signal?: AbortSignal): Promise<{ id: string; name: string }[]> =>
    callRpc(backend, 'callback_people', { p_area: areaCode }, peopleSchema, signal),

  /** Draws again from the seed; null when the draw is out of sight. */
  check: (drawId: string, signal?: AbortSignal): Promise<{ isIntact: boolean } | null> =>
    callRpc(backend, 'callback_draw_check', { p_draw: drawId }, checkSchema, signal),

  /** Of the last `days` days, at most 100. */
  signs: async (days: number, signal?: AbortSignal): Promise<RatingSign[]> =>
    (await callRpc(backend, 'rating_signs', { p_days: days }, signsSchema, signal)).signs,

  targets: (signal?: AbortSignal): Promise<RatingTargets> =>
    callRpc(backend, 'rating_targets', {}, targetsSchema, signal),

  /** By the filter's areas, categories and days of closing; at most 100 rows. */
  exclusions: (filter: IncidentFilter, signal?: AbortSignal): Promise<RatingExclusions> =>
    callRpc(
      backend,
      'rating_exclusions',
      { p_filter: filterToRpc(filter) },
      exclusionsSchema,
      signal,
    ),

  /** Likewise; at most 2,000 rows. */
  comments: (filter: IncidentFilter, signal?: AbortSignal): Promise<RatingComments> =>
    callRpc(backend, 'rating_comments', { p_filter: filterToRpc(filter) }, commentsSchema, signal),

  /** Likewise; who answered of those called, with areas of a level. The most called first. */
  askedGroups: async (
    filter: IncidentFilter,
    level: AreaLevel,
    signal?: AbortSignal,
  ): Promise<AskedGroup[]> =>
    (
      await callRpc(
        backend,
        'asked_groups',
        { p_filter: filterToRpc(filter), p_level: level },
        askedGroupsSchema,
        signal,
      )
    ).groups,

  /** All months without a cursor, else those that changed since. */
  months: (cursor: string | null, signal?: AbortSignal): Promise<RatingMonths> =>
    callRpc(backend, 'rating_months', { p_cursor: cursor }, ratingMonthsSchema, signal),

  /** At most 120 months. */
  columns: (months: readonly LocalMonth[], signal?: AbortSignal): Promise<PackedRatings[]> =>
    callRpc(backend, 'rating_columns', { p_months: months }, packedSchema, signal),
})
export type RatingsRepo = ReturnType<typeof ratingsRepo>
