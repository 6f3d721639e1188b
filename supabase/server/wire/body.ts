/** In total, and without a new byte. */
export interface BodyPatience {
  totalMs?: number
  stalledMs?: number
}

/** Memory holds at most `maxBytes` and one chunk. */
export async function readBody(
  request: Request,
  maxBytes: number,
  { totalMs, stalledMs }: BodyPatience = {},
): Promise<ArrayBuffer | null | 'too large' | 'too slow'> {
  if (Number(request.headers.get('content-length') ?? 0) > maxBytes) return 'too large'
  if (!request.body || request.method === 'GET' || request.method === 'HEAD') return null
  const chunks: Uint8Array[] = []
  let size = 0
  const reader = request.body.getReader()
  const deadline = totalMs === undefined ? Number.POSITIVE_INFINITY : performance.now() + totalMs
  for (;;) {
    const leftMs = Math.min(deadline - performance.now(), stalledMs ?? Number.POSITIVE_INFINITY)
    const next = await within(reader.read(), leftMs)
    if (next === 'too slow' || (!next.done && size + next.value.byteLength > maxBytes)) {
      // Not awaited: a silent client never lets go.
      void reader.cancel().catch(() => undefined)
      return next === 'too slow' ? next : 'too large'
    }
    if (next.done) break
    size += next.value.byteLength
    chunks.push(next.value)
  }
  const whole = new Uint8Array(size)
  let offset = 0
  for (const chunk of chunks) {
    whole.set(chunk, offset)
    offset += chunk.byteLength
  }
  return whole.buffer
}

async function within<T>(promise: Promise<T>, ms: number): Promise<T | 'too slow'> {
  if (ms === Number.POSITIVE_INFINITY) return promise
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<'too slow'>((resolve) => {
    timer = setTimeout(() => resolve('too slow'), Math.max(0, ms))
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

export function objectIn(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text)
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? (value as Record<string, unknown>) : null
  } catch {
    return null
  }
}

/** The app's requests need six. */
export const maxNesting = 64

/**
 * Thousands of levels overflow the embedded database's stack, and it drops writes. Such text must
 * not reach the database or the journal. Ignores brackets in strings: check a string holding JSON
 * separately.
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
