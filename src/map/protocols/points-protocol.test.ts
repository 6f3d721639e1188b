import { VectorTile } from '@mapbox/vector-tile'
import { PbfReader } from 'pbf'
import { describe, expect, it, vi } from 'vitest'
import type { PointTile } from '@/domain/answers/point-tile.ts'
import type { PointsSource } from '../types.ts'
import { hitsFromProperties, incidentTile } from './incident-tile.ts'
import { encodePointTile } from './mvt.ts'
import { loadPointTile, PointFeed, TileCache } from './points-protocol.ts'

/** Reads the tile with an independent library. */
function readTile(data: ArrayBuffer) {
  return Object.values(new VectorTile(new PbfReader(data)).layers).flatMap((layer) =>
    Array.from({ length: layer.length }, (_, i) => {
      const feature = layer.feature(i)
      const { x, y } = feature.loadGeometry()[0]![0]!
      return { layer: layer.name, extent: feature.extent, x, y, properties: feature.properties }
    }),
  )
}

const tileOf = (...ids: string[]): PointTile => ({
  total: ids.length,
  shown: ids.length,
  ids,
  category: Uint8Array.from(ids, () => 3),
  stage: Uint8Array.from(ids, () => 0),
  x: Int16Array.from(ids, (_, i) => i * 100),
  y: Int16Array.from(ids, () => 4095),
  hidden: 0,
  stacks: [],
})

const never = new AbortController().signal
const urlOf = (feed: PointFeed): string =>
  feed.url.replace('{z}', '14').replace('{x}', '2620').replace('{y}', '6332')
const idsIn = (data: ArrayBuffer): unknown[] =>
  readTile(data).map(({ properties }) => properties.id)

describe('a stack of a capped tile', () => {
  it('has its true count, and gives what was brought', () => {
    const brought: PointTile = { ...tileOf('a', 'b', 'c'), x: Int16Array.from([7, 7, 9]) }
    brought.stacks = [{ x: 7, y: 4095, count: 2500 }]
    const drawn = readTile(incidentTile(brought).data).map(({ properties }) => properties)
    expect(drawn.map(({ count }) => count)).toEqual([2500, 1])
    expect(hitsFromProperties(drawn[0] as never, [0, 0])).toHaveLength(2)
  })
})

describe('encodePointTile', () => {
  it('writes places and properties a reader gets back, Chinese and negative places too', () => {
    const data = encodePointTile({
      name: 'incidents',
      extent: 4096,
      x: [-64, 4159],
      y: [0, 300],
      properties: [
        { id: '私搭违建', count: 1 },
        { id: 'b', count: 300 },
      ],
    })
    expect(readTile(data)).toEqual([
      { layer: 'incidents', extent: 4096, x: -64, y: 0, properties: { id: '私搭违建', count: 1 } },
      { layer: 'incidents', extent: 4096, x: 4159, y: 300, properties: { id: 'b', count: 300 } },
    ])
  })

  it('writes an empty layer', () => {
    expect(
      readTile(encodePointTile({ name: 'n', extent: 1, x: [], y: [], properties: [] })),
    ).toEqual([])
  })

  it('outgrows its buffer', () => {
    const ids = Array.from({ length: 2000 }, (_, i) => `id-${i}`)
    expect(idsIn(incidentTile(tileOf(...ids)).data)).toEqual(ids)
  })
})

describe('incidentTile', () => {
  const shared: PointTile = {
    total: 3,
    shown: 3,
    hidden: 0,
    stacks: [],
    ids: ['closed', 'open', 'beside'],
    category: Uint8Array.of(1, 2, 3),
    // closed; reported, on hold and generated; generated and dispatched
    stage: Uint8Array.of(4, 0x30, 0x22),
    x: Int16Array.of(-5, -5, 7),
    y: Int16Array.of(9, 9, 9),
  }

  it('draws incidents at one place as one numbered point, the open one on top', () => {
    const { data, coveredBy } = incidentTile(shared)
    const points = readTile(data)
    expect(points.map(({ x, properties }) => [x, properties.id, properties.count])).toEqual([
      [-5, 'open', 2],
      [7, 'beside', 1],
    ])
    expect([...coveredBy]).toEqual([['closed', 'open']])
  })

  it('finds each of them again', () => {
    const [both, one] = readTile(incidentTile(shared).data)
    const lngLat = [1, 2] as const
    expect(hitsFromProperties(both!.properties as never, lngLat)).toEqual([
      { id: 'open', category: 2, stage: 'reported', onHold: true, isGenerated: true, lngLat },
      { id: 'closed', category: 1, stage: 'closed', onHold: false, isGenerated: false, lngLat },
    ])
    expect(hitsFromProperties(one!.properties as never, lngLat)).toEqual([
      { id: 'beside', category: 3, stage: 'dispatched', onHold: false, isGenerated: true, lngLat },
    ])
  })
})

describe('PointFeed', () => {
  const open = (source: Partial<PointsSource>, cache = new TileCache(), onError = vi.fn()) => ({
    feed: new PointFeed(
      { key: 'k', colors: [], load: async () => tileOf('a'), ...source },
      cache,
      onError,
    ),
    onError,
  })

  it('asks once and answers again from its cache, with a buffer of its own', async () => {
    const load = vi.fn(async () => tileOf('a', 'b'))
    const { feed } = open({ load })
    const first = await loadPointTile(urlOf(feed), never)
    structuredClone(first.data, { transfer: [first.data] })
    expect(idsIn((await loadPointTile(urlOf(feed), never)).data)).toEqual(['a', 'b'])
    expect(load).toHaveBeenCalledOnce()
    expect(load).toHaveBeenCalledWith(14, 2620, 6332, expect.any(AbortSignal))
    expect(feed.totals(14, 2620, 6332)).toEqual({ shown: 2, total: 2, hidden: 0 })
  })

  it('goes back to an earlier filter from the cache, and never mixes two', async () => {
    const cache = new TileCache()
    const load = vi.fn(async () => tileOf('old'))
    await loadPointTile(urlOf(open({ key: 'old', load }, cache).feed), never)
    const fresh = open({ key: 'new', load: async () => tileOf('new') }, cache)
    expect(idsIn((await loadPointTile(urlOf(fresh.feed), never)).data)).toEqual(['new'])
    const back = open({ key: 'old', load }, cache)
    expect(idsIn((await loadPointTile(urlOf(back.feed), never)).data)).toEqual(['old'])
    expect(load).toHaveBeenCalledOnce()
  })

  it('drops an answer that arrives after the filter has changed, and keeps it out of the cache', async () => {
    let answer = (_: PointTile): void => {}
    const cache = new TileCache()
    const load = vi.fn(() => new Promise<PointTile>((resolve) => (answer = resolve)))
    const { feed, onError } = open({ load }, cache)
    const tile = loadPointTile(urlOf(feed), never)
    feed.close()
    answer(tileOf('late'))
    await expect(tile).rejects.toMatchObject({ name: 'AbortError' })
    await expect(loadPointTile(urlOf(feed), never)).rejects.toMatchObject({ name: 'AbortError' })
    expect(cache.get('k/14/2620/6332')).toBeUndefined()
    expect(onError).not.toHaveBeenCalled()
  })

  it('passes an abort on to the request', async () => {
    const gone = new AbortController()
    const load = vi.fn(
      (_z: number, _x: number, _y: number, signal: AbortSignal) =>
        new Promise<PointTile>((_, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason as Error)),
        ),
    )
    const { feed, onError } = open({ load })
    const tile = loadPointTile(urlOf(feed), gone.signal)
    gone.abort()
    await expect(tile).rejects.toMatchObject({ name: 'AbortError' })
    expect(onError).not.toHaveBeenCalled()
  })

  it('reports a failure, and asks again next time', async () => {
    const load = vi.fn<PointsSource['load']>()
    load.mockRejectedValueOnce(new Error('down')).mockResolvedValueOnce(tileOf('a'))
    const { feed, onError } = open({ load })
    await expect(loadPointTile(urlOf(feed), never)).rejects.toThrow('down')
    expect(onError).toHaveBeenCalledOnce()
    expect(idsIn((await loadPointTile(urlOf(feed), never)).data)).toEqual(['a'])
  })

  it('knows which drawn point stands for a covered incident', async () => {
    const pile = { ...tileOf('a', 'b'), x: Int16Array.of(1, 1) }
    const { feed } = open({ load: async () => pile })
    await loadPointTile(urlOf(feed), never)
    expect([feed.drawnId('b'), feed.drawnId('a'), feed.drawnId('?')]).toEqual(['a', 'a', '?'])
  })
})
