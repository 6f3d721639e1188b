import * as v from 'valibot'
import type { IncidentFilter } from '@/domain/filter/filter.ts'
import { filterToRpc } from '@/domain/filter/filter-url.ts'
import type { Proposal } from '@/domain/workflow/proposals.ts'
import type { WorkSpans } from '@/domain/time/work-ahead.ts'
import { queues, type Queue } from '@/domain/workflow/queue.ts'
import { callRpc, type Backend } from './client.ts'
import { rowEntries } from './incidents.repo.ts'

export const workRowEntries = {
  ...rowEntries,
  workflowCode: v.string(),
  /** The workflow's own stage. */
  state: v.string(),
  /** Of the running clock that ends first; null without one. */
  dueAt: v.nullable(v.string()),
  warnAt: v.nullable(v.string()),
  /** Why there is no due time although a clock runs. */
  dueUnknown: v.nullable(v.object({ until: v.nullable(v.string()) })),
  /** Of that clock, where it counts working time. */
  dueCalendar: v.optional(v.nullable(v.string())),
  /** The request that waits for a decision. */
  pending: v.nullable(v.picklist(['extension', 'hold'])),
  holdUntil: v.nullable(v.string()),
  /** Level of a leader's demand. */
  supervision: v.nullable(v.number()),
  replyBy: v.nullable(v.string()),
  rework: v.number(),
  handlerName: v.nullable(v.string()),
  assigneeName: v.nullable(v.string()),
  /** Names of the transitions open to the person. */
  steps: v.array(v.string()),
}
const workRowSchema = v.object(workRowEntries)
export type WorkRow = v.InferOutput<typeof workRowSchema> & Worked

interface Worked {
  /** Working time around its due time; null round the clock. */
  workSpans?: WorkSpans | null | undefined
}

/** By calendar. */
export const workSpansSchema = v.optional(
  v.record(
    v.string(),
    v.object({
      from: v.string(),
      until: v.string(),
      spans: v.array(v.tuple([v.string(), v.string()])),
    }),
  ),
  {},
)

/** The rows of a page, each with the working time of its clock's calendar. */
export const withWorkSpans = <Row extends { dueCalendar?: string | null | undefined }>({
  rows,
  workSpans,
}: {
  rows: readonly Row[]
  workSpans: Readonly<Record<string, WorkSpans>>
}): (Row & Worked)[] =>
  rows.map((row) => ({ ...row, workSpans: workSpans[row.dueCalendar ?? ''] ?? null }))

const pageSchema = v.pipe(
  v.object({
    asOf: v.string(),
    rows: v.array(workRowSchema),
    workSpans: workSpansSchema,
    next: v.unknown(),
  }),
  v.transform((page) => ({
    asOf: page.asOf,
    next: page.next,
    rows: withWorkSpans(page),
  })),
)
/** Pass `next` as `after`; null at the end. */
export type WorkPage = v.InferOutput<typeof pageSchema>

const countsSchema = v.object({
  asOf: v.string(),
  queues: v.array(v.object({ queue: v.picklist(queues), count: v.number() })),
})
export type WorkCounts = v.InferOutput<typeof countsSchema>

const proposalsSchema = v.array(
  v.object({
    id: v.string(),
    department: v.nullable(v.string()),
    handler: v.nullable(v.string()),
    handlerName: v.nullable(v.string()),
  }),
)

/** Every call throws `AppError`, or AbortError when `signal` aborts. */
export const workRepo = (backend: Backend) => ({
  counts: (signal?: AbortSignal): Promise<WorkCounts> =>
    callRpc(backend, 'work_counts', {}, countsSchema, signal),

  page: (
    asked: { queue: Queue; filter: IncidentFilter; after: unknown; limit: number },
    signal?: AbortSignal,
  ): Promise<WorkPage> =>
    callRpc<WorkPage>(
      backend,
      'work_queue',
      {
        p_queue: asked.queue,
        p_filter: filterToRpc(asked.filter),
        p_after: asked.after ?? null,
        p_limit: asked.limit,
      },
      pageSchema,
      signal,
    ),

  /** @param incidentIds at most 1,000; those that the person cannot dispatch are left out */
  proposals: (incidentIds: readonly string[], signal?: AbortSignal): Promise<Proposal[]> =>
    callRpc(backend, 'proposed_dispatches', { p_incidents: incidentIds }, proposalsSchema, signal),
})
