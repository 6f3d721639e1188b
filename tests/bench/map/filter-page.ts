import { addProtocol, Map as MapLibreMap, type FilterSpecification } from 'maplibre-gl'
import type { FeatureCollection, MultiPolygon, Polygon } from 'geojson'
import { classBreaks, classOf } from '../../../src/domain/answers/class-breaks.ts'
import { unpackMonth } from '../../../src/columns/count/column-set.ts'
import { quantum, type PackedMonth } from '../../../src/domain/answers/columns.ts'
import { emptyFilter, type IncidentFilter } from '../../../src/domain/filter/filter.ts'
import { createMapEngine } from '../../../src/map/map-engine.ts'
import { mapMessages } from '../../../src/map/messages.ts'
import { encodePointTile } from '../../../src/map/protocols/mvt.ts'
import { hotColdColor, sequentialRamp } from '../../../src/map/ramps.ts'
import type { AreaFeatures } from '../../../src/map/types.ts'
import { levelShapes } from '../../../src/columns/level-shapes.ts'
import { squareKm } from '../../../src/geo/square-km.ts'
import type { RemoteColumnsEngine } from '../../../src/columns/engine-call.ts'
import { ColumnsLoader } from '../../../src/columns/loader.ts'
import type { MonthInfo } from '../../../src/data/incidents.repo.ts'
import { startColumnsWorker } from '../../../src/columns/worker-client.ts'

const bbox = [-122.52, 37.7, -122.35, 37.83] as const
const city = {
  name: 'San Francisco',
  locale: 'en',
  timeZone: 'America/Los_Angeles',
  bbox,
  // No basemap under any of the three: drawn in software it would be most of every frame.
  basemap: null,
}
const view = { center: [-122.43, 37.765] as const, zoom: 12 }
/** Picture that the map page asks for on a map of this size: a third of its pixels each way. */
const picture = {
  bbox,
  width: Math.ceil(innerWidth / 3),
  height: Math.ceil(innerHeight / 3),
  radiusPixels: 7,
}
const tileZoom = 12
const extent = 4096
const categories = 30
const rounds = 5
/** Fewer for MapLibre's own filter: a change takes seconds. */
const comparedRounds = 2
/** Each map is measured more than once, in turn: a busy minute of the machine must not hit one alone. */
const turns = 2

/** Milliseconds, each the best of the rounds: other work on the machine can only add to a time. */
export interface FilterTimes {
  emptyFrame: number
  start: StartTimes
  /** Of the page with its worker, more than before the first month came. */
  bytes: number
  /** By filter, in one order. */
  ours: number[]
  /** A change to the overdue ones, and to some of them. */
  overdue: number[]
  /** To repainted hotspots by Gi* with its correction: of areas, and of squares of 500 m. */
  hotspots: number[]
  hotspotCells: number[]
  setFilter: number[]
}

/** From the first call of the loader. */
interface StartTimes {
  /** To the first painted counts. */
  firstMillis: number
  /** Incidents that these counts know. */
  firstIncidents: number
  /** Different totals painted before the last month came. */
  paintedBefore: number
  /** To the last month in the worker. */
  loadedMillis: number
}

Object.assign(window, { measureFilter })

/**
 * Times the two on one page, after another, on the same incidents and at the same view.
 * @param step MapLibre's own map gets every so manieth incident only
 */
async function measureFilter(step: number): Promise<FilterTimes> {
  const tiles = await rawTiles(step)
  addProtocol('raw', async ({ url }) => {
    const tile = tiles.get(url.slice('raw://'.length))
    return { data: tile ? tile.slice(0) : new ArrayBuffer(0) }
  })
  const measured: FilterTimes[] = []
  for (let turn = 0; turn < turns; turn++)
    measured.push({ ...(await measureOurs()), setFilter: await measureSetFilter() })
  // start and memory are the first turn's: later there is what the other map left behind
  return measured.reduce((best, one) => ({
    ...best,
    emptyFrame: Math.min(best.emptyFrame, one.emptyFrame),
    ours: lower(best.ours, one.ours),
    overdue: lower(best.overdue, one.overdue),
    hotspots: lower(best.hotspots, one.hotspots),
    hotspotCells: lower(best.hotspotCells, one.hotspotCells),
    setFilter: lower(best.setFilter, one.setFilter),
  }))
}

/**
 * From files of the disk: a browser under remote control keeps all that comes over the network,
 * as much again as the columns.
 */
const jsonOf = async (name: string): Promise<unknown> => {
  const { files } = document.querySelector<HTMLInputElement>('#months')!
  return JSON.parse(await [...files!].find((file) => file.name === `${name}.json`)!.text())
}
const monthNames = async (): Promise<MonthInfo[]> => (await jsonOf('list')) as MonthInfo[]
const packedMonth = async (month: string): Promise<PackedMonth> =>
  (await jsonOf(month)) as PackedMonth

/** As the app loads them, from a server that answers at once. */
async function loadMonths(columns: RemoteColumnsEngine, onProgress: () => void): Promise<void> {
  const months = await monthNames()
  const nothing = async (): Promise<void> => {}
  const loader = new ColumnsLoader({
    repo: {
      months: async () => ({ months, asOf: '2026-01-01T00:00:00Z', cursor: '1' }),
      columns: (asked) => Promise.all(asked.map(packedMonth)),
      changes: () => Promise.reject(new Error('nothing changes')),
    },
    cache: { read: async () => [], write: nothing, erase: nothing },
    keptListing: { read: async () => null, write: () => {} },
    engine: columns,
    scope: 'bench',
    scopeKey: 'bench',
    guard: (call) => call(),
    onMonths: () => {},
    onNow: () => {},
    onProgress,
    onAreas: nothing,
    onWaiting: () => {},
    onScopeChanged: () => {},
  })
  await loader.load(new AbortController().signal)
}

declare global {
  interface Window {
    /** Private memory of the page's process, the worker's with it, after a collection of garbage. */
    processBytes: () => Promise<number>
  }
}

const unmeasured = (of: IncidentFilter[]): number[] => of.map(() => Number.POSITIVE_INFINITY)
const lower = (some: number[], others: number[]): number[] =>
  some.map((one, i) => Math.min(one, others[i]!))

async function measureOurs(): Promise<Omit<FilterTimes, 'setFilter'>> {
  const features = await loadGrids()
  const columns = startColumnsWorker()
  await columns.setWorld({
    areas: features.features.map(({ id, properties: { code, path, level } }) => ({
      idx: Number(id),
      code,
      path,
      level,
    })),
    categories: Array.from({ length: categories }, (_, i) => ({
      idx: i + 1,
      code: `c${i + 1}`,
      path: `c${i + 1}/`,
    })),
    cityBbox: bbox,
  })
  await columns.setNow(Date.UTC(2026, 0, 1) / 60_000)
  await columns.setShapes(
    'grid',
    levelShapes(
      features.features.map(({ id, geometry }) => ({
        ...{ idx: Number(id), geometry, households: 0 },
        squareKm: squareKm(geometry),
      })),
    ),
  )

  const container = document.querySelector<HTMLElement>('#map')!
  const messages = mapMessages((key) => key)
  const engine = createMapEngine(container, { city, theme: 'light', locale: 'en', messages, view })
  engine.setAreas('grid', features)
  engine.setAreaLevel('grid')
  const gl = container.querySelector('canvas')!.getContext('webgl2')!

  const paint = async (filter: IncidentFilter): Promise<number> => {
    const projection = await columns.ask('projection', filter, null)
    paintAreas(projection.byArea)
    return projection.total
  }
  const paintAreas = (values: Uint32Array): void => {
    const breaks = classBreaks(values.subarray(1), 6)
    engine.setAreaValues({
      classes: Int8Array.from(values, (value) => classOf(value, breaks)),
      colors: sequentialRamp('light', breaks.length + 1),
    })
  }
  // Both in one frame: the answers come within milliseconds, and each frame costs as much again.
  const apply = async (filter: IncidentFilter): Promise<void> => {
    const [{ byArea }, heat] = await Promise.all([
      columns.ask('projection', filter, null),
      columns.ask('heat', filter, picture),
    ])
    paintAreas(byArea)
    engine.setHeat(heat)
  }
  /** Codes −3 to 3. */
  const colors = Array.from({ length: 7 }, (_, n) => hotColdColor('light', (n - 3) / 3))
  const judged = {
    ...({ method: 'chance', test: 'normal', correction: 'benjamini_hochberg' } as const),
    ...({ rates: 'own', window: null, lastDay: '2025-12-31', level: 'grid' } as const),
  }
  const applyHotspots = async (filter: IncidentFilter): Promise<void> => {
    const [, found] = await Promise.all([
      columns.ask('projection', filter, null),
      columns.ask('hotspots', filter, judged),
    ])
    const classes = new Int8Array(256).fill(-1)
    found.areas.forEach((idx, i) => (classes[idx] = found.classes[i]! + 3))
    engine.setAreaValues({ classes, colors })
  }
  const applyCells = async (filter: IncidentFilter): Promise<void> => {
    const [, found] = await Promise.all([
      columns.ask('projection', filter, null),
      columns.ask('hotspotCells', filter, { ...judged, shape: 'square', widthMetres: 500 }),
    ])
    const classes = Int16Array.from(found.classes, (code) => code + 3)
    engine.setCells({ grid: found.grid, cells: found.cells, classes, colors })
  }
  await painted(gl, engine.whenIdle())
  const bytesBefore = await window.processBytes()
  const start = await measureStart(
    columns,
    () => paint(emptyFilter()),
    () => painted(gl, engine.whenRendered()),
  )
  await apply(filters[0]!)
  await painted(gl, engine.whenIdle())

  const emptyFrames: number[] = []
  const changeBy =
    (show: typeof apply) =>
    async (filter: IncidentFilter): Promise<number> => {
      // without heat a frame is cheaper: only those of the first comparison count
      const emptyFrame = await timed(() => painted(gl, engine.whenRendered()))
      if (show === apply) emptyFrames.push(emptyFrame)
      const millis = await timed(async () => {
        await show(filter)
        await painted(gl, engine.whenRendered())
      })
      // The rest of this change, still being drawn, must not be charged to the next.
      await painted(gl, engine.whenIdle())
      return millis
    }
  const ours = await bestByFilter(filters, changeBy(apply))
  const overdue = await bestByFilter(overdueFilters, changeBy(apply))
  const bytesAfter = await window.processBytes()
  engine.setHeat(null)
  const hotspots = await bestByFilter(filters, changeBy(applyHotspots))
  engine.setAreaValues(null)
  const hotspotCells = await bestByFilter(filters, changeBy(applyCells))
  engine.destroy()
  columns.terminate()
  return {
    emptyFrame: Math.min(...emptyFrames),
    start,
    bytes: bytesAfter - bytesBefore,
    ours,
    overdue,
    hotspots,
    hotspotCells,
  }
}

/** Paints as the page does: again whenever months have come and the last picture is done. */
async function measureStart(
  columns: RemoteColumnsEngine,
  paint: () => Promise<number>,
  frame: () => Promise<void>,
): Promise<StartTimes> {
  const begun = performance.now()
  const totals = new Set<number>()
  let first: Pick<StartTimes, 'firstMillis' | 'firstIncidents'> | null = null
  let painting: Promise<void> | null = null
  const repaint = async (): Promise<void> => {
    const total = await paint()
    await frame()
    totals.add(total)
    first ??= { firstMillis: performance.now() - begun, firstIncidents: total }
    painting = null
  }
  await loadMonths(columns, () => (painting ??= repaint()))
  const loaded = { paintedBefore: totals.size, loadedMillis: performance.now() - begun }
  await painting
  first ??= { firstMillis: performance.now() - begun, firstIncidents: await paint() }
  return { ...first, ...loaded }
}

/** The same incidents as raw vector tiles, filtered by a map of MapLibre's own. */
async function measureSetFilter(): Promise<number[]> {
  const map = new MapLibreMap({
    container: 'map',
    center: [...view.center],
    zoom: view.zoom,
    attributionControl: false,
    fadeDuration: 0,
    style: {
      version: 8,
      sources: {
        raw: {
          type: 'vector',
          tiles: ['raw://{z}/{x}/{y}'],
          minzoom: tileZoom,
          maxzoom: tileZoom,
        },
      },
      layers: [
        {
          id: 'raw',
          type: 'circle',
          source: 'raw',
          'source-layer': 'incidents',
          paint: { 'circle-radius': 1.5, 'circle-color': '#0f766e' },
        },
      ],
    },
  })
  await idle(map)
  const gl = map.getCanvas().getContext('webgl2')!
  const times = await bestByFilter(
    filters.slice(0, comparedFilters),
    (filter) =>
      timed(() => {
        map.setFilter('raw', rawFilter(filter))
        return painted(gl, idle(map))
      }),
    comparedRounds,
  )
  map.remove()
  return times
}

const someAreas = Array.from({ length: 80 }, (_, i) => `area-${i + 41}`)
/** Of `filters`, those that MapLibre's own filter knows too. */
const comparedFilters = 4

/**
 * A year, five with ten categories, every third category of all time, everything; then open ones,
 * closed ones, days within months, many areas, those with categories and stages, and a box.
 */
const filters: IncidentFilter[] = [
  { ...emptyFilter(), period: { from: '2022-01-01', to: '2022-12-31' } },
  {
    ...emptyFilter(),
    period: { from: '2020-01-01', to: '2024-12-31' },
    categories: Array.from({ length: 10 }, (_, i) => `c${i + 1}`),
  },
  { ...emptyFilter(), categories: Array.from({ length: 10 }, (_, i) => `c${i * 3 + 1}`) },
  emptyFilter(),
  { ...emptyFilter(), openOnly: true },
  { ...emptyFilter(), stages: ['closed'] },
  { ...emptyFilter(), period: { from: '2021-06-10', to: '2024-05-20' }, categories: ['c1', 'c2'] },
  { ...emptyFilter(), areas: someAreas },
  { ...emptyFilter(), areas: someAreas, categories: ['c1', 'c2', 'c3', 'c4'], openOnly: true },
  { ...emptyFilter(), bbox: [-122.48, 37.72, -122.4, 37.8] },
]

/** All overdue, some of them in a period, and with those due within a day. */
const overdueFilters: IncidentFilter[] = [
  { ...emptyFilter(), due: ['overdue'] },
  { ...filters[1]!, due: ['overdue'] },
  { ...filters[2]!, due: ['overdue', 'within_day'] },
]

function rawFilter(filter: IncidentFilter): FilterSpecification {
  const rules: unknown[] = ['all']
  if (filter.period) {
    rules.push(['>=', ['get', 'month'], monthOf(filter.period.from)])
    rules.push(['<=', ['get', 'month'], monthOf(filter.period.to)])
  }
  if (filter.categories.length > 0) {
    const wanted = filter.categories.map((code) => Number(code.slice(1)))
    rules.push(['in', ['get', 'category'], ['literal', wanted]])
  }
  return rules as FilterSpecification
}

const monthOf = (day: string): number => Number(day.slice(0, 4)) * 12 + Number(day.slice(5, 7)) - 1

/** The middle of a quantised place, in degrees. */
const dequantise = (value: number, low: number, high: number): number =>
  low + (value / quantum) * (high - low)

async function rawTiles(step: number): Promise<Map<string, ArrayBuffer>> {
  const size = 2 ** tileZoom * extent
  const layers = new Map<
    string,
    { x: number[]; y: number[]; properties: { category: number; month: number }[] }
  >()
  for (const { month: name } of await monthNames()) {
    const month = unpackMonth(await packedMonth(name))
    for (let i = 0; i < month.count; i += step) {
      const lng = dequantise(month.x[i]!, bbox[0], bbox[2])
      const sine = Math.sin((dequantise(month.y[i]!, bbox[1], bbox[3]) * Math.PI) / 180)
      const x = Math.floor(((lng + 180) / 360) * size)
      const y = Math.floor((0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)) * size)
      const name = `${tileZoom}/${Math.floor(x / extent)}/${Math.floor(y / extent)}`
      const layer = layers.get(name) ?? { x: [], y: [], properties: [] }
      layers.set(name, layer)
      layer.x.push(x % extent)
      layer.y.push(y % extent)
      layer.properties.push({ category: month.category[i]!, month: monthOf(month.month) })
    }
  }
  return new Map(
    [...layers].map(([name, layer]) => [
      name,
      encodePointTile({ name: 'incidents', extent, ...layer }),
    ]),
  )
}

async function loadGrids(): Promise<AreaFeatures> {
  const response = await fetch('/supabase/seed/demo/areas_grid.geojson')
  const raw = (await response.json()) as FeatureCollection<
    Polygon | MultiPolygon,
    { code: string; name: string; parent_code: string }
  >
  return {
    type: 'FeatureCollection',
    features: raw.features.map((feature, index) => {
      const { name, parent_code: parentCode } = feature.properties
      const code = `area-${index + 1}`
      const properties = { code, name, parentCode, path: `${code}/`, level: 'grid' as const }
      return { ...feature, id: index + 1, properties }
    }),
  }
}

/** Waits for the frame, then for the graphics card to have really drawn it. */
async function painted(gl: WebGL2RenderingContext, frame: Promise<void>): Promise<void> {
  await frame
  gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4))
}

const idle = (map: MapLibreMap): Promise<void> =>
  new Promise((resolve) => {
    map.once('idle', () => resolve())
    map.triggerRepaint()
  })

async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}

/** Goes through all filters again and again, so that every change is one from another filter. */
async function bestByFilter(
  of: IncidentFilter[],
  change: (filter: IncidentFilter) => Promise<number>,
  times = rounds,
): Promise<number[]> {
  let best = unmeasured(of)
  for (let round = 0; round < times; round++) {
    const measured: number[] = []
    for (const filter of of) measured.push(await change(filter))
    best = lower(best, measured)
  }
  return best
}
