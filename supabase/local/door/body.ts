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
