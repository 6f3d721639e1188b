import { PhotoRefused, type PhotoRefusal } from '@/domain/photo/photo-kind.ts'
import type { NewPhoto } from '@/domain/photo/new-photo.ts'
import type { PhotoAnswer } from './photo.worker.ts'

/** Longer than a slow phone needs for the largest photo. */
const patienceMs = 90_000
/** What decoding took is given back when nothing came for so long. */
const idleMs = 15_000

let worker: Worker | null = null
let idleTimer: ReturnType<typeof setTimeout> | undefined
let queue: Promise<unknown> = Promise.resolve()

/**
 * Makes of a file from camera or gallery what the outbox stores. One at a time, however many are
 * chosen: two large photos at once are more than a phone's memory holds.
 * @throws PhotoRefused
 */
export function takePhoto(file: Blob): Promise<NewPhoto> {
  const result = queue.then(() => ask(file))
  queue = result.catch(() => undefined)
  return result
}

function ask(file: Blob): Promise<NewPhoto> {
  clearTimeout(idleTimer)
  worker ??= new Worker(new URL('./photo.worker.ts', import.meta.url), { type: 'module' })
  const asked = worker
  return new Promise<NewPhoto>((resolve, reject) => {
    const giveUp = (code: PhotoRefusal, cause?: unknown): void => {
      dismiss()
      reject(new PhotoRefused(code, cause))
    }
    const timer = setTimeout(() => giveUp('broken'), patienceMs)
    asked.onmessage = ({ data }: MessageEvent<PhotoAnswer>) => {
      clearTimeout(timer)
      idleTimer = setTimeout(dismiss, idleMs)
      if (data.ok) resolve(data.photo)
      else reject(new PhotoRefused(data.code))
    }
    asked.onerror = (event) => {
      clearTimeout(timer)
      // A worker that fails tells what happened; one whose file is not there (another version took
      // its place, or there is no network) tells nothing.
      giveUp(event instanceof ErrorEvent ? 'broken' : 'not-loaded', event.message)
    }
    asked.postMessage(file)
  })
}

function dismiss(): void {
  worker?.terminate()
  worker = null
}
