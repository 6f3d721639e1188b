import * as v from 'valibot'
import type { ChannelCount } from '@/domain/answers/channels.ts'
import type { FindingMarks } from '@/domain/answers/finding-marks.ts'
import { hotspotValues } from '@/domain/answers/hotspots.ts'
import type { IncidentFilter } from '@/domain/filter/filter.ts'
import { filterToRpc } from '@/domain/filter/filter-url.ts'
import { callRpc, type Backend } from './client.ts'

const markEntries = {
  id: v.string(),
  areaCode: v.string(),
  categoryCode: v.string(),
  madeByName: v.string(),
  madeAt: v.string(),
}
const marksSchema = v.object({
  asOf: v.string(),
  makesIn: v.array(v.string()),
  followUps: v.array(
    v.object({
      ...markEntries,
      departmentCode: v.nullable(v.string()),
      note: v.string(),
      dueDay: v.nullable(v.string()),
      facts: v.object({
        method: v.picklist(hotspotValues),
        observed: v.number(),
        expected: v.number(),
        ratio: v.number(),
        from: v.nullable(v.string()),
        to: v.nullable(v.string()),
      }),
    }),
  ),
  dismissals: v.array(
    v.object({ ...markEntries, reason: v.string(), untilDay: v.nullable(v.string()) }),
  ),
})

const channelsSchema = v.array(
  v.object({ channel: v.string(), here: v.number(), city: v.number() }),
)

/** Every call throws `AppError`, or AbortError when `signal` aborts. */
export const findingsRepo = (backend: Backend) => ({
  /** Those in the caller's scope, at most 500 of each. */
  marks: (signal?: AbortSignal): Promise<FindingMarks> =>
    callRpc(backend, 'finding_marks', {}, marksSchema, signal),

  /** Incidents by channel in these areas and in all that the caller sees, whatever areas the filter chooses. */
  channels: (
    filter: IncidentFilter,
    areas: readonly string[],
    signal?: AbortSignal,
  ): Promise<ChannelCount[]> =>
    callRpc(
      backend,
      'channel_counts',
      { p_filter: filterToRpc({ ...filter, areas: [] }), p_areas: areas },
      channelsSchema,
      signal,
    ),
})
