import * as v from 'valibot'
import { fetchSigned, type Backend } from './client.ts'
import { AppError, toAppError } from './errors.ts'

const rowsSchema = v.array(
  v.object({
    ...{ name: v.string(), period: v.string(), areaCode: v.string(), areaName: v.string() },
    ...{ language: v.string(), madeAt: v.string(), bytes: v.number() },
    ...{ sent: v.number(), recipients: v.number() },
  }),
)
/** A monthly report that the server keeps as PDF. */
export type KeptReport = v.InferOutput<typeof rowsSchema>[number]

/** Every call throws `AppError`. A Supabase keeps no reports. */
export const reportsRepo = (backend: Backend) => {
  async function ask(path: string): Promise<Response> {
    try {
      const answer = await fetchSigned(backend, `reports/v1/kept${path}`, {})
      if (answer.ok) return answer
      throw new AppError(answer.status === 401 ? 'unauthorized' : 'server', `HTTP ${answer.status}`)
    } catch (error) {
      throw toAppError(error)
    }
  }
  return {
    async list(): Promise<KeptReport[]> {
      const answer: unknown = await (await ask('')).json()
      if (v.is(rowsSchema, answer)) return answer
      throw new AppError('server', 'the reports have another form', { code: 'bad_answer' })
    },
    async pdf(name: string): Promise<Blob> {
      return (await ask(`/${encodeURIComponent(name)}`)).blob()
    },
  }
}
