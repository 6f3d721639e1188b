import { createReadStream } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { pipeline } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { EncodingSigns } from './encoding-signs.ts'

/** The file is unusable; nothing was stored. */
export class ImportFileError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'ImportFileError'
  }
}

/** The first bytes of a file, as they are on the disk. @throws ImportFileError without a file. */
export async function firstBytes(path: string, count = 4096): Promise<Uint8Array> {
  const info = await stat(path).catch(() => null)
  if (!info) throw new ImportFileError(`${path}: no such file`)
  if (!info.isFile()) throw new ImportFileError(`${path}: not a file`)
  const handle = await open(path)
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(count), 0, count, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}

const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b

/** Whether it is gzip, told by its first bytes or promised by the name. */
export async function isPacked(path: string): Promise<boolean> {
  return path.endsWith('.gz') || isGzip(await firstBytes(path, 2))
}

async function* fileBytes(path: string): AsyncGenerator<Uint8Array> {
  const isGzipped = await isPacked(path)
  const raw = createReadStream(path, { highWaterMark: 1 << 18 })
  const source = isGzipped
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

/** The whole file, unpacked. */
export async function wholeFile(path: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of fileBytes(path)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** The first bytes of the unpacked file. */
export async function firstUnpacked(path: string): Promise<Uint8Array> {
  await firstBytes(path, 2)
  for await (const chunk of fileBytes(path)) return chunk
  return new Uint8Array()
}

/** By its mark, else UTF-8. */
export function encodingByMark(head: Uint8Array): string {
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le'
  if (head[0] === 0xfe && head[1] === 0xff) return 'utf-16be'
  return 'utf-8'
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
 * @throws ImportFileError naming the line of the first wrong byte, or another encoding that the bytes
 *   are surely in.
 */
export async function checkText(path: string, encoding: string): Promise<void> {
  await firstBytes(path, 2)
  const decoder = decoderFor(encoding)
  const signs = new EncodingSigns(encoding)
  let line = 1
  let size = 0
  for await (const chunk of fileBytes(path)) {
    size += chunk.length
    signs.look(chunk)
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
  const other = signs.verdict()
  if (other)
    throw new ImportFileError(
      `${path}: the text looks like ${other.name}, not ${encoding}: try again with --encoding ${other.encoding}`,
    )
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
