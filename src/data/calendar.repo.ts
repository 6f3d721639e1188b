import * as v from 'valibot'
import { callRpc, type Backend } from './client.ts'

const gapSchema = v.object({
  calendar: v.string(),
  nameZh: v.string(),
  nameEn: v.string(),
  year: v.number(),
})
export type CalendarGap = v.InferOutput<typeof gapSchema>

/** Every call throws `AppError`, or AbortError when `signal` aborts. */
export const calendarRepo = (backend: Backend) => ({
  /** Years that calendars lack; empty for field staff and handlers. */
  gaps: (signal?: AbortSignal): Promise<CalendarGap[]> =>
    callRpc(backend, 'calendar_notices', {}, v.array(gapSchema), signal),
})
