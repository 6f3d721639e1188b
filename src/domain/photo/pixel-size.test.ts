import { describe, expect, it } from 'vitest'
import {
  ascii,
  extendedHeader,
  joined,
  lossyWebp,
  webpFile,
  webpOf,
} from '../../../tests/fixtures/photo-files.ts'
import { pixelSizeOf } from './pixel-size.ts'

describe('pixelSizeOf', () => {
  it('reads the frame of a JPEG past its other segments', () => {
    const jpeg = Uint8Array.of(
      0xff,
      0xd8,
      0xff,
      0xe1,
      0,
      4,
      1,
      2,
      0xff,
      0xc4,
      0,
      3,
      9,
      0xff,
      0xff,
      0xc2,
      0,
      17,
      8,
      0x1a,
      0x2c,
      0x23,
      0x3c,
      3,
      0,
      0,
    )
    expect(pixelSizeOf('jpeg', jpeg)).toEqual({ width: 9020, height: 6700 })
  })
  it('reads a PNG and gives up on what is cut short', () => {
    const png = new Uint8Array(24)
    new DataView(png.buffer).setUint32(16, 30_000)
    new DataView(png.buffer).setUint32(20, 20_000)
    expect(pixelSizeOf('png', png)).toEqual({ width: 30_000, height: 20_000 })
    expect(pixelSizeOf('png', png.subarray(0, 20))).toBeNull()
    expect(pixelSizeOf('jpeg', Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0, 16))).toBeNull()
  })
  it('reads WebP of each kind, GIF and BMP', () => {
    const size = { width: 3000, height: 2000 }
    expect(pixelSizeOf('webp', webpFile(size))).toEqual(size)
    expect(pixelSizeOf('webp', webpOf(['VP8X', extendedHeader(0, 3000, 2000)]))).toEqual(size)
    expect(pixelSizeOf('webp', lossyWebp)).toEqual({ width: 1, height: 1 })
    expect(pixelSizeOf('webp', lossyWebp.subarray(0, 28))).toBeNull()
    const gif = joined([ascii('GIF89a'), [0xb8, 0x0b, 0xd0, 0x07]])
    expect(pixelSizeOf('gif', gif)).toEqual(size)
    expect(pixelSizeOf('gif', gif.subarray(0, 9))).toBeNull()
    const bmp = new Uint8Array(26)
    new DataView(bmp.buffer).setInt32(18, 3000, true)
    new DataView(bmp.buffer).setInt32(22, -2000, true)
    expect(pixelSizeOf('bmp', bmp)).toEqual(size)
  })
  it('reads the largest image of a HEIC or AVIF, not its tiles', () => {
    const big = (value: number) => [
      value >>> 24,
      (value >> 16) & 255,
      (value >> 8) & 255,
      value & 255,
    ]
    const box = (name: string, ...content: ArrayLike<number>[]) => {
      const whole = joined(content)
      return joined([big(whole.length + 8), ascii(name), whole])
    }
    const ispe = (width: number, height: number) => box('ispe', big(0), big(width), big(height))
    const head = joined([
      box('ftyp', ascii('heic'), big(0)),
      box(
        'meta',
        big(0),
        box('hdlr', big(0)),
        box(
          'iprp',
          box('ipco', ispe(512, 512), box('hvcC', [1]), ispe(20_000, 15_000), ispe(320, 240)),
        ),
      ),
      box('mdat', new Uint8Array(9)),
    ])
    for (const kind of ['heic', 'avif'] as const)
      expect(pixelSizeOf(kind, head)).toEqual({ width: 20_000, height: 15_000 })
    for (let cut = 0; cut < head.length; cut++) pixelSizeOf('heic', head.subarray(0, cut))
    // boxes without size, or with a wrong one
    expect(pixelSizeOf('heic', joined([big(4), ascii('meta'), new Uint8Array(40)]))).toBeNull()
  })
})
