import { describe, expect, it } from 'vitest'
import { exifInstant, fitInside, imageKindOf } from './photo-kind.ts'

const text = (value: string) => new TextEncoder().encode(value)

describe('imageKindOf', () => {
  it('tells images by their first bytes', () => {
    expect(imageKindOf(Uint8Array.of(0xff, 0xd8, 0xff, 0xe0))).toBe('jpeg')
    expect(imageKindOf(Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a))).toBe('png')
    expect(imageKindOf(text('RIFF0000WEBPVP8 '))).toBe('webp')
    expect(imageKindOf(text('\0\0\0\x18ftypheic\0\0\0\0'))).toBe('heic')
    expect(imageKindOf(text('\0\0\0\x18ftypavif\0\0\0\0'))).toBe('avif')
  })
  it('is not fooled by a name: SVG, HTML, text and video are no photos', () => {
    expect(imageKindOf(text('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)">'))).toBe(
      'svg',
    )
    expect(imageKindOf(text('\ufeff\n<?xml version="1.0"?><svg/>'))).toBe('svg')
    expect(imageKindOf(text('  <!DOCTYPE html><title>Log in</title>'))).toBe('html')
    expect(imageKindOf(text('hello'))).toBeNull()
    expect(imageKindOf(text('\0\0\0\x18ftypisom\0\0\0\0'))).toBeNull()
    expect(imageKindOf(new Uint8Array())).toBeNull()
  })
})

describe('fitInside', () => {
  it('keeps the shape and never enlarges', () => {
    expect(fitInside({ width: 9000, height: 6750 }, 2048)).toEqual({ width: 2048, height: 1536 })
    expect(fitInside({ width: 3000, height: 6000 }, 2048)).toEqual({ width: 1024, height: 2048 })
    expect(fitInside({ width: 640, height: 480 }, 2048)).toEqual({ width: 640, height: 480 })
    expect(fitInside({ width: 90_000, height: 2 }, 2048)).toEqual({ width: 2048, height: 1 })
  })
})

describe('exifInstant', () => {
  it('keeps the offset, else takes this device’s zone', () => {
    expect(exifInstant('2026:02:03 10:20:30', '+08:00')).toBe('2026-02-03T02:20:30.000Z')
    expect(exifInstant('2026:02:03 10:20:30', null)).toBe(
      new Date('2026-02-03T10:20:30').toISOString(),
    )
  })
  it('makes nothing of nonsense', () => {
    expect(exifInstant('0000:00:00 00:00:00', null)).toBeNull()
    expect(exifInstant('2026:13:40 99:00:00', null)).toBeNull()
    expect(exifInstant('2026:02:29 10:20:30', '+08:00')).toBeNull()
    expect(exifInstant('2024:02:29 10:20:30', 'Z')).toBe('2024-02-29T10:20:30.000Z')
    expect(exifInstant('', '+08:00')).toBeNull()
  })
})
