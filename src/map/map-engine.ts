import type { Map as MapLibreMap, Marker } from 'maplibre-gl'
import type { BoundingBox } from '@/domain/vocabulary.ts'
import { ComparedMap } from './compared-map.ts'
import { Emitter } from './emitter.ts'
import { AreasLayer } from './layers/areas.layer.ts'
import { CellsLayer } from './layers/cells.layer.ts'
import { HeatLayer } from './layers/heat.layer.ts'
import { LocationLayer, type Location } from './layers/location.layer.ts'
import { PlacesLayer } from './layers/places.layer.ts'
import { PointsLayer } from './layers/points.layer.ts'
import { locateDevice } from './locate.ts'
import { boundsOf, createMapCanvas, titleCanvas } from './map-canvas.ts'
import { listenToKeys } from './keys.ts'
import { drawMaps } from './map-picture.ts'
import { addPin } from './pin.ts'
import { listenToPointer } from './pointer-events.ts'
import { baseStyle } from './style/base-style.ts'
import { restyle } from './style/restyle.ts'
import type { LocateResult, MapEngine, MapEngineOptions, MapEvents, ReportedView } from './types.ts'
import { Controls } from './ui/controls.ts'
import { ScaleBar } from './ui/scale-bar.ts'

const viewDelayMs = 150
const locatedZoom = 16

/**
 * `container` must have a size.
 * @throws when WebGL 2 is missing; show the table view instead
 */
export function createMapEngine(container: HTMLElement, options: MapEngineOptions): MapEngine {
  const { city } = options
  let { theme, locale, messages } = options
  let destroyed = false
  let marker: Marker | null = null
  let viewTimer: ReturnType<typeof setTimeout> | undefined

  const events = new Emitter<MapEvents>()
  const attribution = city.basemap?.attribution ?? null
  const scale = new ScaleBar(messages, attribution)
  const map = createMapCanvas(container, {
    city,
    theme,
    locale,
    title: messages.mapTitle,
    view: options.view,
    interactive: true,
    onStreets: (drawn) => scale.setAttribution(drawn ? attribution : null),
  })
  const areas = new AreasLayer(theme)
  const cells = new CellsLayer()
  const heat = new HeatLayer(theme)
  const points = new PointsLayer(theme, (error) => events.emit('pointsError', error))
  const places = new PlacesLayer(theme)
  const location = new LocationLayer(theme)
  const warn = ({ message }: { message: string }): void => console.warn('Map:', message)
  const lost = (): void => events.emit('fatal', new Error('The WebGL context was lost'))
  const compared = new ComparedMap(map, {
    city,
    look: { theme, locale, messages },
    onError: warn,
    onPointsError: (error) => events.emit('pointsError', error),
    onLost: lost,
  })
  const fullscreenElement = options.fullscreenElement ?? container

  // Draws values set earlier. Location comes last, on top.
  map.once('style.load', () => {
    for (const layer of [areas, cells, heat, points, places, location]) layer.attach(map)
  })
  map.on('error', ({ error }) => warn(error))
  map.on('webglcontextlost', lost)
  listenToPointer(map, events, {
    drawnLevel: () => areas.level,
    mapAt: ({ x }) => compared.mapAt(x),
  })
  listenToKeys(map)

  container.append(scale.element)

  const getView = (): ReportedView => ({
    center: [map.getCenter().lng, map.getCenter().lat],
    zoom: map.getZoom(),
    bearing: map.getBearing(),
    bbox: boxOf(map),
  })
  const animated = (animate = false): boolean =>
    animate && !matchMedia('(prefers-reduced-motion: reduce)').matches
  const zoomBy = (step: number): void =>
    void map.easeTo({ zoom: map.getZoom() + step, duration: animated(true) ? 200 : 0 })

  async function toggleFullscreen(): Promise<void> {
    if (document.fullscreenElement) await document.exitFullscreen()
    else if (document.fullscreenEnabled) await fullscreenElement.requestFullscreen()
  }

  const showLocation = (place: Location | null): void => {
    location.set(place)
    compared.setLocation(place)
  }

  async function locate(): Promise<LocateResult> {
    const result = await locateDevice(city.bbox)
    if (destroyed) return result
    if (result.ok) {
      showLocation(result)
      // There is no map outside the city.
      if (result.insideCity)
        map.easeTo({
          center: [...result.lngLat],
          zoom: Math.max(map.getZoom(), locatedZoom),
          duration: animated(true) ? 600 : 0,
        })
    }
    events.emit('locate', result)
    return result
  }

  const actions = {
    zoomIn: () => zoomBy(1),
    zoomOut: () => zoomBy(-1),
    resetNorth: () => void map.rotateTo(0, { duration: animated(true) ? 250 : 0 }),
    toggleFullscreen,
    locate,
  }
  const controls = options.controls === false ? null : new Controls(messages, actions)
  if (controls) container.append(controls.element)

  const showPlace = (): void => {
    scale.setPlace(map.getZoom(), map.getCenter().lat)
    controls?.setBearing(map.getBearing())
    controls?.setZoomLimits(map.getZoom() <= map.getMinZoom(), map.getZoom() >= map.getMaxZoom())
  }
  showPlace()
  map.on('move', showPlace)
  map.on('moveend', () => {
    clearTimeout(viewTimer)
    viewTimer = setTimeout(() => events.emit('view', getView()), viewDelayMs)
  })
  map.on('idle', () => events.emit('pointTotals', points.totals(map.getZoom(), boxOf(map))))

  const onFullscreen = (): void => {
    const isFullscreen = document.fullscreenElement === fullscreenElement
    controls?.setFullscreen(isFullscreen)
    events.emit('fullscreen', isFullscreen)
  }
  document.addEventListener('fullscreenchange', onFullscreen)

  function redraw(next: { theme?: typeof theme; locale?: typeof locale }): void {
    const before = baseStyle(city, theme, locale).layers
    theme = next.theme ?? theme
    locale = next.locale ?? locale
    const apply = (): void => restyle(map, before, baseStyle(city, theme, locale).layers)
    if (map.isStyleLoaded() || map.getLayer('background')) apply()
    else map.once('style.load', apply)
  }

  const engine: MapEngine = {
    setTheme(next) {
      if (next === theme) return
      redraw({ theme: next })
      container.dataset['mapTheme'] = next
      for (const layer of [areas, heat, points, places, location]) layer.setTheme(next)
      compared.setLook({ theme, locale, messages })
    },
    setLocale(nextLocale, nextMessages) {
      messages = nextMessages
      titleCanvas(map, messages.mapTitle)
      controls?.setMessages(messages)
      scale.setMessages(messages)
      if (nextLocale !== locale) redraw({ locale: nextLocale })
      compared.setLook({ theme, locale, messages })
    },
    getView,
    setView(view, { animate } = {}) {
      const camera = {
        center: [...view.center] as [number, number],
        zoom: view.zoom,
        bearing: view.bearing ?? 0,
      }
      if (animated(animate)) map.easeTo({ ...camera, duration: 500 })
      else map.jumpTo(camera)
    },
    fitBounds(bbox, { animate, paddingPixels = 32 } = {}) {
      map.fitBounds(boundsOf(bbox), {
        padding: paddingPixels,
        maxZoom: 17,
        duration: animated(animate) ? 500 : 0,
        linear: true,
      })
    },
    ...actions,
    clearLocation: () => showLocation(null),
    setAreas(level, features) {
      areas.setAreas(level, features)
      compared.setAreas(level, features)
    },
    setAreaLevel(level) {
      areas.setLevel(level)
      compared.setLevel(level)
    },
    setAreaValues: (values) => areas.setValues(values),
    setAreaHighlight(highlight) {
      areas.setHighlight(highlight)
      compared.setHighlight(highlight)
    },
    setCells: (values) => cells.set(values),
    setHeat: (grid) => heat.set(grid),
    setPlaces: (marks) => places.set(marks),
    setPoints: (source) => points.set(source),
    setPointHighlight(highlight) {
      points.setHighlight(highlight)
      compared.setPointHighlight(highlight)
    },
    setCompared: (next) => compared.set(next),
    setDivider: (share) => compared.setDivider(share),
    setMarker(next) {
      compared.setMarker(next)
      marker?.remove()
      marker = next ? addPin(map, next.lngLat, next.color) : null
    },
    picture: () => drawMaps(map, () => compared.seen()),
    on: (event, listener) => events.on(event, listener),
    resize: () => void map.resize(),
    whenIdle: () => nextEvent(map, 'idle'),
    whenRendered: () => nextEvent(map, 'render'),
    destroy() {
      if (destroyed) return
      destroyed = true
      clearTimeout(viewTimer)
      document.removeEventListener('fullscreenchange', onFullscreen)
      events.clear()
      compared.close()
      points.close()
      marker?.remove()
      map.remove()
      controls?.element.remove()
      scale.element.remove()
    },
  }
  return quietAfter(engine, () => destroyed)
}

/** After `destroy` methods do nothing: late answers are harmless. */
function quietAfter(engine: MapEngine, isGone: () => boolean): MapEngine {
  return new Proxy(engine, {
    get(target, name: keyof MapEngine) {
      const method = target[name]
      if (!isGone()) return method
      if (name === 'on') return () => () => {}
      if (name === 'locate') return async () => ({ ok: false, reason: 'unavailable' })
      return name === 'getView' ? method : async () => {}
    },
  })
}

function nextEvent(map: MapLibreMap, event: 'idle' | 'render'): Promise<void> {
  return new Promise((resolve) => {
    map.once(event, () => resolve())
    map.once('remove', () => resolve())
    // Both events fire only after a repaint.
    map.triggerRepaint()
  })
}

function boxOf(map: MapLibreMap): BoundingBox {
  const bounds = map.getBounds()
  return [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()]
}
