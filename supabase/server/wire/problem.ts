/** The error shape that supabase-js reads from both APIs. */
export function problem(
  status: number,
  code: string,
  message: string,
  headers: Record<string, string> = {},
  more: object = {},
): Response {
  const body = JSON.stringify({ code, error_code: code, message, msg: message, ...more })
  return new Response(body, {
    status,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
      ...headers,
    },
  })
}

export function tooMany(seconds: number): Response {
  return problem(429, 'over_request_rate_limit', `Too many requests. Try again in ${seconds} s.`, {
    'retry-after': String(seconds),
  })
}
