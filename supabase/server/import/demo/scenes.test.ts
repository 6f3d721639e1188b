import { describe, expect, it } from 'vitest'
import { judgePhoto } from '../../photos/photo-checks.ts'
import { createHash } from 'node:crypto'
import { jpegOf } from './jpeg-writer.ts'
import { Picture } from './picture.ts'
import { photoSides, scenePhoto } from './scenes.ts'

const hashOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

describe('photos of the demo', () => {
  it('pass the check of uploads, small and the same each time, and show two different sides', () => {
    const sides = (['before', 'after'] as const).map((side) => scenePhoto('litter_bin', side, 1))
    for (const bytes of sides) {
      const name = { owner: '', hash: hashOf(bytes), mediaType: 'image/jpeg' as const }
      expect(judgePhoto(name, bytes)).toMatchObject({ ok: true, ...photoSides })
      expect(bytes.length).toBeLessThan(40_000)
    }
    expect(hashOf(scenePhoto('litter_bin', 'before', 1))).toBe(hashOf(sides[0]!))
    expect(new Set([...sides, scenePhoto('litter_bin', 'before', 2)].map(hashOf)).size).toBe(3)
  })

  it('carry the stamp: light letters on a dark band', () => {
    const picture = new Picture(320, 80)
    picture.rect(0, 0, 320, 80, '#808080')
    picture.stamp()
    const reds = Array.from({ length: 320 * 80 }, (_, i) => picture.pixels[i * 3]!)
    const band = reds.slice(320 * (80 - 41))
    const white = band.filter((red) => red === 255).length
    expect(white).toBeGreaterThan(1000)
    expect(band.filter((red) => red === 17).length).toBe(band.length - white)
    expect(new Set(reds.slice(0, 320 * (80 - 41)))).toEqual(new Set([128]))
  })

  it('cannot be written with sides that leave part of a block', () => {
    expect(() => jpegOf(new Picture(20, 16))).toThrow(RangeError)
  })
})
