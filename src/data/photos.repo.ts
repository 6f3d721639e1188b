import * as v from 'valibot'
import type { PhotoMediaType } from '@/domain/photo/photo-bytes.ts'
import { fetchSigned, type Backend } from './client.ts'
import { AppError, errorFromAnswer, isAbort, toAppError } from './errors.ts'

/** `owner` is the uploader's user id, `hash` a SHA-256. */
export interface PhotoAddress {
  owner: string
  hash: string
  mediaType: PhotoMediaType
}

interface PhotoFile {
  hash: string
  mediaType: PhotoMediaType
  bytes: ArrayBuffer
  /** An earlier try may have arrived. */
  mayBeThere: boolean
}

/** Name within the bucket. */
const nameOf = ({ owner, hash, mediaType }: PhotoAddress): string =>
  `${owner}/${hash}.${mediaType === 'image/webp' ? 'webp' : 'jpg'}`
const pathOf = (address: PhotoAddress): string => `photos/${nameOf(address)}`

const refusalSchema = v.object({
  message: v.optional(v.string()),
  code: v.optional(v.string()),
  error: v.optional(v.string()),
  statusCode: v.optional(v.union([v.string(), v.number()])),
})
const objects = 'storage/v1/object/'
const storedSchema = v.object({ Key: v.string() })
const infoSchema = v.object({ size: v.number() })
const checkedSchema = v.object({ ok: v.literal(true) })

/** Every call throws `AppError`, or AbortError when `signal` aborts. */
export const photosRepo = (backend: Backend) => {
  const shown = shownPhotos(backend)

  async function ask(path: string, init: RequestInit): Promise<Response> {
    const response = await fetchSigned(backend, path, init)
    if (response.ok) return response
    throw await refusalOf(response)
  }

  /** Bytes; null when the server lacks the file. */
  async function sizeAtServer(address: PhotoAddress, signal?: AbortSignal): Promise<number | null> {
    try {
      const response = await ask(`${objects}info/authenticated/${pathOf(address)}`, {
        signal: signal ?? null,
      })
      return (await jsonOf(response, infoSchema)).size
    } catch (error) {
      // Supabase answers 400, with 404 in the body.
      if (error instanceof AppError && error.code === 'not_found') return null
      throw error
    }
  }

  /** Supabase Storage takes any file; our server checks. */
  async function haveChecked(address: PhotoAddress, signal?: AbortSignal): Promise<void> {
    if (backend.config.tier !== 'supabase') return
    const response = await ask('functions/v1/check-photo', {
      method: 'POST',
      body: JSON.stringify({ path: nameOf(address) }),
      headers: { 'content-type': 'application/json' },
      signal: signal ?? null,
    })
    await jsonOf(response, checkedSchema)
  }

  return {
    /**
     * Resolves once the whole file has arrived.
     * @throws AppError kind `invalid` with a code `photo_…` for a final refusal
     */
    async upload(owner: string, photo: PhotoFile, signal?: AbortSignal): Promise<void> {
      const address = { owner, hash: photo.hash, mediaType: photo.mediaType }
      const isThere = async () => (await sizeAtServer(address, signal)) === photo.bytes.byteLength
      if (photo.mayBeThere && (await isThere())) return haveChecked(address, signal)
      const path = pathOf(address)
      try {
        const response = await ask(objects + path, {
          method: 'POST',
          body: photo.bytes,
          headers: { 'content-type': photo.mediaType, 'cache-control': 'max-age=31536000' },
          signal: signal ?? null,
        })
        const { Key } = await jsonOf(response, storedSchema)
        if (Key !== path) throw notStorage(`stored as ${Key}`)
      } catch (error) {
        const isAlreadyThere = error instanceof AppError && error.code === 'already_there'
        if (!isAlreadyThere) throw error
      }
      if (!(await isThere())) throw new AppError('server', 'the photo did not arrive whole')
      await haveChecked(address, signal)
    },

    async load(address: PhotoAddress, signal?: AbortSignal): Promise<Blob> {
      const path = pathOf(address)
      const kept = shown.take(path)
      if (kept) return kept
      const response = await ask(`${objects}authenticated/${path}`, { signal: signal ?? null })
      const blob = new Blob([await bodyOf(() => response.arrayBuffer())], {
        type: address.mediaType,
      })
      shown.put(path, blob)
      return blob
    },
  }
}

async function refusalOf(response: Response): Promise<AppError> {
  const { status } = response
  const seconds = Number(response.headers.get('retry-after'))
  const body: unknown = await response.json().catch(() => null)
  const parsed = v.safeParse(refusalSchema, body)
  const refusal = parsed.success ? parsed.output : {}
  const inner = Number(refusal.statusCode)
  const code =
    status === 404 || inner === 404
      ? 'not_found'
      : status === 409 || inner === 409
        ? 'already_there'
        : (refusal.code ?? null)
  const answer = { message: refusal.message ?? refusal.error ?? '', code }
  // Only Storage's own refusals count, not a proxy's.
  if (!parsed.success && status < 500 && status !== 401 && status !== 429)
    return notStorage(`HTTP ${status} in other words than Storage's`)
  // The token belongs to another person.
  const counted = code === 'photo_not_yours' ? 401 : status
  return errorFromAnswer(answer, counted, status === 429 && seconds > 0 ? seconds : null)
}

const notStorage = (what: string): AppError =>
  new AppError('offline', `this is not the photo storage: ${what}`, { code: 'bad_answer' })

/** The body may be cut off. */
async function bodyOf<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    if (isAbort(error)) throw error
    const { message } = toAppError(error)
    throw new AppError('offline', message, { code: 'bad_answer', cause: error })
  }
}

async function jsonOf<T>(response: Response, schema: v.GenericSchema<unknown, T>): Promise<T> {
  const parsed = v.safeParse(schema, await bodyOf((): Promise<unknown> => response.json()))
  if (!parsed.success) throw notStorage(parsed.issues[0].message)
  return parsed.output
}

/** Least recently used. */
class ShownPhotos {
  #blobs = new Map<string, Blob>()
  #bytes = 0
  readonly maxBytes = 24 * 1024 * 1024

  take(path: string): Blob | undefined {
    const blob = this.#blobs.get(path)
    if (blob) {
      this.#blobs.delete(path)
      this.#blobs.set(path, blob)
    }
    return blob
  }

  put(path: string, blob: Blob): void {
    this.#bytes += blob.size - (this.#blobs.get(path)?.size ?? 0)
    this.#blobs.delete(path)
    this.#blobs.set(path, blob)
    for (const [oldest, { size }] of this.#blobs) {
      if (this.#bytes <= this.maxBytes) return
      this.#blobs.delete(oldest)
      this.#bytes -= size
    }
  }
}
const shownByBackend = new WeakMap<Backend, ShownPhotos>()
function shownPhotos(backend: Backend): ShownPhotos {
  let shown = shownByBackend.get(backend)
  if (!shown) shownByBackend.set(backend, (shown = new ShownPhotos()))
  return shown
}
