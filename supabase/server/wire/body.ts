/** A request's whole body, null when there is none, or 'too large' as soon as that is known. */
export async function readBody(
  request: Request,
  maxBytes: number,
): Promise<ArrayBuffer | null | 'too large'> {
  if (Number(request.headers.get('content-length') ?? 0) > maxBytes) return 'too large'
  if (!request.body || request.method === 'GET' || request.method === 'HEAD') return null
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of request.body as unknown as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength
    if (size > maxBytes) return 'too large'
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

/** Levels of nesting allowed in a request's JSON; the app's requests need six. */
export const maxNesting = 64

/**
 * True when JSON is nested deeper than `maxNesting`. From some thousands of levels on, the embedded
 * database's stack overflows and it drops writes. Such a text must reach neither the database nor the
 * journal, which is replayed at boot. Brackets inside strings do not count: check a string that will
 * itself be read as JSON separately.
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
      if (++depth > maxNesting) return true
    } else if (code === closeBracket || code === closeBrace) depth--
  }
  return false
}

const [quote, backslash, openBracket, closeBracket, openBrace, closeBrace] = [
  34, 92, 91, 93, 123, 125,
]
