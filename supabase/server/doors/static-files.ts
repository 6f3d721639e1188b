import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { extname, join, normalize, sep } from 'node:path'
import { Readable } from 'node:stream'
import { getMimeType } from 'hono/utils/mime'
import { compressBody, encodingFor, isCompressible } from '../wire/compress.ts'
import type { Encoding } from '../wire/compress.ts'

const maxKeptBytes = 8 * 1024 * 1024

interface Kept {
  modified: number
  etag: string
  plain: Buffer
  encoded: Map<Encoding, Promise<Uint8Array>>
}

/** Why no library: `adr/2026-11-27-static-files-stay-ours.md`. */
export class StaticFiles {
  #folder: string
  #kept = new Map<string, Kept>()

  constructor(folder: string) {
    this.#folder = folder
  }

  async answer(urlPath: string, request: Headers, status = 200): Promise<Response | null> {
    const path = this.#pathOf(urlPath)
    if (!path) return null
    const info = await stat(path).catch(() => null)
    if (!info?.isFile()) return null
    const headers = new Headers({
      'content-type': contentTypeOf(path),
      'cache-control': urlPath.startsWith('/assets/')
        ? 'public, max-age=31536000, immutable'
        : 'no-cache',
      'last-modified': info.mtime.toUTCString(),
    })
    return info.size > maxKeptBytes || extname(path) === '.pmtiles'
      ? streamed(path, info.size, info.mtimeMs, request, headers)
      : this.#fromMemory(path, info.mtimeMs, request, headers, status)
  }

  /** Null outside the folder and for hidden files. */
  #pathOf(urlPath: string): string | null {
    let decoded: string
    try {
      decoded = decodeURIComponent(urlPath)
    } catch {
      return null
    }
    if (decoded.includes('\0') || decoded.split('/').some((part) => part.startsWith('.')))
      return null
    const path = normalize(join(this.#folder, decoded))
    return path.startsWith(normalize(this.#folder) + sep) ? path : null
  }

  async #fromMemory(
    path: string,
    modified: number,
    request: Headers,
    headers: Headers,
    status: number,
  ): Promise<Response> {
    let kept = this.#kept.get(path)
    if (kept?.modified !== modified) {
      const plain = await readFile(path)
      const etag = `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`
      kept = { modified, etag, plain, encoded: new Map() }
      this.#kept.set(path, kept)
    }
    headers.set('etag', kept.etag)
    headers.set('vary', 'accept-encoding')
    if (isUnchanged(request, kept.etag)) return new Response(null, { status: 304, headers })
    const encoding = isCompressible(headers.get('content-type') ?? '')
      ? encodingFor(request.get('accept-encoding') ?? undefined)
      : null
    const body = await this.#encoded(path, kept, encoding)
    if (encoding && body !== kept.plain) headers.set('content-encoding', encoding)
    return new Response(new Uint8Array(body), { status, headers })
  }

  #encoded(path: string, kept: Kept, encoding: Encoding): Promise<Uint8Array> {
    let encoded = kept.encoded.get(encoding)
    if (!encoded) {
      encoded = encodedAhead(path, encoding).then(
        async (ahead) => ahead ?? (await compressBody(kept.plain, encoding, true)).body,
      )
      kept.encoded.set(encoding, encoded)
    }
    return encoded
  }
}

/** Written by the build beside files whose names change with their contents. */
async function encodedAhead(path: string, encoding: Encoding): Promise<Uint8Array | null> {
  if (encoding !== 'br' || !path.includes(`${sep}assets${sep}`)) return null
  return readFile(`${path}.br`).catch(() => null)
}

function contentTypeOf(path: string): string {
  if (path.endsWith('.md')) return 'text/markdown; charset=utf-8'
  return getMimeType(path.toLowerCase()) ?? 'application/octet-stream'
}

function streamed(
  path: string,
  size: number,
  modified: number,
  request: Headers,
  headers: Headers,
): Response {
  const etag = `"${size.toString(36)}-${Math.floor(modified).toString(36)}"`
  headers.set('etag', etag)
  headers.set('accept-ranges', 'bytes')
  if (isUnchanged(request, etag)) return new Response(null, { status: 304, headers })
  const ifRange = request.get('if-range')
  const range = !ifRange || ifRange === etag ? parseRange(request.get('range'), size) : null
  if (range === 'unsatisfiable') {
    headers.set('content-range', `bytes */${size}`)
    return new Response(null, { status: 416, headers })
  }
  const { start, end } = range ?? { start: 0, end: size - 1 }
  headers.set('content-length', String(end - start + 1))
  if (range) headers.set('content-range', `bytes ${start}-${end}/${size}`)
  const body = Readable.toWeb(createReadStream(path, { start, end })) as ReadableStream<Uint8Array>
  return new Response(body, { status: range ? 206 : 200, headers })
}

/** Several ranges get the whole file, as HTTP allows. */
function parseRange(
  header: string | null,
  size: number,
): { start: number; end: number } | 'unsatisfiable' | null {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '')
  if (!match || (!match[1] && !match[2])) return null
  const start = match[1] ? Number(match[1]) : Math.max(0, size - Number(match[2]))
  const end = match[1] && match[2] ? Math.min(Number(match[2]), size - 1) : size - 1
  return start > end || start >= size ? 'unsatisfiable' : { start, end }
}

function isUnchanged(request: Headers, etag: string): boolean {
  const given = request.get('if-none-match')
  return (
    given === '*' || (given ?? '').split(/\s*,\s*/).some((tag) => tag.replace(/^W\//, '') === etag)
  )
}
