import type { FeatureCollection, MultiPolygon, Polygon } from 'geojson'
import { classBreaks, classOf } from '../../../src/domain/answers/class-breaks.ts'
import type { PointTile } from '../../../src/domain/answers/point-tile.ts'
import type { AreaLevel } from '../../../src/domain/vocabulary.ts'
import { createLocatorMap } from '../../../src/map/locator-map.ts'
import { levelForZoom } from '../../../src/map/level-for-zoom.ts'
import { createMapEngine } from '../../../src/map/map-engine.ts'
import { mapMessages } from '../../../src/map/messages.ts'
import { sequentialRamp } from '../../../src/map/ramps.ts'
import type { AreaFeatures, MapLocale, MapTheme } from '../../../src/map/types.ts'
import english from '../../../src/locales/en/map.json'
import chinese from '../../../src/locales/zh-CN/map.json'

const query = new URLSearchParams(location.search)
const theme = (query.get('theme') ?? 'light') as MapTheme
const locale = (query.get('locale') ?? 'zh-CN') as MapLocale
const zoom = query.has('zoom') ? Number(query.get('zoom')) : undefined
const texts = (language: MapLocale): Record<string, string> =>
  language === 'en' ? english : chinese
const messagesIn = (language: MapLocale) =>
  mapMessages((key) => texts(language)[key.slice(4)] ?? key)
const city = {
  name: 'San Francisco',
  locale: 'en',
  timeZone: 'America/Los_Angeles',
  bbox: [-122.52, 37.7, -122.35, 37.83] as const,
  basemap: { url: '/basemap/sf.pmtiles', attribution: '© OpenStreetMap contributors · Protomaps' },
}
const container = document.querySelector<HTMLElement>('#map')!
const center = [Number(query.get('lng') ?? -122.42), Number(query.get('lat') ?? 37.762)] as const

if (query.has('locator')) {
  container.style.cssText = 'width: 320px; height: 200px'
  const locator = createLocatorMap(container, {
    city,
    look: { theme, locale, messages: messagesIn(locale) },
    lngLat: center,
    color: '#b4450b',
    onLost: () => undefined,
  })
  void locator.whenIdle().then(() => Object.assign(window, { ready: true }))
} else await showEngine()

async function showEngine(): Promise<void> {
  const engine = createMapEngine(container, {
    city,
    theme,
    locale,
    messages: messagesIn(locale),
    ...(zoom === undefined ? {} : { view: { center, zoom } }),
  })
  const log: unknown[] = []
  for (const event of [
    'areaHover',
    'areaClick',
    'pointHover',
    'pointClick',
    'backgroundClick',
    'pointTotals',
    'pointsError',
    'view',
    'locate',
    'fullscreen',
    'fatal',
  ] as const)
    engine.on(event, (payload) => log.push({ event, payload }))
  Object.assign(window, { engine, log, messagesIn, demoPoints })
  const levels: AreaLevel[] = ['community', 'grid']
  const features = new Map<AreaLevel, AreaFeatures>()
  for (const level of levels) {
    features.set(level, await loadAreas(level))
    engine.setAreas(level, features.get(level)!)
  }
  const level = levelForZoom(engine.getView().zoom, levels)!
  engine.setAreaLevel(query.has('bare') ? null : level)
  const values = Array.from({ length: 500 }, (_, i) => Math.floor(2000 ** noise(i)) - 1)
  const breaks = classBreaks(
    features.get(level)!.features.map(({ id }) => values[Number(id)]!),
    6,
  )
  if (query.has('heat')) engine.setHeat(demoHeat())
  else
    engine.setAreaValues({
      classes: values.map((value) => classOf(value, breaks)),
      colors: sequentialRamp(theme, breaks.length + 1),
    })
  engine.setAreaHighlight({ hovered: 4, pinned: 12, selected: [20, 21] })
  engine.setPoints(demoPoints('demo'))
  await engine.whenIdle()
  Object.assign(window, { ready: true })
}

async function loadAreas(level: AreaLevel): Promise<AreaFeatures> {
  const response = await fetch(`/supabase/seed/demo/areas_${level}.geojson`)
  const raw = (await response.json()) as FeatureCollection<
    Polygon | MultiPolygon,
    { code: string; name: string; parent_code: string | null }
  >
  return {
    type: 'FeatureCollection',
    features: raw.features.map((feature, index) => ({
      ...feature,
      id: (level === 'grid' ? 100 : 0) + index,
      properties: {
        code: feature.properties.code,
        name: feature.properties.name,
        parentCode: feature.properties.parent_code,
        path: `${feature.properties.code}/`,
        level,
      },
    })),
  }
}

function demoPoints(key: string, delayMs = 0) {
  return {
    key,
    colors: ['#0f766e', '#b45309', '#6d28d9', '#be123c', '#1d4ed8'],
    load: async (z: number, x: number, y: number): Promise<PointTile> => {
      await new Promise((resolve) => setTimeout(resolve, delayMs))
      const shown = z === 14 ? 260 : z === 15 ? 90 : 30
      const at = (i: number, seed: number): number => noise(i + x * 31 + y * 17 + z + seed)
      const tile: PointTile = {
        total: shown + 7,
        shown,
        ids: Array.from({ length: shown }, (_, i) => `${key}-${z}-${x}-${y}-${i}`),
        category: Uint8Array.from({ length: shown }, (_, i) => at(i, 1) * 5),
        stage: Uint8Array.from(
          { length: shown },
          (_, i) => Math.floor(at(i, 2) * 6) + (at(i, 3) < 0.06 ? 16 : 0),
        ),
        x: Int16Array.from({ length: shown }, (_, i) => at(i, 4) * 4096),
        y: Int16Array.from({ length: shown }, (_, i) => at(i, 5) * 4096),
        hidden: 0,
        stacks: [],
      }
      for (let i = 20; i < 32 && i < shown; i++) {
        tile.x[i] = tile.x[i < 24 ? 20 : 24]!
        tile.y[i] = tile.y[i < 24 ? 20 : 24]!
      }
      return tile
    },
  }
}

function demoHeat() {
  const [width, height] = [480, 440]
  const density = new Uint8Array(width * height)
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      let sum = 0
      for (let i = 0; i < 14; i++) {
        const [dx, dy] = [
          x - (0.25 + noise(i) * 0.55) * width,
          y - (0.2 + noise(i + 50) * 0.6) * height,
        ]
        sum += (0.3 + noise(i + 9)) * Math.exp(-(dx * dx + dy * dy) / (200 + 1400 * noise(i + 70)))
      }
      density[y * width + x] = Math.min(255, 230 * Math.sqrt(Math.max(0, sum)))
    }
  return { density, width, height, bbox: city.bbox }
}

/** A repeatable number in [0, 1). */
function noise(seed: number): number {
  const value = Math.sin(seed * 127.1 + 311.7) * 43_758.5453
  return value - Math.floor(value)
}
