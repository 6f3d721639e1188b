import { afterEach, describe, expect, it } from 'vitest'
import { ArchiveSource } from './archive-protocol.ts'
import { keepArchives } from './kept-archives.ts'

const url = 'http://test/basemap/city.pmtiles'
const remote = { getBytes: async () => ({ data: new TextEncoder().encode('remote').buffer }) }
const textOf = async (source: ArchiveSource, offset: number, length: number): Promise<string> =>
  new TextDecoder().decode((await source.getBytes(offset, length)).data)

describe('archive source', () => {
  afterEach(() => keepArchives(async () => null))

  it('reads the device’s own copy from the moment it is there until it is removed', async () => {
    const source = new ArchiveSource(url, remote)
    expect(source.getKey()).toBe(url)
    expect(await textOf(source, 0, 6)).toBe('remote')
    keepArchives(async (asked) => (asked === url ? new Blob(['PMTiles of a city']) : null))
    expect(await textOf(source, 0, 7)).toBe('PMTiles')
    expect(await textOf(source, 13, 4)).toBe('city')
    keepArchives(async () => null)
    expect(await textOf(source, 0, 6)).toBe('remote')
  })

  it('fetches what is not the kept one', async () => {
    keepArchives(async (asked) => (asked === url ? new Blob(['kept']) : null))
    expect(await textOf(new ArchiveSource(`${url}?other`, remote), 0, 6)).toBe('remote')
  })
})
