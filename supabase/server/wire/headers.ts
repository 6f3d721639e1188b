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
 * Inline styles are allowed: libraries write them, never user text. MapLibre's worker may be a blob
 * of our file.
 */
function contentSecurityPolicy(supabaseUrl: string | null, dev: boolean): string {
  const connect = ["'self'", 'blob:', 'data:']
  if (supabaseUrl) connect.push(supabaseUrl, supabaseUrl.replace(/^http/, 'ws'))
  // Vite's hot reload
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
