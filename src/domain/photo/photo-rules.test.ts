import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { patient } from '../../../tests/kit/patience.ts'
import {
  ascii,
  exifSegment,
  extendedHeader,
  joined,
  jpegFile,
  jpegOfSize,
  jpegSegment,
  losslessFrame,
  lossyWebp,
  webpFile,
  webpOf,
} from '../../../tests/fixtures/photo-files'
import {
  checkPhoto,
  photoLimits,
  photoNameFromPath,
  photoPath,
  readPhoto,
  sniffMediaType,
  withoutMetadata,
} from './photo-rules'

const hashOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

function judge(bytes: Uint8Array, mediaType = 'image/jpeg') {
  const hash = hashOf(bytes)
  return checkPhoto(bytes, { mediaType, hash, actualHash: hash })
}

const fromBase64 = (text: string) => Uint8Array.from(Buffer.from(text, 'base64'))
/** Written by Chromium's canvas, with a colour profile. */
const canvasJpeg = fromBase64(
  '/9j/4AAQSkZJRgABAQAAAQABAAD/4gHYSUNDX1BST0ZJTEUAAQEAAAHIAAAAAAQwAABtbnRyUkdCIFhZWiAH4AABAAEAAAAAAABhY3NwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAQAA9tYAAQAAAADTLQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAlkZXNjAAAA8AAAACRyWFlaAAABFAAAABRnWFlaAAABKAAAABRiWFlaAAABPAAAABR3dHB0AAABUAAAABRyVFJDAAABZAAAAChnVFJDAAABZAAAAChiVFJDAAABZAAAAChjcHJ0AAABjAAAADxtbHVjAAAAAAAAAAEAAAAMZW5VUwAAAAgAAAAcAHMAUgBHAEJYWVogAAAAAAAAb6IAADj1AAADkFhZWiAAAAAAAABimQAAt4UAABjaWFlaIAAAAAAAACSgAAAPhAAAts9YWVogAAAAAAAA9tYAAQAAAADTLXBhcmEAAAAAAAQAAAACZmYAAPKnAAANWQAAE9AAAApbAAAAAAAAAABtbHVjAAAAAAAAAAEAAAAMZW5VUwAAACAAAAAcAEcAbwBvAGcAbABlACAASQBuAGMALgAgADIAMAAxADb/2wBDAAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQH/2wBDAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQH/wAARCAAwAEADAREAAhEBAxEB/8QAFQABAQAAAAAAAAAAAAAAAAAAAAv/xAAUEAEAAAAAAAAAAAAAAAAAAAAA/8QAFAEBAAAAAAAAAAAAAAAAAAAAAP/EABQRAQAAAAAAAAAAAAAAAAAAAAD/2gAMAwEAAhEDEQA/AJ/4AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAP/9k=',
)
const canvasWebp = fromBase64(
  'UklGRjACAABXRUJQVlA4WAoAAAAwAAAAPwAALwAASUNDUMgBAAAAAAHIAAAAAAQwAABtbnRyUkdCIFhZWiAH4AABAAEAAAAAAABhY3NwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAQAA9tYAAQAAAADTLQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAlkZXNjAAAA8AAAACRyWFlaAAABFAAAABRnWFlaAAABKAAAABRiWFlaAAABPAAAABR3dHB0AAABUAAAABRyVFJDAAABZAAAAChnVFJDAAABZAAAAChiVFJDAAABZAAAAChjcHJ0AAABjAAAADxtbHVjAAAAAAAAAAEAAAAMZW5VUwAAAAgAAAAcAHMAUgBHAEJYWVogAAAAAAAAb6IAADj1AAADkFhZWiAAAAAAAABimQAAt4UAABjaWFlaIAAAAAAAACSgAAAPhAAAts9YWVogAAAAAAAA9tYAAQAAAADTLXBhcmEAAAAAAAQAAAACZmYAAPKnAAANWQAAE9AAAApbAAAAAAAAAABtbHVjAAAAAAAAAAEAAAAMZW5VUwAAACAAAAAcAEcAbwBvAGcAbABlACAASQBuAGMALgAgADIAMAAxADZWUDhMQgAAAC8/wAsQDxAR8x9CIRtJUA3W3/QQXoCI/k8EAABA5QsAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAID2Lw==',
)
/** Written by libjpeg-turbo 2.1: 17 × 33 pixels, ten scans, some refine. */
const progressiveJpeg = fromBase64(
  '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAA0JCgsKCA0LCgsODg0PEyAVExISEyccHhcgLikxMC4pLSwzOko+MzZGNywtQFdBRkxOUlNSMj5aYVpQYEpRUk//2wBDAQ4ODhMREyYVFSZPNS01T09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT0//wgARCAAhABEDASIAAhEBAxEB/8QAGQABAQEBAQEAAAAAAAAAAAAAAAIDBAEG/8QAFwEBAQEBAAAAAAAAAAAAAAAAAwIEAP/aAAwDAQACEAMQAAAB+crWznB0OS71ssOLoXflg56C3//EABYQAQEBAAAAAAAAAAAAAAAAABEAIP/aAAgBAQABBQIiIiIiIiMf/8QAGBEAAwEBAAAAAAAAAAAAAAAAAAECEhD/2gAIAQMBAT8BmzYrNi5//8QAFxEAAwEAAAAAAAAAAAAAAAAAAQIQEf/aAAgBAgEBPwHYDFn/xAAUEAEAAAAAAAAAAAAAAAAAAAAw/9oACAEBAAY/An//xAAWEAEBAQAAAAAAAAAAAAAAAAABABD/2gAIAQEAAT8hKZkMyGZDMjP/2gAMAwEAAgADAAAAEA/swX/P/8QAFBEBAAAAAAAAAAAAAAAAAAAAIP/aAAgBAwEBPxBCf//EABcRAQEBAQAAAAAAAAAAAAAAAAARECH/2gAIAQIBAT8Q7Vdd/wD/xAAYEAEBAQEBAAAAAAAAAAAAAAAAYXEQIP/aAAgBAQABPxCCDCKHEUGE0vL/AP/Z',
)
/** Written by libjpeg-turbo 2.1: 17 × 33 pixels, a restart after each unit. */
const restartedJpeg = fromBase64(
  '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABsSFBcUERsXFhceHBsgKEIrKCUlKFE6PTBCYFVlZF9VXVtqeJmBanGQc1tdhbWGkJ6jq62rZ4C8ybqmx5moq6T/2wBDARweHigjKE4rK06kbl1upKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKT/wAARCAAhABEDASEAAhEBAxEB/8QAGQAAAwEBAQAAAAAAAAAAAAAAAAIEBQMG/8QAFxABAQEBAAAAAAAAAAAAAAAAAAECEv/EABgBAQEBAQEAAAAAAAAAAAAAAAMEAQIF/8QAFxEBAQEBAAAAAAAAAAAAAAAAAAERAv/dAAQAAf/aAAwDAQACEQMRAD8A87MGmHOt5r//0MHgOC6//9HEmDzAtHzX/9LI4A2a/9PLmDzAJU3Nf//Ug4Ag6//VimHSYS81DK//1p+AFJr/15o6RJy86P/QQAQv/9k=',
)

describe('what is kept', () => {
  test.each([
    ['a JPEG', jpegFile({ width: 300, height: 200 }), 'image/jpeg', 300, 200],
    ['a lossless WebP', webpFile({ width: 300, height: 200, seed: 77 }), 'image/webp', 300, 200],
    ['a lossy WebP', lossyWebp, 'image/webp', 1, 1],
    ['a JPEG of a canvas', withoutMetadata(canvasJpeg)!, 'image/jpeg', 64, 48],
    ['a WebP of a canvas', withoutMetadata(canvasWebp)!, 'image/webp', 64, 48],
    ['the longest sides', jpegFile({ width: 2048, height: 2048 }), 'image/jpeg', 2048, 2048],
    ['a refined JPEG', refinedJpeg([]), 'image/jpeg', 16, 16],
    ['a progressive JPEG', progressiveJpeg, 'image/jpeg', 17, 33],
    ['a JPEG with restarts', restartedJpeg, 'image/jpeg', 17, 33],
    ['a dense JPEG', denseJpeg(), 'image/jpeg', 2048, 2048],
    ['5 MB', jpegOfSize(photoLimits.bytes), 'image/jpeg', 16, 16],
  ])('%s', (_, bytes, mediaType, width, height) => {
    expect(judge(bytes, mediaType)).toEqual({
      ok: true,
      mediaType,
      bytes: bytes.length,
      width,
      height,
    })
  })
})

const words = (marker: number, id: number) => {
  const text = ascii('Zhang lives at 12 Elm Street, first floor. Call 555-0100 tonight')
  if (marker === 0xdb) return jpegSegment(marker, [id, ...text])
  const symbols = [...new Set(text)]
  return jpegSegment(marker, [
    id,
    ...Array<number>(7).fill(0),
    symbols.length,
    ...Array<number>(8).fill(0),
    ...symbols,
  ])
}

/** A Huffman table by its counts of codes of 1, 2, 3 … bits and its symbols. */
const huffmanTable = (id: number, counts: number[], symbols: number[]) =>
  jpegSegment(0xc4, [id, ...counts, ...Array<number>(16 - counts.length).fill(0), ...symbols])

/** `jpegFile`, with tables of codes that the scan decodes with. */
function jpegWithTable(table: Uint8Array): Uint8Array {
  const plain = jpegFile()
  const scan = plain.length - 2 - 1 - 10
  return joined([plain.subarray(0, scan), table, plain.subarray(scan)])
}

/** A progressive JPEG of two DC scans; the second refines and decodes with no table. */
function refinedJpeg(tableBefore: ArrayLike<number>): Uint8Array {
  const plain = jpegFile()
  const scan = plain.length - 2 - 1 - 10
  const head = plain.slice(0, scan)
  head[head.findIndex((byte, n) => byte === 0xff && head[n + 1] === 0xc0) + 1] = 0xc2
  // the AC table goes: no DC scan decodes with it
  const withoutAc = head.subarray(0, head.length - 22)
  return joined([
    withoutAc,
    jpegSegment(0xda, [1, 1, 0, 0, 0, 0x01]),
    [0],
    tableBefore,
    jpegSegment(0xda, [1, 1, 0, 0, 0, 0x10]),
    [0],
    [0xff, 0xd9],
  ])
}

describe('what is refused', () => {
  const html = ascii('<script>alert(1)</script>')
  const plain = jpegFile()
  const lossless: [string, ArrayLike<number>] = ['VP8L', losslessFrame({ width: 20, height: 10 })]
  const twoFrames = joined([plain.subarray(0, -2), plain.subarray(2)])
  test.each<[string, Uint8Array, string, string?]>([
    [
      'an SVG',
      Uint8Array.from(ascii('<svg xmlns="http://www.w3.org/2000/svg"/>')),
      'photo_not_an_image',
    ],
    [
      'a page',
      Uint8Array.from(ascii('<!doctype html><script>alert(1)</script>')),
      'photo_not_an_image',
    ],
    ['nothing', new Uint8Array(0), 'photo_not_an_image'],
    ['a PNG', Uint8Array.from([0x89, ...ascii('PNG\r\n\x1a\n')]), 'photo_not_an_image'],
    ['a GIF', Uint8Array.from(ascii('GIF89a')), 'photo_not_an_image'],
    ['a WebP called JPEG', webpFile(), 'photo_wrong_type'],
    ['a JPEG called WebP', plain, 'photo_wrong_type', 'image/webp'],
    ['a JPEG called SVG', plain, 'photo_wrong_type', 'image/svg+xml'],
    ['5 MB and a byte', jpegOfSize(photoLimits.bytes + 1), 'photo_too_large'],
    ['2049 pixels wide', jpegFile({ width: 2049 }), 'photo_too_big_sides'],
    ['2049 pixels high', jpegFile({ height: 2049 }), 'photo_too_big_sides'],
    ['a WebP 2049 pixels wide', webpFile({ width: 2049 }), 'photo_too_big_sides', 'image/webp'],
    ['no pixels', jpegFile({ height: 0 }), 'photo_not_an_image'],
    ['EXIF', jpegFile({ extra: [exifSegment()] }), 'photo_has_metadata'],
    [
      'XMP',
      jpegFile({ extra: [jpegSegment(0xe1, ascii('http://ns.adobe.com/xap/1.0/\0<x/>'))] }),
      'photo_has_metadata',
    ],
    [
      'IPTC',
      jpegFile({ extra: [jpegSegment(0xed, ascii('Photoshop 3.0\0'))] }),
      'photo_has_metadata',
    ],
    ['a comment', jpegFile({ extra: [jpegSegment(0xfe, html)] }), 'photo_has_metadata'],
    [
      'several pictures',
      jpegFile({ extra: [jpegSegment(0xe2, ascii('MPF\0MM\0*........'))] }),
      'photo_has_metadata',
    ],
    [
      'a thumbnail',
      jpegFile({ extra: [jpegSegment(0xe0, ascii('JFXX\0\x10........'))] }),
      'photo_has_metadata',
    ],
    [
      'words in an unused quantisation table',
      jpegFile({ extra: [words(0xdb, 3)] }),
      'photo_has_metadata',
    ],
    [
      'words in a table that is defined again',
      jpegFile({ extra: [words(0xdb, 0)] }),
      'photo_has_metadata',
    ],
    [
      'words in an unused Huffman table',
      jpegFile({ extra: [words(0xc4, 0x13)] }),
      'photo_has_metadata',
    ],
    [
      'words in a Huffman table that is defined again',
      jpegFile({ extra: [words(0xc4, 0x10)] }),
      'photo_has_metadata',
    ],
    [
      'words in a table after the scan',
      joined([plain.subarray(0, -2), words(0xdb, 0), plain.subarray(-2)]),
      'photo_has_metadata',
    ],
    [
      'words in a table that a refining scan names and does not read',
      refinedJpeg(words(0xc4, 0x00)),
      'photo_has_metadata',
    ],
    [
      'a table that lists a symbol twice',
      jpegWithTable(huffmanTable(0x10, [0, 0, 5], ascii('hello'))),
      'photo_not_an_image',
    ],
    [
      'a table with more codes than bits allow',
      jpegWithTable(huffmanTable(0x10, [3], ascii('abc'))),
      'photo_not_an_image',
    ],
    [
      'a table that passes the end of its segment',
      jpegFile({ extra: [jpegSegment(0xdb, [0, 1, 2, 3])] }),
      'photo_not_an_image',
    ],
    ['a table segment without a table', jpegWithTable(jpegSegment(0xc4, [])), 'photo_not_an_image'],
    [
      'a restart interval of words',
      jpegFile({ extra: [jpegSegment(0xdd, html)] }),
      'photo_not_an_image',
    ],
    [
      'a Huffman table of words',
      jpegFile({ extra: [jpegSegment(0xc4, html)] }),
      'photo_not_an_image',
    ],
    ['a colour profile', canvasJpeg, 'photo_has_metadata'],
    ['a WebP with a colour profile', canvasWebp, 'photo_has_metadata', 'image/webp'],
    [
      'a WebP that announces a colour profile',
      webpOf(['VP8X', extendedHeader(0x20, 20, 10)], lossless),
      'photo_has_metadata',
      'image/webp',
    ],
    ['a page after the end', joined([plain, html]), 'photo_has_metadata'],
    [
      'a page after the end of a WebP',
      joined([webpFile(), html]),
      'photo_has_metadata',
      'image/webp',
    ],
    ['a WebP with EXIF', webpOf(lossless, ['EXIF', [1, 2]]), 'photo_has_metadata', 'image/webp'],
    [
      'a WebP with XMP',
      webpOf(lossless, ['XMP ', ascii('<x/>')]),
      'photo_has_metadata',
      'image/webp',
    ],
    [
      'a WebP with an unknown part',
      webpOf(lossless, ['evil', html]),
      'photo_has_metadata',
      'image/webp',
    ],
    [
      'a WebP that announces XMP',
      webpOf(['VP8X', extendedHeader(4, 20, 10)], lossless),
      'photo_has_metadata',
      'image/webp',
    ],
    [
      'an animation',
      webpOf(['VP8X', extendedHeader(2, 20, 10)], lossless),
      'photo_not_an_image',
      'image/webp',
    ],
    [
      'a canvas of another size',
      webpOf(['VP8X', extendedHeader(0, 20, 11)], lossless),
      'photo_not_an_image',
      'image/webp',
    ],
    ['endless scans', endlessScans(), 'photo_not_an_image'],
    ['two frames', twoFrames, 'photo_not_an_image'],
    ['a header alone', plain.subarray(0, 40), 'photo_not_an_image'],
    ['a JPEG cut in the picture', plain.subarray(0, -3), 'photo_not_an_image'],
    ['a JPEG without its end', plain.subarray(0, -2), 'photo_not_an_image'],
    ['a WebP cut off', webpFile().subarray(0, -2), 'photo_not_an_image', 'image/webp'],
    ['a WebP without a picture', webpOf(['ICCP', html]), 'photo_not_an_image', 'image/webp'],
  ])('%s', (_, bytes, fault, mediaType = 'image/jpeg') => {
    expect(judge(bytes, mediaType)).toEqual({ ok: false, fault })
  })

  test('bytes under another hash, before anything else about them', () => {
    const claim = {
      mediaType: 'image/jpeg',
      hash: hashOf(plain),
      actualHash: hashOf(Uint8Array.from(html)),
    }
    expect(checkPhoto(plain.subarray(0, 9), claim)).toEqual({
      ok: false,
      fault: 'photo_wrong_hash',
    })
  })
})

describe('withoutMetadata', () => {
  const lossless: [string, ArrayLike<number>] = ['VP8L', losslessFrame({ width: 20, height: 10 })]
  const exif = exifSegment()
  test.each<[string, Uint8Array, Uint8Array]>([
    ['an EXIF block', jpegFile({ seed: 5, extra: [exif] }), jpegFile({ seed: 5 })],
    ['unused tables', jpegFile({ extra: [words(0xdb, 2), words(0xc4, 0x02)] }), jpegFile()],
    ['a tail', joined([jpegFile(), ascii('<script>')]), jpegFile()],
    ['nothing from a clean JPEG', jpegFile(), jpegFile()],
    ['nothing from a clean WebP', lossyWebp, lossyWebp],
    [
      'a colour profile',
      jpegFile({ extra: [jpegSegment(0xe2, ascii('ICC_PROFILE\0\x01\x01 a house'))] }),
      jpegFile(),
    ],
    [
      'chunks, flags and a tail of a WebP',
      joined([
        webpOf(['VP8X', extendedHeader(0x0c, 20, 10)], lossless, ['EXIF', [1]], ['XMP ', [2, 3]]),
        [9],
      ]),
      webpOf(['VP8X', extendedHeader(0, 20, 10)], lossless),
    ],
  ])('takes away %s', (_, dirty, clean) => {
    expect(withoutMetadata(dirty)).toEqual(Uint8Array.from(clean))
  })

  test('gives null for what is no image', () => {
    expect(withoutMetadata(Uint8Array.from([0xff, 0xd8, 0xff, 0xe1]))).toBeNull()
  })
})

describe('whatever the bytes are', () => {
  const start = fc.constantFrom(
    [],
    [0xff, 0xd8, 0xff],
    [...jpegFile().subarray(0, 120)],
    [...ascii('RIFF'), 60, 0, 0, 0, ...ascii('WEBPVP8X'), 10, 0, 0, 0],
    [...ascii('RIFF'), 40, 0, 0, 0, ...ascii('WEBPVP8L')],
  )
  const anyBytes = fc.oneof(
    fc.uint8Array({ maxLength: 400 }),
    fc.tuple(start, fc.uint8Array({ maxLength: 200 })).map((parts) => joined(parts)),
    // a good file, changed and cut
    fc
      .tuple(
        fc.constantFrom(jpegFile({ extra: [exifSegment()] }), canvasJpeg, canvasWebp, webpFile()),
        fc.array(fc.tuple(fc.nat(2000), fc.nat(255)), { maxLength: 6 }),
        fc.nat(2000),
      )
      .map(([file, changes, cut]) => {
        const bytes = file.slice(0, cut < 600 ? file.length : cut)
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value
        return bytes
      }),
  )

  test('nothing throws, and what is taken for clean is left as it is', () => {
    let pictures = 0
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        const facts = readPhoto(bytes)
        const clean = withoutMetadata(bytes)
        expect(clean === null).toBe(facts === null)
        if (!facts || !clean) return
        pictures += 1
        expect(sniffMediaType(bytes)).toBe(facts.mediaType)
        expect(readPhoto(clean)).toEqual({ ...facts, hasMetadata: false })
        expect(clean.length).toBeLessThanOrEqual(bytes.length)
        expect(judge(clean, facts.mediaType)).toMatchObject(
          Math.max(facts.width, facts.height) <= photoLimits.sidePixels
            ? { ok: true, width: facts.width, height: facts.height }
            : { ok: false, fault: 'photo_too_big_sides' },
        )
      }),
      { numRuns: 4000 },
    )
    expect(pictures).toBeGreaterThan(200)
  })

  test('anything added before the picture’s own data is noticed', () => {
    const added = ascii('"><script>alert(document.domain)</script>')
    const file = jpegFile({ width: 64, height: 64 })
    // after the number of components a decoder reads only coefficients
    const scan = file.lastIndexOf(0xda) + 4
    for (let at = 0; at < scan; at++) {
      expect(judge(joined([file.subarray(0, at), added, file.subarray(at)])).ok).toBe(false)
    }
    expect(judge(joined([file, added])).ok).toBe(false)
  })

  test.each([
    ['a JPEG', jpegFile({ width: 64, height: 40 })],
    ['a JPEG of a canvas', withoutMetadata(canvasJpeg)!],
    ['a progressive JPEG', progressiveJpeg],
    ['a JPEG with restarts', restartedJpeg],
  ])('words after the last block of any scan of %s are noticed and taken away', (_, file) => {
    const ends = scanEnds(file)
    expect(ends.length).toBe(file === progressiveJpeg ? 10 : 1)
    for (const end of ends) {
      const dirty = joined([file.subarray(0, end), ascii('Hi'), file.subarray(end)])
      expect(judge(dirty)).toEqual({ ok: false, fault: 'photo_has_metadata' })
      expect(withoutMetadata(dirty)).toEqual(Uint8Array.from(file))
      // and a scan that is cut is no picture
      const cut = joined([file.subarray(0, end - 2), file.subarray(end)])
      expect(judge(cut).ok).toBe(false)
    }
  })

  test('reading 5 MB of the worst takes a moment', { timeout: patient(60_000) }, () => {
    const worst = [
      new Uint8Array(photoLimits.bytes).fill(0xff),
      joined([[0xff, 0xd8], ...Array<number[]>(1_000_000).fill([0xff, 0xe1, 0, 2])]),
      joined([jpegFile().subarray(0, -2), ...Array<number[]>(2_000_000).fill([0xff, 0])]),
      denseJpeg(),
      endlessScans(),
      webpOf(['ICCP', []], ['junk', new Uint8Array(photoLimits.bytes - 40)]),
      joined([
        ascii('RIFF'),
        [0, 0, 64, 0],
        ascii('WEBP'),
        ...Array<number[]>(500_000).fill([...ascii('junk'), 0, 0, 0, 0]),
      ]),
    ]
    worst[0]!.set([0xff, 0xd8])
    for (const bytes of worst) {
      // of this thread alone, however busy the machine is
      const before = process.threadCpuUsage()
      readPhoto(bytes)
      expect(process.threadCpuUsage(before).user / 1000).toBeLessThan(1500)
    }
  })
})

/** The first byte after the coded data of each scan. */
function scanEnds(file: Uint8Array): number[] {
  const isMarker = (at: number, codes: readonly number[]) =>
    file[at] === 0xff && codes.includes(file[at + 1]!)
  const starts = [...file.keys()].filter((at) => isMarker(at, [0xda]))
  return starts.map((start) => {
    let end = start + 4
    while (!isMarker(end, [0xc4, 0xda, 0xd9])) end++
    return end
  })
}

/** 2048 × 2048 pixels, each coefficient coded with 9 bits. */
function denseJpeg(): Uint8Array {
  const plain = jpegFile({ width: 2048, height: 2048 })
  const scan = plain.lastIndexOf(0xda) + 9
  const head = joined([plain.subarray(0, scan - 32), huffmanTable(0x10, [1], [0x08])])
  return joined([head, plain.subarray(scan - 10, scan), new Uint8Array(65_536 * 71), [0xff, 0xd9]])
}

/** Scans of a few bytes for 65,536 blocks each. */
function endlessScans(): Uint8Array {
  const plain = jpegFile({ width: 2048, height: 2048 })
  const head = plain.slice(0, plain.lastIndexOf(0xda) - 1)
  head[head.findIndex((byte, n) => byte === 0xff && head[n + 1] === 0xc0) + 1] = 0xc2
  // a code that ends 32,767 blocks
  const table = huffmanTable(0x10, [1], [0xe0])
  const scan = joined([jpegSegment(0xda, [1, 1, 0, 1, 63, 0]), Array<number>(6).fill(0)])
  return joined([head, table, ...Array<Uint8Array>(300_000).fill(scan), [0xff, 0xd9]])
}

describe('names', () => {
  const owner = '01a209e9-acec-75a9-b5c6-8f54bf08c4d7'
  const hash = 'a'.repeat(64)
  test('a path and back', () => {
    for (const mediaType of ['image/jpeg', 'image/webp'] as const) {
      const name = { owner, hash, mediaType }
      expect(photoNameFromPath(photoPath(name))).toEqual(name)
    }
    expect(photoPath({ owner, hash, mediaType: 'image/jpeg' })).toBe(`${owner}/${hash}.jpg`)
  })
  test.each([
    `${owner}/../${hash}.jpg`,
    `${owner}/${hash}.svg`,
    `${owner}/${hash}.jpg.html`,
    `${owner}/${hash}.JPG`,
    `${owner.toUpperCase()}/${hash}.jpg`,
    `${owner}/${'A'.repeat(64)}.jpg`,
    `${owner}/${hash.slice(1)}.jpg`,
    `${owner}/x/${hash}.jpg`,
    `../${hash}.jpg`,
    `${owner}/${hash}.jpg\n`,
    '',
  ])('%j is none', (path) => {
    expect(photoNameFromPath(path)).toBeNull()
  })
})
