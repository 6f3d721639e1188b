import * as v from 'valibot'
import { callRpc, type Backend } from './client.ts'

const doubtSchema = v.object({
  code: v.string(),
  name: v.string(),
  parentCode: v.string(),
  parentName: v.string(),
  /** Share of the area outside its parent, 0 to 1. */
  outside: v.number(),
})
export type AreaDoubt = v.InferOutput<typeof doubtSchema>

/** Every call throws `AppError`, or AbortError when `signal` aborts. */
export const areaNoticesRepo = (backend: Backend) => ({
  /** Areas that leave their parent, the worst first; empty for field staff and handlers. */
  doubts: (signal?: AbortSignal): Promise<AreaDoubt[]> =>
    callRpc(backend, 'area_notices', {}, v.array(doubtSchema), signal),
})
