import type { MiddlewareHandler } from 'hono'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'

const brotli = promisify(brotliCompress)
const gz = promisify(gzip)

export type Encoding = 'br' | 'gzip' | null

/** Shorter bodies grow when compressed. */
const minBytes = 1024

export function encodingFor(acceptEncoding: string | undefined): Encoding {
  const accepted = (acceptEncoding ?? '')
    .split(',')
    .map((part) => part.trim().toLowerCase())
    .filter((part) => !/;\s*q=0(\.0*)?$/.test(part))
    .map((part) => part.split(';')[0])
  if (accepted.includes('br')) return 'br'
  return accepted.includes('gzip') ? 'gzip' : null
}

export function isCompressible(contentType: string): boolean {
  return /^(text\/|application\/(json|javascript|manifest\+json|geo\+json|wasm)|image\/svg)/.test(
    contentType,
  )
}

/** `thorough` is for files, whose result is kept. */
export async function compressBody(
  body: Uint8Array,
  encoding: Encoding,
  thorough = false,
): Promise<{ body: Uint8Array; encoding: Encoding }> {
  if (!encoding || body.byteLength < minBytes) return { body, encoding: null }
  if (encoding === 'gzip') return { body: await gz(body, { level: thorough ? 9 : 6 }), encoding }
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: thorough ? 9 : 5,
    [constants.BROTLI_PARAM_SIZE_HINT]: body.byteLength,
  }
  return { body: await brotli(body, { params }), encoding }
}

export const compressAnswers: MiddlewareHandler = async (context, next) => {
  await next()
  const { status, headers } = context.res
  if (headers.has('content-encoding')) {
    headers.set('vary', 'accept-encoding')
    return
  }
  const plain = new Uint8Array(await context.res.arrayBuffer())
  const packed = await compressBody(plain, encodingFor(context.req.header('accept-encoding')))
  const answered = new Headers(headers)
  answered.set('vary', 'accept-encoding')
  if (packed.encoding) answered.set('content-encoding', packed.encoding)
  const body = context.res.body === null ? null : new Uint8Array(packed.body)
  context.res = undefined
  context.res = new Response(body, { status, headers: answered })
}
