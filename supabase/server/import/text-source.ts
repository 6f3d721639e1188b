import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { pipeline } from 'node:stream'
import { createGunzip } from 'node:zlib'

/** The file is unusable; nothing was stored. */
export class ImportFileError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'ImportFileError'
  }
}

/** Unpacks `.gz`. */
async function* fileBytes(path: string): AsyncGenerator<Uint8Array> {
  const raw = createReadStream(path, { highWaterMark: 1 << 18 })
  const source = path.endsWith('.gz')
    ? // prevents an unhandled error; the loop below throws it
      pipeline(raw, createGunzip(), () => {})
    : raw
  try {
    for await (const chunk of source) yield chunk as Uint8Array
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'Z_BUF_ERROR') {
      throw new ImportFileError(`${path}: the gzip archive is cut off before its end`)
    }
    if (code?.startsWith('Z_')) {
      throw new ImportFileError(`${path}: not a whole gzip archive (${(error as Error).message})`)
    }
    throw error
  }
}

function decoderFor(encoding: string): TextDecoder {
  try {
    return new TextDecoder(encoding, { fatal: true })
  } catch {
    throw new ImportFileError(
      `--encoding ${encoding}: unknown; try utf-8, gb18030, big5, shift_jis, utf-16le or windows-1252`,
    )
  }
}

/** Accepts a character cut off at the end. */
export function decodes(bytes: Uint8Array, encoding: string): boolean {
  try {
    new TextDecoder(encoding, { fatal: true }).decode(bytes, { stream: true })
    return true
  } catch {
    return false
  }
}

function encodingFault(path: string, encoding: string, line: number, bytes: Uint8Array): string {
  const where = `${path}, line ${line}: not ${encoding} text`
  if (bytes[0] === 0xff && bytes[1] === 0xfe)
    return `${where}; it looks like UTF-16: --encoding utf-16le`
  if (encoding !== 'utf-8') return `${where}; give the file's real encoding with --encoding`
  if (decodes(bytes, 'gb18030')) {
    return `${where}. Chinese systems often write GBK: try again with --encoding gb18030`
  }
  return `${where}; give the file's real encoding with --encoding`
}

/**
 * Reads the whole file before anything is stored.
 * @throws ImportFileError naming the line of the first wrong byte.
 */
export async function checkText(path: string, encoding: string): Promise<void> {
  const info = await stat(path).catch(() => null)
  if (!info) throw new ImportFileError(`${path}: no such file`)
  if (!info.isFile()) throw new ImportFileError(`${path}: not a file`)
  const decoder = decoderFor(encoding)
  let line = 1
  let size = 0
  for await (const chunk of fileBytes(path)) {
    size += chunk.length
    let from = 0
    while (from < chunk.length) {
      const newline = chunk.indexOf(10, from)
      const to = newline === -1 ? chunk.length : newline + 1
      const part = chunk.subarray(from, to)
      try {
        decoder.decode(part, { stream: true })
      } catch {
        throw new ImportFileError(encodingFault(path, encoding, line, part))
      }
      if (newline !== -1) line += 1
      from = to
    }
  }
  try {
    decoder.decode()
  } catch {
    throw new ImportFileError(`${path}, line ${line}: the file ends in the middle of a character`)
  }
  if (size === 0) throw new ImportFileError(`${path}: the file is empty`)
}

/** Needs a file that passed `checkText`. */
export async function* textChunks(path: string, encoding: string): AsyncGenerator<string> {
  const decoder = decoderFor(encoding)
  for await (const chunk of fileBytes(path)) {
    const text = decoder.decode(chunk, { stream: true })
    if (text) yield text
  }
  const rest = decoder.decode()
  if (rest) yield rest
}
