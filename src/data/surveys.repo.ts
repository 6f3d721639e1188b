import * as v from 'valibot'
import type { WaveRow } from '@/domain/survey/waves.ts'
import { callRpc, type Backend } from './client.ts'

const listSchema = v.object({
  canImport: v.boolean(),
  surveys: v.array(
    v.object({
      ...{ code: v.string(), nameZh: v.string(), nameEn: v.string() },
      items: v.array(
        v.object({
          ...{ code: v.string(), nameZh: v.string(), nameEn: v.string() },
          /** That the item asks about. */
          categoryCode: v.nullable(v.string()),
          sense: v.nullable(v.picklist(['happiness', 'gain', 'security'])),
          ...{ least: v.number(), most: v.number() },
        }),
      ),
      /** The newest first. */
      waves: v.array(
        v.object({
          ...{ month: v.string(), file: v.string(), importedAt: v.string() },
          /** Null for the server's command. */
          importedByName: v.nullable(v.string()),
          isGenerated: v.boolean(),
        }),
      ),
    }),
  ),
})
export type SurveyList = v.InferOutput<typeof listSchema>
export type Survey = SurveyList['surveys'][number]

const figure = v.nullable(v.number())
const resultsSchema = v.array(
  v.tuple([
    ...([v.string(), v.string(), v.string(), v.number()] as const),
    ...([figure, figure, figure, figure, figure] as const),
  ]),
)

/** Every call throws `AppError`, or AbortError when `signal` aborts. */
export const surveysRepo = (backend: Backend) => ({
  list: (signal?: AbortSignal): Promise<SurveyList> =>
    callRpc(backend, 'survey_list', {}, listSchema, signal),

  /** Of all waves, in the area and in those right below it. */
  results: async (survey: string, area: string, signal?: AbortSignal): Promise<WaveRow[]> =>
    (
      await callRpc(
        ...([backend, 'survey_results', { p_survey: survey, p_area: area }] as const),
        ...([resultsSchema, signal] as const),
      )
    ).map(([areaCode, period, item, n, mean, sd, satisfied, dissatisfied, important]) => ({
      ...{ areaCode, period, item, n, mean, sd, satisfied, dissatisfied, important },
    })),
})
