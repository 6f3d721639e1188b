import fc from 'fast-check'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { Dismissal } from '../answers/finding-marks.ts'
import type { Finding } from '../answers/findings.ts'
import type { Hotspots } from '../answers/hotspots.ts'
import { usualRepeats, type RepeatedPlace } from '../answers/repeat-places.ts'
import { judgedLevel, placeFigures, type PlaceAnswers } from './places.ts'
import { placesParagraph } from './places-summary.ts'

const areasAt = (level: 'district' | 'community' | 'grid', count: number) =>
  Array.from({ length: count }, (_, at) => ({ level, path: `C/${level}${at}/` }))
const city = { level: 'city' as const, path: 'C/' }
const levels = ['city', 'district', 'community', 'grid'] as const

it('judges the areas of the first level with enough of them, else of the last', () => {
  const list = [...areasAt('district', 11), ...areasAt('community', 40), ...areasAt('grid', 200)]
  expect(judgedLevel(city, list, levels)).toBe('community')
  expect(judgedLevel(city, areasAt('district', 3), levels)).toBe('district')
  expect(judgedLevel({ level: 'grid', path: 'C/grid1/' }, list, levels)).toBeNull()
  // those of another district are not its own
  const own = [{ level: 'grid' as const, path: 'C/district1/grid1/' }]
  expect(judgedLevel({ level: 'district', path: 'C/district1/' }, own, levels)).toBe('grid')
})

const finding = (area: number, category = 1): Finding => ({
  ...{ area, category, observed: 30, open: 2, expected: 10, ratio: 3, low: 2, high: 4.3 },
  ...{ p: 0.001, weeksRunning: 0, weeks: [], onOnePoint: 1 },
})
const place = (area: number | null, category = 1): RepeatedPlace => ({
  ...{ area, category, lngLat: [0, 0], radiusMetres: 20, hull: [], count: 9, open: 1, days: 5 },
  ...{ firstDay: '2026-01-01', lastDay: '2026-09-30', onOnePoint: 1, expected: 0.5, steps: [] },
})
const answers = (found: Finding[], repeated: RepeatedPlace[], classes: number[]): PlaceAnswers => ({
  level: 'community',
  findings: {
    ...{ options: { level: 'community', lastDay: '2026-10-31' }, value: 'per_square_km' },
    ...{ list: found, total: found.length + 7 },
  },
  hotspots: {
    ...{ obstacle: null, areas: Uint32Array.from(classes.keys()) },
    classes: Int8Array.from(classes),
  } as unknown as Hotspots,
  repeats: {
    options: { ...usualRepeats, level: 'grid', lastDay: '2026-10-31' },
    ...{ obstacle: null, from: '2025-11-01', incidents: 1000, repeated: 90 },
    ...{ list: repeated, total: repeated.length + 3 },
  },
})
const keyOf = ({ area, category }: { area: number | null; category: number }) => ({
  ...{ areaCode: area === null ? '' : `A${area}`, categoryCode: `c${category}` },
})
const aside = (areaCode: string): Dismissal => ({
  ...{ id: '1', areaCode, categoryCode: 'c1', madeByName: null, madeAt: '', reason: '' },
  untilDay: null,
})
const everywhere = () => true
const kinds = (figures: ReturnType<typeof placeFigures>): string[] =>
  placesParagraph(figures).sentences.map(({ kind }) => kind)

it('leaves out what people put aside, and says how many', () => {
  const given = answers([finding(1), finding(2)], [place(1), place(3), place(null)], [3, 2, 1, 0])
  const figures = placeFigures(given, [aside('A1'), aside('')], keyOf, everywhere)
  expect(figures.findings.map(({ area }) => area)).toEqual([2])
  expect(figures.repeats.map(({ area }) => area)).toEqual([3])
  expect([figures.findingsTotal, figures.repeatsTotal, figures.putAside]).toEqual([8, 4, 3])
  expect(figures.hot).toEqual({ areas: 4, hot: [0, 1] })
  expect(kinds(figures)).toEqual([
    ...['places.clear.some', 'places.hot.some', 'places.repeat.some', 'places.aside'],
  ])
})

it('says that nothing stands out, or that it cannot be judged', () => {
  const none = answers([], [], [1, -3, 0])
  none.findings.total = 0
  none.repeats.total = 0
  const figures = placeFigures(none, [], keyOf, everywhere)
  expect(kinds(figures)).toEqual(['places.clear.none', 'places.hot.none', 'places.repeat.none'])
  none.hotspots.obstacle = 'few_areas'
  expect(kinds(placeFigures(none, [], keyOf, everywhere))[1]).toBe('places.hot.few')
})

it('counts hot areas inside the area of the report alone', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -3, max: 3 }), { maxLength: 20 }), (classes) => {
      const { hot } = placeFigures(answers([], [], classes), [], keyOf, (idx) => idx % 2 === 0)
      const own = [...classes.keys()].filter((at) => at % 2 === 0)
      expect(hot).toEqual(
        own.length === 0 ? null : { areas: own.length, hot: own.filter((at) => classes[at]! >= 2) },
      )
    }),
  )
})

it('uses in both languages only what its rule gives', () => {
  const some = placeFigures(
    answers([finding(1)], [place(1)], [3]),
    [aside('A1')],
    keyOf,
    everywhere,
  )
  const quiet = { ...some, findingsTotal: 0, repeatsTotal: 0 }
  const told = [some, quiet].flatMap((figures) => placesParagraph(figures).sentences)
  for (const locale of ['en', 'zh-CN']) {
    const file = join(import.meta.dirname, '../../locales', locale, 'report.json')
    const { summary } = JSON.parse(readFileSync(file, 'utf8')) as { summary: object }
    for (const { kind, numbers, words } of told) {
      const text = String(
        kind.split('.').reduce<unknown>((at, part) => at?.[part as never], summary),
      )
      expect(text, kind).toMatch(/\S{2}/)
      const given = Object.keys({ ...numbers, ...words })
      for (const [, name] of text.matchAll(/\{(\w+)\}/g)) expect(given, kind).toContain(name)
    }
  }
})
