import * as v from 'valibot'
import type { PackedMonth } from '@/domain/answers/columns.ts'
import { ratingWays } from '@/domain/answers/rating-columns.ts'
import { filterToRpc } from '@/domain/filter/filter-url.ts'
import { emptyFilter, type IncidentFilter, type ServedParts } from '@/domain/filter/filter.ts'
import { unpackPointTile, type PointTile } from '@/domain/answers/point-tile.ts'
import { roles, stages, type LocalMonth } from '@/domain/vocabulary.ts'
import { callRpc, type Backend } from './client.ts'
import { offeredSchema } from './workflow.repo.ts'

export const incidentSorts = [
  'reported_desc',
  'reported_asc',
  'closed_desc',
  'hours_desc',
  'hours_asc',
  'area_asc',
  'category_asc',
] as const
export type IncidentSort = (typeof incidentSorts)[number]

export const rowEntries = {
  id: v.string(),
  districtCode: v.string(),
  categoryCode: v.string(),
  areaCode: v.string(),
  departmentCode: v.nullable(v.string()),
  stage: v.picklist(stages),
  onHold: v.boolean(),
  severity: v.number(),
  lon: v.number(),
  lat: v.number(),
  description: v.string(),
  addressLabel: v.string(),
  reportedAt: v.string(),
  closedAt: v.nullable(v.string()),
  channel: v.string(),
  version: v.number(),
  // Missing in what older versions kept.
  workflowCode: v.optional(v.string()),
  /** The workflow's own stage, shown as `stage`. */
  state: v.optional(v.string()),
  /** The demo's script took its steps. */
  isGenerated: v.optional(v.boolean()),
  /** For people. Missing in what older versions kept. */
  caseNumber: v.optional(v.string()),
}
const rowSchema = v.object(rowEntries)
export type IncidentRow = v.InferOutput<typeof rowSchema>

const searchSchema = v.object({
  /** As the text was read; null when it is no case number. */
  number: v.nullable(v.string()),
  rows: v.array(rowSchema),
  isMore: v.boolean(),
})
export type IncidentSearch = v.InferOutput<typeof searchSchema>

const cursorSchema = v.unknown()
const pageSchema = v.object({ rows: v.array(rowSchema), next: cursorSchema })
/** Pass `next` as `after`; null at the end. */
export type IncidentPage = v.InferOutput<typeof pageSchema>

const logEntrySchema = v.looseObject({
  seq: v.number(),
  at: v.string(),
  kind: v.string(),
  stageFrom: v.nullish(v.picklist(stages), null),
  stageTo: v.nullish(v.picklist(stages), null),
  note: v.nullish(v.string(), ''),
  // Missing in what older versions kept.
  actor: v.nullish(v.string()),
  actorName: v.nullish(v.string(), null),
  /** In which the actor could act then. */
  actorRoles: v.nullish(v.array(v.picklist(roles))),
  actorDepartments: v.nullish(v.array(v.string())),
  /** By kind: `changes` of a correction, `photos` (hashes). */
  data: v.nullish(v.looseObject({}), null),
  /** The server's clock less the device's when the entry was sent; null where not known. */
  deviceSkewSeconds: v.nullish(v.number()),
  isGenerated: v.optional(v.boolean()),
})
export type IncidentLogEntry = v.InferOutput<typeof logEntrySchema>

const photoSchema = v.object({
  /** User id of the uploader. */
  owner: v.string(),
  hash: v.string(),
  mediaType: v.string(),
  /** Measured by the server; null until it has checked the file. Sides in pixels. */
  bytes: v.nullable(v.number()),
  width: v.nullable(v.number()),
  height: v.nullable(v.number()),
  /** Claims of the device: instant, and lon and lat. Shown, never decided upon. */
  takenAt: v.nullish(v.string(), null),
  lon: v.nullish(v.number(), null),
  lat: v.nullish(v.number(), null),
  at: v.nullish(v.string(), null),
  byName: v.nullish(v.string(), null),
  /** Only its uploader sees an unchecked photo. */
  isChecked: v.boolean(),
  isGenerated: v.optional(v.boolean()),
})
export type IncidentPhoto = v.InferOutput<typeof photoSchema>

const instantPair = v.tuple([v.string(), v.string()])
const clockSchema = v.object({
  seq: v.number(),
  kind: v.string(),
  milestone: v.nullable(v.string()),
  departmentCode: v.nullable(v.string()),
  isWorkingTime: v.boolean(),
  /** Missing in what older versions kept. */
  calendar: v.nullish(v.string(), null),
  extensions: v.number(),
  startedAt: v.string(),
  runs: v.array(instantPair),
  runningSince: v.nullable(v.string()),
  limitSeconds: v.nullable(v.number()),
  usedSeconds: v.nullable(v.number()),
  dueAt: v.nullable(v.string()),
  warnAt: v.nullable(v.string()),
  stoppedAt: v.nullable(v.string()),
  isReached: v.boolean(),
})

const relatedSchema = v.object({
  ...{ id: v.string(), categoryCode: v.string(), areaCode: v.string() },
  ...{ stage: v.picklist(stages), onHold: v.boolean() },
  ...{ workflowCode: v.string(), state: v.string() },
  ...{ reportedAt: v.string(), closedAt: v.nullable(v.string()) },
  ...{ description: v.string(), addressLabel: v.string() },
  caseNumber: v.optional(v.string()),
  /** From the incident's place; null for its family. */
  meters: v.nullable(v.number()),
})
export type RelatedIncident = v.InferOutput<typeof relatedSchema>

const familySchema = v.object({
  parentId: v.nullable(v.string()),
  /** Null also when the person does not see it. */
  parent: v.nullable(relatedSchema),
  children: v.array(relatedSchema),
})
export type IncidentFamily = v.InferOutput<typeof familySchema>

const spotSchema = v.object({
  /** 0: its category has no spots. */
  radiusMeters: v.number(),
  /** 3: the third within the year that ends with it. */
  ordinal: v.nullable(v.number()),
  /** Of a year before and after; `rows` are the newest. */
  count: v.number(),
  rows: v.array(relatedSchema),
})
export type IncidentSpot = v.InferOutput<typeof spotSchema>

const feedbackSchema = v.object({
  /** The present closing, from 1; null while the incident is open. */
  closing: v.nullable(v.number()),
  ratings: v.array(
    v.object({
      ...{ closing: v.number(), way: v.picklist(ratingWays) },
      ...{ responded: v.nullable(v.boolean()), solved: v.nullable(v.boolean()) },
      satisfied: v.nullable(v.number()),
      /** `words` are null for who may not read them. */
      ...{ hasWords: v.boolean(), words: v.nullable(v.string()) },
      ...{ at: v.string(), askedByName: v.nullable(v.string()) },
      unsolved: v.nullable(v.picklist(['reopened', 'asked', 'none'])),
      decideBy: v.nullable(v.string()),
      decision: v.nullable(v.picklist(['reopened', 'kept'])),
      ...{ decidedByName: v.nullable(v.string()), decidedAt: v.nullable(v.string()) },
      decisionNote: v.nullable(v.string()),
      ...{ isExempt: v.boolean(), isGenerated: v.boolean() },
    }),
  ),
  /** That ended somehow. */
  callbacks: v.array(
    v.object({
      ...{ closing: v.number(), outcome: v.picklist(['reached', 'refused', 'not_reached']) },
      ...{ attempts: v.number(), at: v.nullable(v.string()), byName: v.nullable(v.string()) },
      isGenerated: v.boolean(),
    }),
  ),
  appeals: v.array(
    v.object({
      ...{ closing: v.number(), departmentCode: v.string(), reason: v.string() },
      ...{ madeByName: v.string(), madeAt: v.string(), isGranted: v.boolean() },
      reviews: v.array(
        v.object({
          ...{ review: v.picklist(['first', 'second']), byName: v.string(), at: v.string() },
          ...{ isGranted: v.boolean(), note: v.string() },
        }),
      ),
      /** The one that is the person's to make. */
      review: v.nullable(v.picklist(['first', 'second'])),
      isGenerated: v.boolean(),
    }),
  ),
  /** Closings. */
  canAppeal: v.array(v.number()),
  canKeepClosed: v.boolean(),
})
export type IncidentFeedback = v.InferOutput<typeof feedbackSchema>

const detailSchema = v.nullable(
  v.object({
    incident: v.looseObject({
      ...rowEntries,
      reportedBy: v.nullish(v.string()),
      handler: v.nullish(v.string()),
      assignee: v.nullish(v.string()),
    }),
    log: v.array(logEntrySchema),
    photos: v.optional(v.array(photoSchema), []),
    canCorrect: v.optional(v.boolean(), false),
    canNote: v.optional(v.boolean(), false),
    canAsk: v.optional(v.boolean(), false),
    /** Missing in what older versions kept. */
    transitions: v.optional(v.array(offeredSchema)),
    asOf: v.optional(v.string()),
    /** Names by id of those whom the log names. */
    people: v.optional(v.record(v.string(), v.string())),
    clocks: v.optional(v.array(clockSchema)),
    /** By calendar, from `asOf` on. */
    workAhead: v.optional(
      v.record(v.string(), v.object({ until: v.string(), spans: v.array(instantPair) })),
    ),
    holds: v.optional(v.array(v.tuple([v.string(), v.nullable(v.string())]))),
    family: v.optional(familySchema),
    spot: v.optional(spotSchema),
    feedback: v.optional(feedbackSchema),
  }),
)
export type IncidentDetail = NonNullable<v.InferOutput<typeof detailSchema>>
/** Checks details kept by other versions. */
export const isDetail = (value: unknown): value is IncidentDetail =>
  value !== null && v.is(detailSchema, value)

export const monthsSchema = v.object({
  cursor: v.string(),
  asOf: v.string(),
  /** The server's clock; missing in what older versions kept. */
  now: v.optional(v.string()),
  months: v.array(v.object({ month: v.string(), count: v.number(), revision: v.string() })),
})
export type IncidentMonths = v.InferOutput<typeof monthsSchema>
export type MonthInfo = IncidentMonths['months'][number]

const changesSchema = v.object({
  cursor: v.string(),
  asOf: v.string(),
  now: v.string(),
  reset: v.boolean(),
  scopeKey: v.string(),
  months: v.array(v.string()),
  areasRevision: v.string(),
  /** An open transaction holds changes back; null below a minute. */
  waiting: v.nullish(v.object({ since: v.string() }), null),
})
export type IncidentChanges = v.InferOutput<typeof changesSchema>

// The worker checks lengths when unpacking.
const packedSchema = v.array(
  v.custom<PackedMonth>((value) => {
    const packed = value as Partial<PackedMonth> | null
    return typeof packed?.month === 'string' && typeof packed.count === 'number'
  }, 'not a packed month'),
)

const movedSchema = v.nullable(v.object({ areaCode: v.string(), at: v.string() }))
export type MovedIncident = NonNullable<v.InferOutput<typeof movedSchema>>

const pointsSchema = v.object({
  total: v.number(),
  shown: v.number(),
  ids: v.array(v.string()),
  category: v.string(),
  stage: v.string(),
  x: v.string(),
  y: v.string(),
  hidden: v.optional(v.number()),
  stacks: v.optional(v.array(v.tuple([v.number(), v.number(), v.number()]))),
})

export interface ListRequest {
  filter: IncidentFilter
  sort: IncidentSort
  after?: unknown
  limit?: number
}

/** Every call throws `AppError`, or AbortError when `signal` aborts. */
export const incidentsRepo = (backend: Backend) => ({
  months: (signal?: AbortSignal): Promise<IncidentMonths> =>
    callRpc(backend, 'incident_months', {}, monthsSchema, signal),

  /** Incidents of the parts of a filter that columns cannot tell. */
  answered: (parts: ServedParts, signal?: AbortSignal): Promise<PackedMonth[]> =>
    callRpc(
      backend,
      'answered_columns',
      { p_filter: filterToRpc({ ...emptyFilter(), ...parts }) },
      packedSchema,
      signal,
    ),

  /** At most 120 months; empty months may be missing. */
  columns: (months: readonly LocalMonth[], signal?: AbortSignal): Promise<PackedMonth[]> =>
    callRpc(backend, 'incident_columns', { p_months: months }, packedSchema, signal),

  changes: (cursor: string, signal?: AbortSignal): Promise<IncidentChanges> =>
    callRpc(backend, 'changes_since', { p_cursor: cursor }, changesSchema, signal),

  /** @throws RangeError for a damaged tile */
  async points(
    tile: { z: number; x: number; y: number },
    filter: IncidentFilter,
    signal?: AbortSignal,
  ): Promise<PointTile> {
    const args = { p_z: tile.z, p_x: tile.x, p_y: tile.y, p_filter: filterToRpc(filter) }
    return unpackPointTile(await callRpc(backend, 'incident_points', args, pointsSchema, signal))
  },

  list: ({ filter, sort, after, limit = 100 }: ListRequest, signal?: AbortSignal) =>
    callRpc<IncidentPage>(
      backend,
      'incident_list',
      { p_filter: filterToRpc(filter), p_sort: sort, p_after: after ?? null, p_limit: limit },
      pageSchema,
      signal,
    ),

  /** By case number, provisional number, words of text and address. @param text at most 200 characters */
  search: (text: string, limit: number, signal?: AbortSignal): Promise<IncidentSearch> =>
    callRpc(backend, 'incident_search', { p_text: text, p_limit: limit }, searchSchema, signal),

  /** Null when missing or not allowed. */
  detail: (id: string, signal?: AbortSignal): Promise<IncidentDetail | null> =>
    callRpc(backend, 'incident_detail', { p_id: id }, detailSchema, signal),

  /** Where an incident went that left the person's areas; null for others. */
  moved: (id: string, signal?: AbortSignal): Promise<MovedIncident | null> =>
    callRpc(backend, 'incident_moved', { p_id: id }, movedSchema, signal),
})
export type IncidentsRepo = ReturnType<typeof incidentsRepo>
