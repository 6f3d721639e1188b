import { PhotoRefused, type PhotoRefusal } from '@/domain/photo/photo-kind.ts'
import type { NewPhoto } from '@/domain/photo/new-photo.ts'
import type { PhotoAnswer } from './photo.worker.ts'

/** Longer than the largest photo takes on a slow phone. */
const patienceMs = 90_000
/** The idle worker then ends, to free memory. */
const idleMs = 15_000

let worker: Worker | null = null
let idleTimer: ReturnType<typeof setTimeout> | undefined
let queue: Promise<unknown> = Promise.resolve()

/**
 * One at a time: two large photos exceed a phone's memory.
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
      // `ErrorEvent`: the worker failed. Plain event: its file did not load (new version, or
      // offline).
      giveUp(event instanceof ErrorEvent ? 'broken' : 'not-loaded', event.message)
    }
    asked.postMessage(file)
  })
}

function dismiss(): void {
  worker?.terminate()
  worker = null
}
