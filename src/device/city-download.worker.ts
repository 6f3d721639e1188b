import { downloadArchive } from './city-download.ts'
import type { DownloadCall, DownloadNews } from './city-files.ts'

/** Only workers can write files in pieces in every browser. */
const scope = globalThis as unknown as DedicatedWorkerGlobalScope
const controller = new AbortController()
const tell = (news: DownloadNews): void => scope.postMessage(news)

scope.onmessage = async ({ data }: MessageEvent<DownloadCall>) => {
  if (data.kind === 'cancel') return controller.abort()
  const { url, name, etag } = data
  try {
    const root = await navigator.storage.getDirectory()
    const handle = await root.getFileHandle(name, { create: true })
    const file = await handle.createSyncAccessHandle()
    await downloadArchive({ url, etag, file, tell, signal: controller.signal })
  } catch (error) {
    // Another tab holds the file, or the browser forbids it.
    console.warn('The map cannot be stored:', error)
    tell({ kind: 'failed', reason: 'server' })
  }
}
