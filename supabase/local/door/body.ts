/** A request's whole body, null when there is none, or 'too large' as soon as that is known. */
export async function readBody(
  request: Request,
  limitBytes: number,
): Promise<ArrayBuffer | null | 'too large'> {
  if (Number(request.headers.get('content-length') ?? 0) > limitBytes) return 'too large'
  if (!request.body || request.method === 'GET' || request.method === 'HEAD') return null
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of request.body as unknown as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength
    if (size > limitBytes) return 'too large'
    chunks.push(chunk)
  }
  const whole = new Uint8Array(size)
  let offset = 0
  for (const chunk of chunks) {
    whole.set(chunk, offset)
    offset += chunk.byteLength
  }
  return whole.buffer
}

/** Levels a request's JSON may be nested; ours need six. */
export const deepestNesting = 64

/**
 * True when JSON is nested deeper than `deepestNesting`. From some thousands of levels on the
 * embedded database's stack overflows and it drops writes, so such a body must not come near it, nor
 * into the journal that is replayed at boot. Brackets inside strings do not count.
 */
export function isTooDeep(body: ArrayBuffer): boolean {
  let depth = 0
  let isInString = false
  const bytes = new Uint8Array(body)
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]
    if (isInString) {
      if (byte === backslash) i++
      else if (byte === quote) isInString = false
    } else if (byte === quote) isInString = true
    else if (byte === openBracket || byte === openBrace) {
      if (++depth > deepestNesting) return true
    } else if (byte === closeBracket || byte === closeBrace) depth--
  }
  return false
}

const [quote, backslash, openBracket, closeBracket, openBrace, closeBrace] = [34, 92, 91, 93, 123, 125]
