import * as v from 'valibot'
import { photoMediaTypes } from '@/domain/photo/photo-bytes.ts'
import { stages } from '@/domain/vocabulary.ts'
import { callRpc, type Backend } from './client.ts'
import { withWorkSpans, workRowEntries, workSpansSchema } from './work.repo.ts'

const photoEntry = v.nullable(
  v.object({ owner: v.string(), hash: v.string(), mediaType: v.picklist(photoMediaTypes) }),
)
const rowEntries = {
  id: v.string(),
  version: v.number(),
  categoryCode: v.string(),
  lon: v.number(),
  lat: v.number(),
  areaCode: v.string(),
  stage: v.picklist(stages),
  /** First 200 characters. */
  description: v.string(),
  addressLabel: v.string(),
  reportedAt: v.string(),
  reportedByMe: v.boolean(),
  isGenerated: v.optional(v.boolean()),
  caseNumber: v.optional(v.string()),
  photo: photoEntry,
}
const openPageSchema = v.object({ rows: v.array(v.object(rowEntries)), next: v.unknown() })
/** Thousands must fit on a phone. */
export type OpenIncident = v.InferOutput<typeof openPageSchema>['rows'][number]
/** Pass `next` as `after`; null at the end. */
export type OpenIncidentPage = v.InferOutput<typeof openPageSchema>

const myDaySchema = v.object({
  asOf: v.string(),
  own: v.array(
    v.object({
      ...rowEntries,
      closedAt: v.nullable(v.string()),
      last: v.nullable(
        v.object({
          kind: v.string(),
          stageTo: v.nullable(v.picklist(stages)),
          at: v.string(),
          actorName: v.nullable(v.string()),
          note: v.nullable(v.string()),
          byMe: v.boolean(),
        }),
      ),
      asked: v.nullable(
        v.object({ note: v.string(), at: v.string(), actorName: v.nullable(v.string()) }),
      ),
    }),
  ),
  receivedToday: v.number(),
})
export type MyDay = v.InferOutput<typeof myDaySchema>
export type OwnIncident = MyDay['own'][number]

const fieldTasksSchema = v.pipe(
  v.object({
    asOf: v.string(),
    /** There are others, due later. */
    more: v.boolean(),
    workSpans: workSpansSchema,
    rows: v.array(
      v.object({
        ...workRowEntries,
        /** Given to the caller by name. */
        isAsked: v.boolean(),
        /** The incident's first. */
        photo: photoEntry,
      }),
    ),
  }),
  v.transform((page) => ({ asOf: page.asOf, more: page.more, rows: withWorkSpans(page) })),
)
export type FieldTasks = v.InferOutput<typeof fieldTasksSchema>
/** An incident that the caller may verify or check now. */
export type FieldTask = FieldTasks['rows'][number]

/** Every call throws `AppError`, or AbortError when `signal` aborts. */
export const fieldRepo = (backend: Backend) => ({
  /** Newest first, at most 500 a page. */
  openIncidents: (after: unknown, limit: number, signal?: AbortSignal): Promise<OpenIncidentPage> =>
    callRpc<OpenIncidentPage>(
      backend,
      'open_incidents',
      { p_after: after ?? null, p_limit: limit },
      openPageSchema,
      signal,
    ),

  /** The caller's recent reports, and older ones open or changed. */
  myDay: (days: number, signal?: AbortSignal): Promise<MyDay> =>
    callRpc<MyDay>(backend, 'my_day', { p_days: days }, myDaySchema, signal),

  /** Those given to the caller first, then the clock that ends first; at most 200. */
  tasks: (limit: number, signal?: AbortSignal): Promise<FieldTasks> =>
    callRpc<FieldTasks>(backend, 'field_tasks', { p_limit: limit }, fieldTasksSchema, signal),
})
