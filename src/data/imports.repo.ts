import * as v from 'valibot'
import { fetchSigned, type Backend } from './client.ts'
import { AppError, errorFromAnswer, toAppError } from './errors.ts'

/** In both languages: the importer's own words. */
const noteSchema = v.object({ en: v.string(), zh: v.string() })
const notes = v.array(noteSchema)
const confidence = v.nullable(v.picklist(['sure', 'likely', 'guess']))
const proposed = v.nullable(
  v.record(v.string(), v.object({ column: v.string(), confidence: v.nonNullable(confidence) })),
)
const looked = v.object({
  kind: v.picklist(['incidents', 'areas']),
  ...{ format: v.string(), encoding: v.nullable(v.string()) },
  ...{ layer: v.nullable(v.string()), layers: v.array(v.string()) },
  ...{ header: v.array(v.string()), rows: v.array(v.array(v.string())), total: v.number() },
  columns: v.array(v.object({ name: v.string(), filled: v.number() })),
  /** By `category`, `stage`, `department`; null where a column has too many. */
  values: v.record(
    v.string(),
    v.nullable(
      v.array(
        v.object({
          ...{ value: v.string(), count: v.number() },
          ...{ code: v.nullable(v.string()), confidence },
        }),
      ),
    ),
  ),
  ...{ incidents: proposed, areas: proposed, level: v.nullable(v.string()) },
  mapping: v.nullable(v.record(v.string(), v.unknown())),
  settings: v.object({
    coordinates: v.optional(v.string()),
    swapCoordinates: v.optional(v.boolean()),
    dateOrder: v.optional(v.string()),
  }),
  /** The coordinate system that was read; null where none could be. */
  system: v.nullable(v.string()),
  /** Valid areas of the city by level, and how many have a code of the file. */
  cityAreas: v.array(v.object({ level: v.string(), count: v.number(), same: v.number() })),
  parentByOverlap: v.boolean(),
  /** In degrees. */
  points: v.array(v.tuple([v.number(), v.number()])),
  ...{ unplaced: v.number(), notes, doubts: notes },
})
/** A first look at a file. */
export type Look = v.InferOutput<typeof looked>

const counts = { read: v.number(), stored: v.number(), rejected: v.number() }
const summary = v.object({
  ...{ name: v.string(), file: v.string(), kind: v.nullable(v.string()) },
  ...{ startedAt: v.nullable(v.string()), finishedAt: v.string(), isCheck: v.boolean() },
  ...{ ...counts, updated: v.number(), unchanged: v.number(), doubts: v.number() },
  ...{ brokenOff: v.nullable(v.string()), isLost: v.boolean() },
})
/** An import's result in short. */
export type ReportSummary = v.InferOutput<typeof summary>

const byPerson = { by: v.string(), isOwn: v.boolean() }
const stateSchema = v.object({
  /** Whose file is arriving. */
  receiving: v.nullable(v.object(byPerson)),
  file: v.nullable(
    v.object({
      ...{ name: v.string(), bytes: v.number(), at: v.string(), isBasemap: v.boolean() },
      ...byPerson,
    }),
  ),
  job: v.nullable(
    v.object({
      step: v.picklist(['look', 'check', 'store', 'basemap', 'remove-basemap']),
      ...{ startedAt: v.string(), endedAt: v.nullable(v.string()), ...byPerson },
      progress: v.nullable(v.object(counts)),
      found: v.array(v.string()),
      look: v.nullable(looked),
      basemap: v.nullable(
        v.object({
          box: v.array(v.number()),
          ...{ maxZoom: v.number(), covered: v.number(), attribution: v.string() },
        }),
      ),
      ...{ report: v.nullable(v.string()), error: v.nullable(noteSchema), isStopped: v.boolean() },
      /** The server ended before the work did. */
      isCutShort: v.boolean(),
      /** As it was asked for. */
      wish: v.record(v.string(), v.unknown()),
    }),
  ),
  reports: v.array(summary),
  mappings: v.array(
    v.object({
      ...{ name: v.string(), kind: v.string(), columns: v.array(v.string()) },
      ...{ mapping: v.record(v.string(), v.unknown()), changedBy: v.nullable(v.string()) },
    }),
  ),
  cityBasemap: v.nullable(v.object({ url: v.string(), attribution: v.string() })),
})
export type DeskState = v.InferOutput<typeof stateSchema>

const reasons = v.array(
  v.object({ reason: v.string(), count: v.number(), en: v.string(), zh: v.string() }),
)
const items = v.array(
  v.object({
    ...{ at: v.nullable(v.number()), id: v.nullable(v.string()), field: v.nullable(v.string()) },
    ...{ reason: v.string(), detail: v.nullable(noteSchema) },
  }),
)
const reportSchema = v.object({
  ...{ summary, reasons, doubts: reasons, items, doubtItems: items },
  ...{ itemCount: v.number(), warnings: notes },
  brokenOff: v.nullable(noteSchema),
})
export type ImportedReport = v.InferOutput<typeof reportSchema>

/** Every call throws `AppError`; a Supabase has no desk. */
export const importsRepo = (backend: Backend) => {
  async function ask(path: string, init: RequestInit = {}): Promise<Response> {
    try {
      const answer = await fetchSigned(backend, `imports/v1${path}`, init)
      if (answer.ok) return answer
      const body = (await answer.json().catch(() => ({}))) as object
      throw errorFromAnswer(body, answer.status)
    } catch (error) {
      throw toAppError(error)
    }
  }
  async function read<T>(path: string, schema: v.GenericSchema<unknown, T>): Promise<T> {
    const answer: unknown = await (await ask(path)).json()
    const parsed = v.safeParse(schema, answer)
    if (parsed.success) return parsed.output
    throw new AppError('server', `${path}: ${parsed.issues[0].message}`, { code: 'bad_answer' })
  }
  const send = async (method: string, path: string, body?: object): Promise<void> =>
    void (await ask(path, {
      method,
      ...(body
        ? { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
        : {}),
    }))
  const named = (name: string): string => encodeURIComponent(name)
  return {
    state: (): Promise<DeskState> => read('/state', stateSchema),
    report: (name: string): Promise<ImportedReport> =>
      read(`/reports/${named(name)}`, reportSchema),
    rejected: async (name: string): Promise<Blob> =>
      (await ask(`/reports/${named(name)}/rejected`)).blob(),
    start: (wish: object): Promise<void> => send('POST', '/job', wish),
    stop: (): Promise<void> => send('DELETE', '/job'),
    discard: (): Promise<void> => send('DELETE', '/file'),
    keepMapping: (mapping: object): Promise<void> => send('PUT', '/mappings', mapping),
    deleteMapping: (name: string): Promise<void> => send('DELETE', `/mappings?name=${named(name)}`),

    /** `fetch` tells nothing of an upload's progress. @param onProgress 0 to 1 */
    async upload(
      file: File,
      onProgress: (share: number) => void,
      signal: AbortSignal,
    ): Promise<void> {
      const { data } = await backend.supabase.auth.getSession()
      if (!data.session) throw new AppError('unauthorized', 'no session to send with')
      const request = new XMLHttpRequest()
      request.open('PUT', `${backend.url}imports/v1/file?name=${named(file.name)}`)
      request.setRequestHeader('apikey', backend.config.publishableKey)
      request.setRequestHeader('authorization', `Bearer ${data.session.access_token}`)
      const isSent = new Promise<void>((resolve, reject) => {
        request.upload.onprogress = ({ loaded, total }) =>
          onProgress(total > 0 ? loaded / total : 0)
        request.onerror = () => reject(new AppError('offline', 'the connection was lost'))
        request.onabort = () => reject(new DOMException('given up', 'AbortError'))
        request.onload = () => {
          if (request.status === 200) return resolve()
          let body: object = {}
          try {
            body = JSON.parse(request.responseText) as object
          } catch {
            // a proxy's page
          }
          reject(errorFromAnswer(body, request.status))
        }
      })
      signal.addEventListener('abort', () => request.abort())
      request.send(file)
      return isSent
    },
  }
}
