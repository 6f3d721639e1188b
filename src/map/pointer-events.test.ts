import type { Map as MapLibreMap } from 'maplibre-gl'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Emitter } from './emitter.ts'
import { listenToPointer } from './pointer-events.ts'
import { layerIds } from './style/layer-ids.ts'
import type { MapEvents } from './types.ts'

/** A map of areas side by side, ten pixels wide each; their index is their number from the left. */
class StripMap {
  readonly listeners = new Map<string, (event: unknown) => void>()
  on(name: string, listener: (event: unknown) => void): void {
    this.listeners.set(name, listener)
  }
  getLayer = (id: string) => (id === layerIds.areaFill('grid') ? {} : undefined)
  queryRenderedFeatures = ({ x }: { x: number }) => [{ id: Math.floor(x / 10) }]
}

let map: StripMap
let chosen: [idx: number, isAdding: boolean][]
beforeEach(() => {
  vi.useFakeTimers()
  map = new StripMap()
  chosen = []
  const events = new Emitter<MapEvents>()
  events.on('areaClick', ({ idx, isAdding }) => chosen.push([idx, isAdding]))
  const asMap = map as unknown as MapLibreMap
  listenToPointer(asMap, events, { drawnLevel: () => 'grid', mapAt: () => asMap })
})
afterEach(() => vi.useRealTimers())

function click(x: number, keys: { ctrlKey?: boolean } = {}): void {
  const originalEvent = { ctrlKey: false, metaKey: false, shiftKey: false, ...keys }
  map.listeners.get('click')!({ lngLat: { lng: 0, lat: 0 }, point: { x, y: 0 }, originalEvent })
}

it('chooses an area by one click, and none by two that zoom', () => {
  click(12)
  vi.advanceTimersByTime(1_000)
  expect(chosen).toEqual([[1, false]])
  click(23)
  vi.advanceTimersByTime(100)
  click(23)
  vi.advanceTimersByTime(1_000)
  expect(chosen).toEqual([[1, false]])
})

it('takes two quick clicks on two areas for two choices, and adds with a key held', () => {
  click(12)
  click(23, { ctrlKey: true })
  vi.advanceTimersByTime(1_000)
  expect(chosen).toEqual([
    [1, false],
    [2, true],
  ])
})

it('chooses nothing on a map that is gone', () => {
  click(12)
  map.listeners.get('remove')!(undefined)
  vi.advanceTimersByTime(1_000)
  expect(chosen).toEqual([])
})
