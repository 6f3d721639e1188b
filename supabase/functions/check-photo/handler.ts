import { checkPhoto, photoNameFromPath } from '../../../src/domain/photo/photo-rules.ts'
import type { PhotoName, PhotoVerdict } from '../../../src/domain/photo/photo-rules.ts'

export interface PhotoGateway {
  /** Null without a valid session. */
  userOf(authorization: string): Promise<string | null>
  /** From the bucket `photos`; null when missing. */
  download(path: string): Promise<Uint8Array | null>
  /** False when another verdict stands; then remove nothing. */
  record(name: PhotoName, bytes: number, verdict: PhotoVerdict): Promise<boolean>
  remove(path: string): Promise<void>
}

/** The session token decides access, not the page's origin. */
const crossOrigin = {
  'access-control-allow-origin': '*',
  'access-control-allow-headers': 'authorization, apikey, content-type, x-client-info',
  'access-control-allow-methods': 'POST',
}

/**
 * Judges an uploaded photo; `code` is a `PhotoFault`. Removes a refused one, so that its name is
 * free again. A call can stall for minutes while others judge a newer upload. Then it answers 503
 * and removes nothing.
 */
export async function answerCheck(request: Request, gateway: PhotoGateway): Promise<Response> {
  if (request.method === 'OPTIONS') return new Response(null, { status: 204, headers: crossOrigin })
  if (request.method !== 'POST') return answer(405, { ok: false, code: 'post_only' })
  const user = await gateway.userOf(request.headers.get('authorization') ?? '')
  if (!user) return answer(401, { ok: false, code: 'bad_jwt' })
  const path = pathIn(await request.text())
  const name = photoNameFromPath(path)
  if (!name) return answer(400, { ok: false, code: 'photo_bad_path' })
  if (name.owner !== user) return answer(403, { ok: false, code: 'photo_not_yours' })
  const bytes = await gateway.download(path)
  if (!bytes) return answer(404, { ok: false, code: 'photo_missing' })
  const verdict = checkPhoto(bytes, { ...name, actualHash: await sha256(bytes) })
  if (!(await gateway.record(name, bytes.length, verdict)))
    return answer(503, { ok: false, code: 'photo_being_checked' })
  if (verdict.ok) return answer(200, { ok: true })
  await gateway.remove(path)
  return answer(422, { ok: false, code: verdict.fault })
}

function answer(status: number, body: { ok: boolean; code?: string }): Response {
  return Response.json(body, { status, headers: { ...crossOrigin, 'cache-control': 'no-store' } })
}

function pathIn(body: string): string {
  try {
    const { path } = JSON.parse(body) as { path?: unknown }
    return typeof path === 'string' ? path : ''
  } catch {
    return ''
  }
}

async function sha256(bytes: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new Uint8Array(bytes))
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}
