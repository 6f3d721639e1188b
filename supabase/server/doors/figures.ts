import { createHash } from 'node:crypto'
import { compressBody, encodingFor } from '../wire/compress.ts'
import type { Encoding } from '../wire/compress.ts'

/** The finished document in memory: requests ask no database. */
export class PublishedDocument {
  #text: Uint8Array | null = null
  #etag = ''
  #encoded = new Map<Encoding, Promise<Uint8Array>>()

  /** Null withdraws it. */
  set(text: string | null): void {
    this.#text = text === null ? null : new TextEncoder().encode(text)
    this.#etag = `"${createHash('sha256')
      .update(text ?? '')
      .digest('base64url')
      .slice(0, 22)}"`
    this.#encoded.clear()
  }

  async answer(request: Headers): Promise<Response> {
    const text = this.#text
    if (!text) return new Response(null, { status: 204, headers: { 'cache-control': 'no-store' } })
    const headers = new Headers({
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'public, max-age=60',
      etag: this.#etag,
      vary: 'accept-encoding',
    })
    const given = (request.get('if-none-match') ?? '').split(/\s*,\s*/)
    if (given.some((tag) => tag.replace(/^W\//, '') === this.#etag))
      return new Response(null, { status: 304, headers })
    const encoding = encodingFor(request.get('accept-encoding') ?? undefined)
    let body = this.#encoded.get(encoding)
    if (!body) {
      body = compressBody(text, encoding, true).then((packed) => packed.body)
      this.#encoded.set(encoding, body)
    }
    const bytes = await body
    if (encoding && bytes !== text) headers.set('content-encoding', encoding)
    return new Response(new Uint8Array(bytes), { headers })
  }
}
