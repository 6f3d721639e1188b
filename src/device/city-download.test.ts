import { describe, expect, it } from 'vitest'
import { downloadArchive, type FileHandle } from './city-download.ts'
import type { DownloadNews } from './city-files.ts'

/** A file in memory. */
class MemoryFile implements FileHandle {
  bytes = new Uint8Array(0)
  capacity = Infinity
  isClosed = false
  getSize = () => this.bytes.length
  truncate(size: number) {
    const next = new Uint8Array(size)
    next.set(this.bytes.subarray(0, size))
    this.bytes = next
  }
  read(buffer: AllowSharedBufferSource, options?: FileSystemReadWriteOptions) {
    const at = options?.at ?? 0
    const found = this.bytes.subarray(at, at + buffer.byteLength)
    ;(buffer as Uint8Array).set(found)
    return found.length
  }
  write(buffer: AllowSharedBufferSource, options?: FileSystemReadWriteOptions) {
    const at = options?.at ?? 0
    if (at + buffer.byteLength > this.capacity) throw new DOMException('full', 'QuotaExceededError')
    if (at + buffer.byteLength > this.bytes.length) this.truncate(at + buffer.byteLength)
    this.bytes.set(buffer as Uint8Array, at)
    return buffer.byteLength
  }
  isFlushed = false
  open() {
    this.isClosed = false
    this.isFlushed = false
  }
  flush = () => void (this.isFlushed = true)
  close() {
    expect(this.isFlushed).toBe(true)
    this.isClosed = true
  }
}

const archive = new TextEncoder().encode(`PMTiles${'tile '.repeat(400)}`)
const chunkBytes = 100

/** Serves ranges in small pieces; the connection breaks after `cutAfter` bytes. */
function server(
  content = archive,
  options: { etag?: string; cutAfter?: number; ranges?: boolean } = {},
) {
  const { etag = '"one"', cutAfter = Infinity, ranges = true } = options
  const asked: string[] = []
  const fetch: typeof globalThis.fetch = async (_, init) => {
    const range = new Headers(init?.headers).get('range')!
    asked.push(range)
    const from = ranges ? Number(/bytes=(\d+)-/.exec(range)![1]) : 0
    let at = from
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        init?.signal?.throwIfAborted()
        if (at - from >= cutAfter) return controller.error(new TypeError('network error'))
        const piece = content.slice(at, at + chunkBytes)
        at += piece.length
        if (piece.length) controller.enqueue(piece)
        else controller.close()
      },
    })
    const headers = new Headers({ etag, 'content-length': String(content.length - from) })
    if (ranges)
      headers.set('content-range', `bytes ${from}-${content.length - 1}/${content.length}`)
    return new Response(body, { status: ranges ? 206 : 200, headers })
  }
  return { fetch, asked }
}

async function download(
  file: MemoryFile,
  from: Pick<ReturnType<typeof server>, 'fetch'>,
  etag: string | null = null,
  signal = new AbortController().signal,
) {
  file.open()
  const news: DownloadNews[] = []
  const tell = (one: DownloadNews): void => {
    // the store terminates the worker when it hears of the end
    expect(file.isClosed).toBe(one.kind !== 'progress')
    news.push(one)
  }
  await downloadArchive({ url: 'http://test/a', etag, file, tell, signal, fetch: from.fetch })
  return news.at(-1)
}
const done = (etag = '"one"', bytes = archive.length) => ({ kind: 'done', bytes, etag })

describe('downloadArchive', () => {
  it('goes on where a broken connection left it', async () => {
    const file = new MemoryFile()
    expect(await download(file, server(archive, { cutAfter: 700 }))).toEqual({
      kind: 'failed',
      reason: 'offline',
    })
    expect(file.getSize()).toBe(700)
    const second = server()
    expect(await download(file, second, '"one"')).toEqual(done())
    expect(second.asked).toEqual(['bytes=700-'])
    expect(file.bytes).toEqual(archive)
  })

  it('begins anew when the server holds another version, or knows no ranges', async () => {
    for (const other of [{ etag: '"two"' }, { ranges: false }]) {
      const file = new MemoryFile()
      await download(file, server(archive, { cutAfter: 700 }))
      const renewed = new TextEncoder().encode(`PMTiles${'other '.repeat(100)}`)
      const news = await download(file, server(renewed, other), '"one"')
      expect(news).toEqual(done(other.etag, renewed.length))
      expect(file.bytes).toEqual(renewed)
    }
  })

  it('keeps what has arrived when it is cancelled', async () => {
    const file = new MemoryFile()
    const controller = new AbortController()
    const source = server()
    const cancelling: typeof globalThis.fetch = async (input, init) => {
      queueMicrotask(() => controller.abort())
      return source.fetch(input, init)
    }
    expect(await download(file, { fetch: cancelling }, null, controller.signal)).toEqual({
      kind: 'cancelled',
    })
    expect(await download(file, source, '"one"')).toEqual(done())
    expect(file.bytes).toEqual(archive)
  })

  it.each([
    ['a portal’s page', server(new TextEncoder().encode('<html>'), { ranges: false }), 'not-a-map'],
    ['an answer cut short', server(archive, { cutAfter: 100, ranges: false }), 'offline'],
    ['an error', { fetch: async () => new Response('no', { status: 500 }) }, 'server'],
  ])('takes %s for no map', async (_, source, reason) => {
    expect(await download(new MemoryFile(), source)).toEqual({ kind: 'failed', reason })
  })

  it('takes what it does not know for no lost network, which would be tried again', async () => {
    const fetch = async () => Promise.reject(new DOMException('locked', 'InvalidStateError'))
    expect(await download(new MemoryFile(), { fetch })).toEqual({
      kind: 'failed',
      reason: 'server',
    })
  })

  it('says when there is no room, and what was there stays', async () => {
    const file = new MemoryFile()
    file.capacity = 500
    expect(await download(file, server())).toEqual({ kind: 'failed', reason: 'no-space' })
    expect(file.getSize()).toBe(500)
  })
})
