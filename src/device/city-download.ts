import type { DownloadFailure, DownloadNews } from './city-files.ts'

export type FileHandle = Pick<
  FileSystemSyncAccessHandle,
  'getSize' | 'truncate' | 'read' | 'write' | 'flush' | 'close'
>

interface DownloadOptions {
  url: string
  /** ETag of the partial file; null if unknown. */
  etag: string | null
  file: FileHandle
  tell: (news: DownloadNews) => void
  signal: AbortSignal
  fetch?: typeof globalThis.fetch
}

const flushEveryBytes = 4 * 1024 * 1024
const tellEveryBytes = 256 * 1024
/** First bytes of every PMTiles archive. */
const magic = 'PMTiles'

/**
 * Downloads or resumes a tile archive. Keeps received bytes unless they are no archive. Never
 * throws.
 */
export async function downloadArchive(options: DownloadOptions): Promise<void> {
  const { file, tell } = options
  const news = await bringAndFlush(options).catch((error: unknown): DownloadNews =>
    options.signal.aborted ? { kind: 'cancelled' } : { kind: 'failed', reason: reasonOf(error) },
  )
  // Close first: the store terminates this worker when it hears of the end.
  file.close()
  tell(news)
}

async function bringAndFlush(options: DownloadOptions): Promise<DownloadNews> {
  try {
    return await bring(options)
  } finally {
    options.file.flush()
  }
}

class Refused extends Error {
  readonly reason: DownloadFailure
  constructor(reason: DownloadFailure) {
    super(reason)
    this.reason = reason
  }
}

function reasonOf(error: unknown): DownloadFailure {
  if (error instanceof Refused) return error.reason
  if (error instanceof Error && error.name === 'QuotaExceededError') return 'no-space'
  // fetch and the body's stream throw a TypeError when the network is lost
  return error instanceof TypeError ? 'offline' : 'server'
}

async function bring(options: DownloadOptions): Promise<DownloadNews> {
  const { file, signal, tell } = options
  const { response, offset, total, etag } = await ask(options)
  let at = offset
  let told = at
  let flushed = at
  file.truncate(at)
  tell({ kind: 'progress', received: at, total, etag })
  for await (const chunk of response.body ?? []) {
    signal.throwIfAborted()
    if (file.write(chunk, { at }) !== chunk.byteLength) throw new Refused('no-space')
    at += chunk.byteLength
    if (at - flushed >= flushEveryBytes) {
      file.flush()
      flushed = at
    }
    if (at - told >= tellEveryBytes) {
      tell({ kind: 'progress', received: at, total, etag })
      told = at
    }
  }
  if (total !== null && at !== total) throw new TypeError(`${at} of ${total} bytes arrived`)
  if (!isArchive(file)) {
    file.truncate(0)
    throw new Refused('not-a-map')
  }
  return { kind: 'done', bytes: at, etag }
}

async function ask({ url, etag, file, signal, fetch = globalThis.fetch }: DownloadOptions) {
  const begun = etag === null ? 0 : file.getSize()
  const get = (from: number) =>
    fetch(url, { headers: { range: `bytes=${from}-` }, cache: 'no-store', signal })
  let offset = begun
  let response = await get(begun)
  const isSame = response.status === 206 && response.headers.get('etag') === etag
  if (begun > 0 && !isSame) {
    await response.body?.cancel()
    offset = 0
    response = await get(0)
  }
  if (response.status === 200) offset = 0
  else if (response.status !== 206) throw new Refused('server')
  const length = Number(response.headers.get('content-length') ?? Number.NaN)
  const whole = Number(response.headers.get('content-range')?.split('/')[1] ?? Number.NaN)
  const total = response.status === 206 ? whole : length
  return {
    response,
    offset,
    total: Number.isSafeInteger(total) ? total : null,
    etag: response.headers.get('etag'),
  }
}

function isArchive(file: FileHandle): boolean {
  const start = new Uint8Array(magic.length)
  file.read(start, { at: 0 })
  return new TextDecoder().decode(start) === magic
}
