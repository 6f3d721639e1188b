import type { ExpressionSpecification, GeoJSONSource, Map as MapLibreMap } from 'maplibre-gl'
import type { AreaLevel } from '@/domain/vocabulary.ts'
import { palettes } from '../style/flavors.ts'
import { hatchImage, hatchName } from '../style/hatch.ts'
import { layerIds, sourceIds } from '../style/layer-ids.ts'
import { setPaint } from '../style/set-paint.ts'
import {
  hatchedClass,
  type AreaFeatures,
  type AreaHighlight,
  type AreaValues,
  type MapTheme,
} from '../types.ts'

const noFill = 'rgba(0,0,0,0)'
const now = { duration: 0, delay: 0 }

type Accent = { hovered: boolean; pinned: boolean; selected: boolean }

/** Choropleth and outlines. Loaded levels stay on the map: changing the level loads nothing. */
export class AreasLayer {
  #map: MapLibreMap | null = null
  #theme: MapTheme
  #level: AreaLevel | null = null
  #values: AreaValues | null = null
  readonly #features = new Map<AreaLevel, AreaFeatures>()
  readonly #added = new Set<AreaLevel>()
  /** By level and `Area.idx`. */
  readonly #drawnClass = new Map<AreaLevel, Map<number, number>>()
  readonly #drawnColors = new Map<AreaLevel, string>()
  #accents = new Map<number, Accent>()
  #accentLevel: AreaLevel | null = null

  constructor(theme: MapTheme) {
    this.#theme = theme
  }

  attach(map: MapLibreMap): void {
    this.#map = map
    for (const level of this.#features.keys()) this.#add(level)
    this.#showLevel()
  }

  get level(): AreaLevel | null {
    return this.#level
  }

  setTheme(theme: MapTheme): void {
    this.#theme = theme
    for (const level of this.#added) this.#paint(level)
  }

  setAreas(level: AreaLevel, features: AreaFeatures): void {
    if (this.#features.get(level) === features) return
    this.#features.set(level, features)
    if (!this.#map) return
    if (!this.#added.has(level)) {
      this.#add(level)
      this.#showLevel()
    } else {
      this.#map.getSource<GeoJSONSource>(sourceIds.areas(level))?.setData(features)
      this.#map.removeFeatureState({ source: sourceIds.areas(level) })
      this.#drawnClass.delete(level)
      if (this.#accentLevel === level) this.#accentLevel = null
      this.#drawValues()
      this.#drawAccents(this.#accents)
    }
  }

  setLevel(level: AreaLevel | null): void {
    if (this.#level === level) return
    this.#level = level
    this.#showLevel()
  }

  setValues(values: AreaValues | null): void {
    this.#values = values
    this.#drawValues()
  }

  setHighlight({ hovered, pinned, selected }: AreaHighlight): void {
    const accents = new Map<number, Accent>()
    const mark = (idx: number | null | undefined, kind: keyof Accent): void => {
      if (idx === null || idx === undefined) return
      const accent = accents.get(idx) ?? { hovered: false, pinned: false, selected: false }
      accent[kind] = true
      accents.set(idx, accent)
    }
    for (const idx of selected ?? []) mark(idx, 'selected')
    mark(hovered, 'hovered')
    mark(pinned, 'pinned')
    this.#drawAccents(accents)
  }

  #add(level: AreaLevel): void {
    const map = this.#map
    const features = this.#features.get(level)
    if (!map || !features) return
    const source = sourceIds.areas(level)
    // Stronger simplification opens gaps between neighbours.
    map.addSource(source, { type: 'geojson', data: features, tolerance: 0.1, buffer: 16 })
    map.addLayer({ id: layerIds.areaFill(level), type: 'fill', source }, layerIds.aboveFills)
    map.addLayer(
      {
        id: layerIds.areaHatch(level),
        type: 'fill',
        source,
        layout: { visibility: 'none' },
        paint: { 'fill-opacity': onlyHatched },
      },
      layerIds.aboveFills,
    )
    // Default joins need the fewest triangles.
    map.addLayer({ id: layerIds.areaLine(level), type: 'line', source }, layerIds.belowLabels)
    for (const id of accentLayers(level))
      map.addLayer(
        {
          id,
          type: 'line',
          source,
          layout: { 'line-join': 'round', 'line-cap': 'round', visibility: 'none' },
        },
        layerIds.belowLabels,
      )
    this.#added.add(level)
    this.#paint(level)
  }

  #paint(level: AreaLevel): void {
    const map = this.#map
    if (!map) return
    const palette = palettes[this.#theme]
    setPaint(map, layerIds.areaFill(level), {
      'fill-color-transition': now,
      'fill-opacity-transition': now,
      'fill-antialias': false,
    })
    const hatch = hatchName(this.#theme)
    if (!map.hasImage(hatch)) map.addImage(hatch, hatchImage(this.#theme), { pixelRatio: 2 })
    setPaint(map, layerIds.areaHatch(level), {
      'fill-pattern': hatch,
      'fill-opacity-transition': now,
      'fill-antialias': false,
    })
    setPaint(map, layerIds.areaLine(level), {
      'line-color': palette.boundary,
      'line-width': ['interpolate', ['linear'], ['zoom'], 10, 0.6, 14, 1.2, 17, 2],
      'line-opacity-transition': now,
    })
    const width = (extra: number): ExpressionSpecification => [
      'case',
      ['boolean', ['feature-state', 'pinned'], false],
      3.5 + extra,
      ['boolean', ['feature-state', 'selected'], false],
      2.5 + extra,
      ['boolean', ['feature-state', 'hovered'], false],
      2 + extra,
      0,
    ]
    const seen: ExpressionSpecification = [
      'case',
      [
        'any',
        ['boolean', ['feature-state', 'pinned'], false],
        ['boolean', ['feature-state', 'selected'], false],
        ['boolean', ['feature-state', 'hovered'], false],
      ],
      1,
      0,
    ]
    setPaint(map, layerIds.areaCasing(level), {
      'line-color': palette.casing,
      'line-width': width(2.5),
      'line-opacity': seen,
      'line-width-transition': now,
      'line-opacity-transition': now,
    })
    setPaint(map, layerIds.areaAccent(level), {
      'line-color': [
        'case',
        ['boolean', ['feature-state', 'pinned'], false],
        palette.pinned,
        palette.accent,
      ],
      'line-width': width(0),
      'line-opacity': seen,
      'line-color-transition': now,
      'line-width-transition': now,
      'line-opacity-transition': now,
    })
    this.#paintFill(level)
    map.setPaintProperty(layerIds.areaLine(level), 'line-opacity', this.#level === level ? 0.75 : 0)
  }

  /** MapLibre skips opacity 0, but draws transparent colours. */
  #paintFill(level: AreaLevel): void {
    const map = this.#map
    const values = this.#level === level ? this.#values : null
    map?.setPaintProperty(layerIds.areaFill(level), 'fill-opacity', values ? 1 : 0)
    const isHatched = values !== null && Array.prototype.includes.call(values.classes, hatchedClass)
    this.#showOnceNeeded([layerIds.areaHatch(level)], level, isHatched)
  }

  #showLevel(): void {
    for (const level of this.#added) this.#paint(level)
    this.#drawValues()
    this.#drawAccents(this.#accents)
  }

  #drawValues(): void {
    const map = this.#map
    const level = this.#level
    const features = level && this.#features.get(level)
    if (!map || !level || !features || !this.#added.has(level)) return
    this.#paintFill(level)
    const colors = this.#values?.colors ?? []
    const key = colors.join()
    if (this.#drawnColors.get(level) !== key) {
      map.setPaintProperty(layerIds.areaFill(level), 'fill-color', fillColor(colors))
      this.#drawnColors.set(level, key)
    }
    const drawn = this.#drawnClass.get(level) ?? new Map<number, number>()
    this.#drawnClass.set(level, drawn)
    const source = sourceIds.areas(level)
    for (const { id } of features.features) {
      const idx = Number(id)
      const next = this.#values?.classes[idx] ?? -1
      if ((drawn.get(idx) ?? -1) === next) continue
      map.setFeatureState({ source, id: idx }, { class: next })
      drawn.set(idx, next)
    }
  }

  #drawAccents(next: Map<number, Accent>): void {
    const map = this.#map
    const level = this.#level
    if (map && this.#accentLevel && this.#accentLevel !== level) this.#clearAccents(map)
    if (map && level && this.#added.has(level)) {
      const source = sourceIds.areas(level)
      const off: Accent = { hovered: false, pinned: false, selected: false }
      const drawn = this.#accentLevel === level ? this.#accents : new Map<number, Accent>()
      for (const id of drawn.keys()) if (!next.has(id)) map.setFeatureState({ source, id }, off)
      for (const [id, accent] of next) map.setFeatureState({ source, id }, accent)
      this.#accentLevel = level
    }
    this.#accents = next
    this.#showAccentLayers(next.size > 0)
  }

  #showAccentLayers(hasAccents: boolean): void {
    for (const level of this.#added) this.#showOnceNeeded(accentLayers(level), level, hasAccents)
  }

  /** Changing visibility reloads tiles, so layers of the shown level stay once needed. */
  #showOnceNeeded(ids: readonly string[], level: AreaLevel, isNeeded: boolean): void {
    const visibility = level !== this.#level ? 'none' : isNeeded ? 'visible' : null
    if (!visibility) return
    for (const id of ids)
      if (this.#map?.getLayoutProperty(id, 'visibility') !== visibility)
        this.#map?.setLayoutProperty(id, 'visibility', visibility)
  }

  #clearAccents(map: MapLibreMap): void {
    const source = sourceIds.areas(this.#accentLevel!)
    const off: Accent = { hovered: false, pinned: false, selected: false }
    for (const id of this.#accents.keys()) map.setFeatureState({ source, id }, off)
    this.#accentLevel = null
  }
}

/** Never a constant: see `fillColor`. */
const onlyHatched: ExpressionSpecification = [
  'case',
  ['==', ['feature-state', 'class'], hatchedClass],
  1,
  0,
]

const accentLayers = (level: AreaLevel): string[] => [
  layerIds.areaCasing(level),
  layerIds.areaAccent(level),
]

/** Always uses feature state: tiles built for an expression fail once the paint is a constant. */
export function fillColor(colors: readonly string[]): ExpressionSpecification {
  const stops = colors.length > 0 ? colors.flatMap((color, index) => [index, color]) : [0, noFill]
  return [
    'match',
    ['coalesce', ['feature-state', 'class'], -1],
    ...stops,
    noFill,
  ] as unknown as ExpressionSpecification
}
