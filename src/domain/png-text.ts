const signature = [137, 80, 78, 71, 13, 10, 26, 10]
/** Signature, then length, name, 13 bytes and checksum of the header chunk. */
const headerEnd = 8 + 4 + 4 + 13 + 4

/**
 * Writes texts into a PNG as `iTXt` chunks behind its header, uncompressed and in UTF-8. PNG
 * specification, third edition (W3C 2025), 11.3.3.4.
 * @param texts by keyword: 1 to 79 Latin-1 characters, such as `Title`
 * @throws RangeError for what is no PNG, or for a keyword that does not fit
 */
export function pngWithTexts(
  png: Uint8Array,
  texts: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> {
  if (png.length < headerEnd || signature.some((byte, at) => png[at] !== byte))
    throw new RangeError('png: no PNG')
  const chunks = Object.entries(texts).map(([keyword, text]) => textChunk(keyword, text))
  const added = chunks.reduce((sum, { length }) => sum + length, 0)
  const result = new Uint8Array(png.length + added)
  result.set(png.subarray(0, headerEnd))
  let at = headerEnd
  for (const chunk of chunks) {
    result.set(chunk, at)
    at += chunk.length
  }
  result.set(png.subarray(headerEnd), at)
  return result
}

function textChunk(keyword: string, text: string): Uint8Array {
  if (!/^[\x21-\x7e\xa1-\xff]([\x20-\x7e\xa1-\xff]{0,77}[\x21-\x7e\xa1-\xff])?$/.test(keyword))
    throw new RangeError(`png: keyword ${keyword}`)
  const name = Uint8Array.from(keyword, (letter) => letter.charCodeAt(0))
  // A zero byte could not stand in the text.
  const words = new TextEncoder().encode(text.replaceAll('\0', ''))
  // Zeros: end of the keyword, no compression and its method, no language, no translated keyword.
  const length = name.length + 5 + words.length
  const chunk = new Uint8Array(12 + length)
  const view = new DataView(chunk.buffer)
  view.setUint32(0, length)
  chunk.set([0x69, 0x54, 0x58, 0x74], 4)
  chunk.set(name, 8)
  chunk.set(words, 8 + name.length + 5)
  view.setUint32(8 + length, crc32(chunk.subarray(4, 8 + length)))
  return chunk
}

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1
  return value
})

/** ISO 3309; over name and data of a chunk. */
function crc32(bytes: Uint8Array): number {
  let value = 0xffffffff
  for (const byte of bytes) value = table[(value ^ byte) & 0xff]! ^ (value >>> 8)
  return (value ^ 0xffffffff) >>> 0
}
