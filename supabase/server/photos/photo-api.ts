import { photoLimits, photoNameFromPath, photoPath } from '../../../src/domain/photo/photo-rules.ts'
import type { PhotoFault, PhotoName } from '../../../src/domain/photo/photo-rules.ts'
import type { Database } from '../base/database-types.ts'
import { readBody } from '../wire/body.ts'
import type { FairQueue } from '../wire/fair-queue.ts'
import { tooMany } from '../wire/problem.ts'
import { RateLimit } from '../wire/rate-limit.ts'
import type { Journal } from '../journal/journal.ts'
import { judgePhoto, recordPhoto } from './photo-checks.ts'
import { PhotoReader } from './photo-reader.ts'
import type { PhotoStore } from './photo-store.ts'

export interface PhotoApiContext {
  store: PhotoStore
  /** With the owner's rights. */
  database(): Database
  queue: FairQueue
  /** Null on an own Postgres, which keeps its own log. */
  journal: Journal | null
  /** Per person. */
  quotaBytes: number
  onChange(): void
}

/** Several days' photos at once, then five a second. */
const perUser = { burst: 600, perSecond: 5 }
/** Without a new byte. */
const maxStalledMs = 120_000
/** For the database and its journal. */
const reservedBytes = 512 * 1024 * 1024

const refusals: Record<
  PhotoFault | 'photo_not_yours' | 'photo_incomplete' | 'photo_too_slow' | 'photo_no_room',
  [number, string]
> = {
  photo_too_large: [413, `A photo has at most ${photoLimits.bytes} bytes.`],
  photo_wrong_hash: [400, 'The bytes are not those the name was made from.'],
  photo_not_an_image: [415, 'This is no whole JPEG or WebP picture.'],
  photo_wrong_type: [415, 'The content is of another type than its name or Content-Type says.'],
  photo_too_big_sides: [422, `A photo has at most ${photoLimits.sidePixels} pixels a side.`],
  photo_has_metadata: [
    422,
    'The file holds more than the picture: take EXIF and the like out of it.',
  ],
  photo_not_yours: [403, 'Photos are uploaded under one’s own user id.'],
  photo_too_slow: [408, 'Nothing of the photo arrived for two minutes. Send it again.'],
  photo_incomplete: [400, 'The upload broke off.'],
  photo_no_room: [507, 'There is no room for more photos. Keep it, and tell the administrator.'],
}

/** See `adr/2026-02-01-photos-behind-our-own-door.md`. */
export class PhotoApi {
  #context: PhotoApiContext
  #uploads = new RateLimit(perUser.burst, perUser.perSecond)
  #reader: PhotoReader

  constructor(context: PhotoApiContext) {
    this.#context = context
    this.#reader = new PhotoReader(context.database, context.queue)
  }

  async read(request: Request, path: string, userId: string): Promise<Response> {
    const photo = await this.#readable(path, userId)
    if (!photo) return photoNotFound()
    return contentOf(request, photo.name, photo.bytes, () => this.#context.store.stream(photo.name))
  }

  async info(path: string, userId: string): Promise<Response> {
    const photo = await this.#readable(path, userId)
    return photo ? infoOf(photo.name, photo.bytes) : photoNotFound()
  }

  /** Null when missing or hidden from the user. */
  async #readable(path: string, userId: string) {
    const name = photoNameFromPath(path)
    if (!name || !(await this.#reader.mayRead(name, userId.toLowerCase()))) return null
    const bytes = await this.#context.store.size(name)
    return bytes === null ? null : { name, bytes }
  }

  /**
   * Answers after file, journal entry and check record are stored. A repeated upload gets the same
   * answer.
   */
  async upload(request: Request, path: string, user: string): Promise<Response> {
    const userId = user.toLowerCase()
    const name = photoNameFromPath(path)
    // Two answers, so that a fault in the app shows at once.
    if (!name) return photoNotFound()
    if (name.owner !== userId) return refusal('photo_not_yours')
    const wait = this.#uploads.take(userId)
    if (wait > 0) return tooMany(wait)
    const body = await readBody(request, photoLimits.bytes, { stalledMs: maxStalledMs }).catch(
      () => 'broken off' as const,
    )
    if (body === 'too slow') return refusal('photo_too_slow')
    if (body === 'too large') return refusal('photo_too_large')
    if (body === 'broken off') return refusal('photo_incomplete')
    const bytes = new Uint8Array(body ?? new ArrayBuffer(0))
    const length = request.headers.get('content-length')
    if (length !== null && Number(length) !== bytes.length) return refusal('photo_incomplete')
    const verdict = judgePhoto(name, bytes)
    if (!verdict.ok) return refusal(verdict.fault)
    const contentType = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase()
    if (contentType !== name.mediaType) return refusal('photo_wrong_type')

    const { store, journal, onChange } = this.#context
    const held = await store.read(name)
    if (!held || !judgePhoto(name, held).ok) {
      if (!(await this.#hasRoom(userId, bytes.length))) return refusal('photo_no_room')
      await store.write(name, bytes)
    }
    const { hash, mediaType } = name
    const photo = { hash, mediaType }
    const received = new Date().toISOString()
    const settled = await journal?.append({ user: userId, body: '', received, photo })
    try {
      await this.#inTurn(userId, () => recordPhoto(this.#context.database(), name, verdict))
    } finally {
      settled?.()
      onChange()
    }
    return json(200, { Id: objectId(hash), Key: `photos/${photoPath(name)}` })
  }

  #inTurn<T>(userId: string, work: () => Promise<T>): Promise<T> {
    return this.#context.queue.run(userId, work)
  }

  async #hasRoom(owner: string, bytes: number): Promise<boolean> {
    const { store, quotaBytes } = this.#context
    if ((await store.freeBytes()) - bytes < reservedBytes) return false
    const [row] = await this.#inTurn(owner, () =>
      this.#context.database().query<{ used: number }>(
        `select coalesce(sum(bytes), 0)::float8 as used from public.photo_checks
          where owner = $1::uuid and verdict = 'ok'`,
        [owner],
      ),
    )
    return (row?.used ?? 0) + bytes <= quotaBytes
  }
}

/** For missing and forbidden photos alike. */
export function photoNotFound(): Response {
  return storageProblem(404, 'NoSuchKey', 'Object not found')
}

function refusal(code: keyof typeof refusals): Response {
  const [status, message] = refusals[code]
  return storageProblem(status, code, message)
}

/** supabase-js reads Storage's errors in this shape. */
function storageProblem(status: number, code: string, message: string): Response {
  return json(status, { statusCode: String(status), error: code, message, code })
}

function json(status: number, value: object): Response {
  const headers = { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' }
  return new Response(JSON.stringify(value), { status, headers })
}

function infoOf(name: PhotoName, bytes: number): Response {
  return json(200, {
    id: objectId(name.hash),
    name: photoPath(name),
    bucket_id: 'photos',
    size: bytes,
    content_type: name.mediaType,
    etag: `"${name.hash}"`,
  })
}

/** Strict policy: the file can do nothing when opened alone. */
function contentOf(
  request: Request,
  name: PhotoName,
  bytes: number,
  stream: () => ReadableStream<Uint8Array>,
): Response {
  const etag = `"${name.hash}"`
  const headers = {
    'content-type': name.mediaType,
    'cache-control': 'private, max-age=31536000, immutable',
    'content-disposition': 'inline',
    'content-security-policy': "default-src 'none'; sandbox",
    'x-content-type-options': 'nosniff',
    etag,
    vary: 'authorization',
  }
  if (request.headers.get('if-none-match') === etag) {
    return new Response(null, { status: 304, headers })
  }
  const length = { 'content-length': String(bytes) }
  const body = request.method === 'HEAD' ? null : stream()
  return new Response(body, { status: 200, headers: { ...headers, ...length } })
}

/** Storage gives every object an id: the hash's start, as a UUID. */
function objectId(hash: string): string {
  return hash.slice(0, 32).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
