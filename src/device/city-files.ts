/** `etag` is null if the server sends none. */
export interface KeptFile {
  /** Name in the origin's private file system. */
  name: string
  etag: string | null
  bytes: number
}

export type DownloadCall =
  | { kind: 'download'; url: string; name: string; etag: string | null }
  | { kind: 'cancel' }

export type DownloadFailure = 'offline' | 'no-space' | 'not-a-map' | 'server'

/** `total` is null if the server does not send the length. */
export type DownloadNews =
  | { kind: 'progress'; received: number; total: number | null; etag: string | null }
  | { kind: 'done'; bytes: number; etag: string | null }
  | { kind: 'cancelled' }
  | { kind: 'failed'; reason: DownloadFailure }

/** True only in secure contexts. */
export const hasCityFiles = (): boolean => typeof navigator.storage?.getDirectory === 'function'

/** Null if missing or changed. */
export async function readCityFile({ name, bytes }: KeptFile): Promise<File | null> {
  try {
    const root = await navigator.storage.getDirectory()
    const file = await (await root.getFileHandle(name)).getFile()
    // Another size means another file.
    return file.size === bytes ? file : null
  } catch {
    return null
  }
}

export async function removeCityFile(name: string): Promise<void> {
  try {
    const root = await navigator.storage.getDirectory()
    await root.removeEntry(name)
  } catch {
    // already absent
  }
}
