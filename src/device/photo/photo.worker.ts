import { PhotoRefused, type PhotoRefusal } from '@/domain/photo/photo-kind.ts'
import type { NewPhoto } from '@/domain/photo/new-photo.ts'
import { encodePhoto } from './encode.ts'

export type PhotoAnswer = { ok: true; photo: NewPhoto } | { ok: false; code: PhotoRefusal }

const scope = globalThis as unknown as DedicatedWorkerGlobalScope

/** The page waits for each answer. */
scope.onmessage = async ({ data }: MessageEvent<Blob>) => {
  try {
    const photo = await encodePhoto(data)
    const answer: PhotoAnswer = { ok: true, photo }
    scope.postMessage(answer, [photo.bytes, ...(photo.thumbnail ? [photo.thumbnail] : [])])
  } catch (error) {
    if (!(error instanceof PhotoRefused)) console.warn('Photo:', error)
    const code = error instanceof PhotoRefused ? error.code : 'broken'
    scope.postMessage({ ok: false, code } satisfies PhotoAnswer)
  }
}
