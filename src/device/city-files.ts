/** A tile archive on the device; `etag` tells which version of the file it is, where the server does. */
export interface KeptFile {
  /** Name in the origin's private file system. */
  name: string
  etag: string | null
  bytes: number
}

/** What is asked of the download worker. */
export type DownloadCall =
  | { kind: 'download'; url: string; name: string; etag: string | null }
  | { kind: 'cancel' }

export type DownloadFailure = 'offline' | 'no-space' | 'not-a-map' | 'server'

/** What it says: `total` is null while the server does not tell how long the file is. */
export type DownloadNews =
  | { kind: 'progress'; received: number; total: number | null; etag: string | null }
  | { kind: 'done'; bytes: number; etag: string | null }
  | { kind: 'cancelled' }
  | { kind: 'failed'; reason: DownloadFailure }

/** Whether this browser has a file system for the app: on secure addresses only. */
export const hasCityFiles = (): boolean => typeof navigator.storage?.getDirectory === 'function'

/** The file as it is now, or null. */
export async function readCityFile({ name, bytes }: KeptFile): Promise<File | null> {
  try {
    const root = await navigator.storage.getDirectory()
    const file = await (await root.getFileHandle(name)).getFile()
    // Another size is another file: what was recorded of it does not hold.
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
    // it was not there
  }
}
