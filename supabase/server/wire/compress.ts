import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'

const brotli = promisify(brotliCompress)
const gz = promisify(gzip)

export type Encoding = 'br' | 'gzip' | null

/** Shorter bodies grow when compressed. */
const minBytes = 1024

/** The best encoding of ours that the client takes. */
export function encodingFor(acceptEncoding: string | undefined): Encoding {
  const accepted = (acceptEncoding ?? '')
    .split(',')
    .map((part) => part.trim().toLowerCase())
    .filter((part) => !/;\s*q=0(\.0*)?$/.test(part))
    .map((part) => part.split(';')[0])
  if (accepted.includes('br')) return 'br'
  return accepted.includes('gzip') ? 'gzip' : null
}

/** True for text and what is as good as text. */
export function isCompressible(contentType: string): boolean {
  return /^(text\/|application\/(json|javascript|manifest\+json|geo\+json|wasm)|image\/svg)/.test(
    contentType,
  )
}

/**
 * Compresses a body off the main thread. Quality 5 for answers made once; files that are kept take
 * `thorough`.
 */
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
