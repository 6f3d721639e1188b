import type { FeatureCollection } from 'geojson'
import type { AreaFeatures } from '@/data/areas.repo.ts'
import { csvFromTable } from '@/domain/csv.ts'
import type { Finding, Findings } from '@/domain/answers/findings.ts'
import { cellRing } from '@/domain/answers/cell-grid.ts'
import type { HotspotCells } from '@/domain/answers/hotspot-cells.ts'
import type { Hotspots } from '@/domain/answers/hotspots.ts'
import type { Period } from '@/domain/time/period.ts'
import { classKey, shownClass, type HotspotClass, type JudgedView } from './hotspot-views.ts'

export interface ExportWords {
  t: (key: string) => string
  areaName: (finding: Finding) => string
  areaCode: (finding: Finding) => string
  categoryName: (finding: Finding) => string
  asOf: string
  period: Period
  view: JudgedView
}

const columns = [
  'area',
  'code',
  'category',
  'observed',
  'expected',
  'ratio',
  'low',
  'high',
  'p',
  'open',
  'weeks',
  'point',
] as const

/** Figures as computed, and the parameters as last columns of each row: a line stands for itself. */
export function findingsCsv({ list, value }: Findings, words: ExportWords): string {
  return csvFromTable(
    [
      ...columns.map((name) => words.t(`hotspots.column.${name}`)),
      words.t('hotspots.column.from'),
      words.t('hotspots.column.to'),
      words.t('hotspots.column.as-of'),
      words.t('hotspots.column.value'),
    ],
    list.map((finding) => [
      words.areaName(finding),
      words.areaCode(finding),
      words.categoryName(finding),
      finding.observed,
      finding.expected,
      finding.ratio,
      finding.low,
      finding.high,
      finding.p,
      finding.open,
      finding.weeksRunning,
      finding.onOnePoint,
      words.period?.from ?? '',
      words.period?.to ?? '',
      words.asOf,
      value,
    ]),
  )
}

function judgedWith(found: Hotspots | HotspotCells): object {
  const { value, isSmoothed, shuffles, alike, together, options } = found
  return {
    value,
    rates: isSmoothed ? 'empirical_bayes' : 'own',
    neighbours: 'queen',
    significance: shuffles > 0 ? { shuffles, seed: 1 } : 'analytic',
    correction: options.correction,
    moransI: alike,
    generalG: together,
  }
}

/** The cells with their classes; `parameters` says how they were found. */
export function cellsGeoJson(
  found: HotspotCells,
  classes: readonly HotspotClass[],
  { asOf, period, view }: ExportWords,
): FeatureCollection & { parameters: object } {
  const { grid, cells, counts, scores, p } = found
  const { method } = found.options
  return {
    type: 'FeatureCollection',
    parameters: {
      view,
      method,
      unit: grid.shape,
      widthMetres: grid.widthMetres,
      judged: found.judged,
      period,
      asOf,
      comparedWith: found.options.window?.period ?? null,
      ...judgedWith(found),
      classes: classes.map(({ key, areas, incidents }) => ({
        class: key,
        cells: areas,
        incidents,
      })),
    },
    features: Array.from(cells, (cell, i) => ({
      type: 'Feature' as const,
      geometry: {
        type: 'Polygon' as const,
        coordinates: [cellRing(grid, cell).map(([lng, lat]) => [lng, lat])],
      },
      properties: {
        cell,
        class: classKey(view, shownClass(view, found.classes[i]!)),
        count: counts[i],
        expected: found.expected[i],
        score: Number.isFinite(scores[i]) ? scores[i] : null,
        p: p[i],
      },
    })),
  }
}

/** The areas with their classes; `parameters` says how they were found. */
export function hotspotsGeoJson(
  found: Hotspots,
  { features }: AreaFeatures,
  classes: readonly HotspotClass[],
  { asOf, period, view }: ExportWords,
): FeatureCollection & { parameters: object } {
  const place = new Map(Array.from(found.areas, (idx, i) => [idx, i]))
  const { method, level, window } = found.options
  return {
    type: 'FeatureCollection',
    parameters: {
      view,
      method,
      level,
      period,
      comparedWith: window?.period ?? null,
      asOf,
      ...judgedWith(found),
      classes: classes.map(({ key, areas, incidents }) => ({ class: key, areas, incidents })),
    },
    features: features.flatMap((feature) => {
      const i = place.get(Number(feature.id))
      if (i === undefined) return []
      const code = shownClass(view, found.classes[i]!)
      return [
        {
          type: 'Feature' as const,
          geometry: feature.geometry,
          properties: {
            code: feature.properties.code,
            name: feature.properties.name,
            class: classKey(view, code),
            count: found.counts[i],
            expected: found.expected[i],
            score: Number.isFinite(found.scores[i]) ? found.scores[i] : null,
            p: found.p[i],
          },
        },
      ]
    }),
  }
}
