import type { Backend } from '../backend/backend.ts'

export interface ForwardedCall {
  method: string
  path: string
  /** `forwardedHeaders` go on. */
  headers: Headers
  /** Checked JSON text, or empty. */
  body: string
}
export type Forward = (call: ForwardedCall) => Promise<Response>

const forwardedHeaders = ['accept', 'apikey', 'authorization', 'prefer', 'range']
const returnedHeaders = [
  'content-type',
  'content-range',
  'preference-applied',
  'x-supabase-api-version',
]

export function forwardTo(backend: Pick<Backend, 'fetch' | 'checkCanary'>): Forward {
  return async ({ method, path, headers, body }) => {
    const forwarded = forwardedHeaders.flatMap((name): [string, string][] => {
      const value = headers.get(name)
      return value === null ? [] : [[name, value]]
    })
    // Checked as JSON, whatever its type says.
    if (body) forwarded.push(['content-type', 'application/json'])
    const plain = await backend.fetch({
      method,
      url: `http://127.0.0.1${path}`,
      headers: forwarded,
      body: body ? new TextEncoder().encode(body).buffer : null,
    })
    // May be the first sign of a database that drops writes.
    if (plain.status >= 500) void backend.checkCanary()
    const returned = new Headers(plain.headers.filter(([name]) => returnedHeaders.includes(name)))
    returned.set('cache-control', 'no-store')
    const hasBody = plain.status !== 204 && plain.status !== 304
    return new Response(hasBody ? plain.body : null, { status: plain.status, headers: returned })
  }
}
