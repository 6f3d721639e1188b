import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { BoundingBox } from '../../../src/domain/vocabulary.ts'
import { readBasemap } from './basemap.ts'

const file = 'public/basemap/sf.pmtiles'
const sanFrancisco: BoundingBox = [-122.52, 37.7, -122.35, 37.83]

describe('readBasemap', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'wangge-basemap-'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))
  /** The archive with one byte of its header (PMTiles 3) replaced. */
  function changed(offset: number, value: number): string {
    const bytes = readFileSync(file)
    bytes[offset] = value
    const path = join(folder, `${offset}.pmtiles`)
    writeFileSync(path, bytes)
    return path
  }

  it('says what an archive holds, its source as text', async () => {
    const { maxZoom, covered, attribution, box } = await readBasemap(file, sanFrancisco)
    expect([maxZoom, box]).toEqual([14, sanFrancisco])
    expect(covered).toBeCloseTo(1, 9)
    expect(attribution).toContain('OpenStreetMap')
    expect(attribution).not.toMatch(/[<>]/)
  })

  it('says how much of a larger city it covers', async () => {
    const wide: BoundingBox = [-122.52, 37.7, -122.18, 37.83]
    expect((await readBasemap(file, wide)).covered).toBeCloseTo(0.5, 9)
  })

  it.each([
    ['another city', () => file, [112.6, 27.9, 113.4, 28.6], /does not touch/],
    ['no file', () => join(folder, 'none.pmtiles'), sanFrancisco, /cannot be read/],
    ['pictures', () => changed(99, 2), sanFrancisco, /vector tiles/],
    ['too far away', () => changed(101, 9), sanFrancisco, /ends at zoom 9/],
    ['no archive', () => 'package.json', sanFrancisco, /no whole PMTiles archive/],
    [
      'one cut off',
      () => {
        const path = join(folder, 'cut.pmtiles')
        writeFileSync(path, readFileSync(file).subarray(0, 20_000))
        return path
      },
      sanFrancisco,
      /no whole PMTiles archive/,
    ],
  ] as [string, () => string, BoundingBox, RegExp][])(
    'refuses %s and says why',
    async (_, path, city, reason) => {
      await expect(readBasemap(path(), city)).rejects.toThrow(reason)
    },
  )
})
