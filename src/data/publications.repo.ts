import * as v from 'valibot'
import type { HiddenReasons } from '@/domain/publish/compile.ts'
import type { PublicFigures } from '@/domain/publish/figures.ts'
import { areaLevels, type AreaLevel } from '@/domain/vocabulary.ts'
import { fetchSigned, type Backend } from './client.ts'
import { AppError, errorFromAnswer, toAppError, type ErrorAnswer } from './errors.ts'

const text = v.nullable(v.string())
const stateSchema = v.object({
  level: v.nullable(v.picklist(areaLevels)),
  levels: v.array(v.object({ level: v.picklist(areaLevels), areas: v.number() })),
  firstMonth: text,
  lastMonth: text,
  countedMonths: v.array(v.string()),
  publications: v.array(
    v.object({
      ...{ id: v.number(), publishedAt: v.string(), from: v.string(), to: v.string() },
      ...{ isWithdrawn: v.boolean(), withdrawnAt: text, publishedBy: text, withdrawnBy: text },
    }),
  ),
})
/** Publications, newest first, and the months that can be published next. */
export type PublishingState = v.InferOutput<typeof stateSchema>
export type Publication = PublishingState['publications'][number]

const previewSchema = v.object({
  figures: v.pipe(
    v.looseObject({ version: v.literal(1) }),
    v.transform((figures) => figures as unknown as PublicFigures),
  ),
  reasons: v.pipe(
    v.record(v.string(), v.string()),
    v.transform((reasons) => reasons as HiddenReasons),
  ),
  ...{ shown: v.number(), hidden: v.number(), exposed: v.number(), basis: v.string() },
})
/** A publication as it would be, with why each figure is hidden. */
export type PublicationPreview = v.InferOutput<typeof previewSchema>

export interface PublishingWish {
  /** Months, both included. */
  from: string
  to: string
  level: AreaLevel | null
}

/** For admins of the whole city. Every call throws `AppError`; a Supabase has no such door (404). */
export const publicationsRepo = (backend: Backend) => {
  async function ask(path: string, body?: object, signal?: AbortSignal): Promise<unknown> {
    try {
      const answer = await fetchSigned(backend, `publications/v1${path}`, {
        ...(body && {
          method: 'POST',
          body: JSON.stringify(body),
          headers: { 'content-type': 'application/json' },
        }),
        signal: signal ?? null,
      })
      if (answer.status === 204) return null
      const told: unknown = await answer.json().catch(() => null)
      if (answer.ok) return told
      throw errorFromAnswer((told ?? {}) as ErrorAnswer, answer.status)
    } catch (error) {
      throw toAppError(error)
    }
  }
  const checked = <T>(schema: v.GenericSchema<unknown, T>, answer: unknown): T => {
    const parsed = v.safeParse(schema, answer)
    if (parsed.success) return parsed.output
    throw new AppError('server', 'the answer has another form', { code: 'bad_answer' })
  }
  return {
    state: async (signal?: AbortSignal): Promise<PublishingState> =>
      checked(stateSchema, await ask('', undefined, signal)),
    preview: async (wish: PublishingWish, signal: AbortSignal): Promise<PublicationPreview> =>
      checked(previewSchema, await ask('/preview', wish, signal)),
    publish: async (wish: PublishingWish & { basis: string }): Promise<void> =>
      void (await ask('', wish)),
    withdraw: async (id: number): Promise<void> => void (await ask(`/${id}/withdraw`, {})),
  }
}
