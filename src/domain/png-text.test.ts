import { crc32, deflateSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { pngWithTexts } from './png-text.ts'

const bytesOf = (text: string): Buffer => Buffer.from(text, 'latin1')

function chunk(name: string, data: Buffer): Buffer {
  const body = Buffer.concat([bytesOf(name), data])
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(data.length)
  sum.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, sum])
}

/** One grey pixel. */
const pixel = Buffer.concat([
  bytesOf('\x89PNG\r\n\x1a\n'),
  chunk('IHDR', Buffer.from([0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0])),
  chunk('IDAT', deflateSync(Buffer.from([0, 128]))),
  chunk('IEND', Buffer.alloc(0)),
])

/** Reads all chunks and checks each sum by another implementation. */
function chunksOf(png: Buffer): { name: string; data: Buffer }[] {
  const found: { name: string; data: Buffer }[] = []
  for (let at = 8; at < png.length;) {
    const length = png.readUInt32BE(at)
    const body = png.subarray(at + 4, at + 8 + length)
    expect(png.readUInt32BE(at + 8 + length)).toBe(crc32(body))
    found.push({ name: body.toString('latin1', 0, 4), data: body.subarray(4) })
    at += 12 + length
  }
  return found
}

describe('pngWithTexts', () => {
  it('puts Chinese texts behind the header, and leaves the picture as it is', () => {
    const texts = { Title: '事项数，按社区', Parameters: '{"period":{"from":"2026-01-01"}}' }
    const chunks = chunksOf(Buffer.from(pngWithTexts(pixel, texts)))
    expect(chunks.map(({ name }) => name)).toEqual(['IHDR', 'iTXt', 'iTXt', 'IDAT', 'IEND'])
    const read = chunks.slice(1, 3).map(({ data }) => {
      const end = data.indexOf(0)
      expect([...data.subarray(end, end + 5)]).toEqual([0, 0, 0, 0, 0])
      return [data.toString('latin1', 0, end), data.toString('utf8', end + 5)]
    })
    expect(Object.fromEntries(read)).toEqual(texts)
    const without = chunks.filter(({ name }) => name !== 'iTXt')
    expect(without).toEqual(chunksOf(pixel))
  })

  it('refuses what is no PNG, and keywords that do not fit', () => {
    expect(() => pngWithTexts(new Uint8Array(50), {})).toThrow(RangeError)
    expect(() => pngWithTexts(pixel, { ' a': '' })).toThrow(RangeError)
    expect(() => pngWithTexts(pixel, { ['a'.repeat(80)]: '' })).toThrow(RangeError)
    expect(() => pngWithTexts(pixel, { 时段: '' })).toThrow(RangeError)
  })
})
