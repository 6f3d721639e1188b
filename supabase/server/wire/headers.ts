/** Headers of every answer. */
export function securityHeaders(options: {
  /** Origin of a Supabase elsewhere, or null. */
  supabaseUrl: string | null
  dev: boolean
  tls: boolean
}): Record<string, string> {
  return {
    'content-security-policy': contentSecurityPolicy(options.supabaseUrl, options.dev),
    'referrer-policy': 'same-origin',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'geolocation=(self), camera=(self), fullscreen=(self), microphone=()',
    ...(options.tls ? { 'strict-transport-security': 'max-age=31536000' } : {}),
  }
}

/**
 * Scripts come from our own files alone. Style elements are allowed: the interface library writes
 * its colours into one, and charts set style attributes; no text of a user's ever gets there.
 * MapLibre's worker is a file of ours, or a blob made of one.
 */
function contentSecurityPolicy(supabaseUrl: string | null, dev: boolean): string {
  const connect = ["'self'", 'blob:', 'data:']
  if (supabaseUrl) connect.push(supabaseUrl, supabaseUrl.replace(/^http/, 'ws'))
  // hot reload: Vite's client is an inline module and talks over a websocket
  if (dev) connect.push('ws:', 'wss:')
  const directives: Record<string, string[]> = {
    'default-src': ["'self'"],
    'script-src': dev ? ["'self'", "'unsafe-inline'"] : ["'self'"],
    'style-src': ["'self'", "'unsafe-inline'"],
    'img-src': ["'self'", 'data:', 'blob:'],
    'font-src': ["'self'", 'data:'],
    'connect-src': connect,
    'worker-src': ["'self'", 'blob:'],
    'manifest-src': ["'self'"],
    'object-src': ["'none'"],
    'base-uri': ["'none'"],
    'form-action': ["'self'"],
    'frame-ancestors': ["'none'"],
  }
  return Object.entries(directives)
    .map(([name, sources]) => `${name} ${sources.join(' ')}`)
    .join('; ')
}
