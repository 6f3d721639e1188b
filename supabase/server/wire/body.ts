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

/** The object that JSON text holds; null when it is anything else. */
export function objectIn(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text)
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? (value as Record<string, unknown>) : null
  } catch {
    return null
  }
}

/** Levels a request's JSON may be nested; ours need six. */
export const deepestNesting = 64

/**
 * True when JSON is nested deeper than `deepestNesting`. From some thousands of levels on the
 * embedded database's stack overflows and it drops writes, so such a text must not come near it, nor
 * into the journal that is replayed at boot. Brackets inside strings do not count; whoever hands a
 * string on to be read as JSON asks about the string too.
 */
export function isTooDeep(text: string): boolean {
  let depth = 0
  let isInString = false
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (isInString) {
      if (code === backslash) i++
      else if (code === quote) isInString = false
    } else if (code === quote) isInString = true
    else if (code === openBracket || code === openBrace) {
      if (++depth > deepestNesting) return true
    } else if (code === closeBracket || code === closeBrace) depth--
  }
  return false
}

const [quote, backslash, openBracket, closeBracket, openBrace, closeBrace] = [
  34, 92, 91, 93, 123, 125,
]
