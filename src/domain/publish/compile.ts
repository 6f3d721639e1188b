import type { AreaLevel, LocalMonth } from '../vocabulary.ts'
import { areaLevels } from '../vocabulary.ts'
import { monthFromNumber, monthNumber } from '../time/calendar.ts'
import {
  countMeasures,
  shareMeasures,
  type CountMeasure,
  type Outline,
  type PublicArea,
  type PublicCategory,
  type PublicFigures,
  type PublicShares,
  type ShareMeasure,
} from './figures.ts'
import { publishedCells, type PublishedCell, type PublishedSum } from './published-table.ts'
import { hideShares } from './hide-shares.ts'
import { leastPublished, suppress } from './suppress.ts'

/** A finest count, as it was when its month was counted. */
export interface FinestCount {
  measure: CountMeasure | ShareMeasure
  month: LocalMonth
  /** Codes, each ended by `/`. */
  areaPath: string
  /** Empty for answers. */
  category: string
  n: number
  yes: number
}

export interface CityArea {
  code: string
  name: string
  level: AreaLevel
  parentCode: string | null
  path: string
  outline: Outline | null
}

export interface Wanted {
  city: string
  publishedAt: string
  from: LocalMonth
  to: LocalMonth
  /** Of the smallest areas. */
  level: AreaLevel
  areas: readonly CityArea[]
  categories: readonly PublicCategory[]
  /** Of all months of this publication and of the earlier ones. */
  counts: readonly FinestCount[]
  /** Withdrawn ones too: what was told stays told. */
  earlier: readonly PublicFigures[]
  hasGenerated: boolean
}

/**
 * Why each figure of a measure is hidden, in the order of its values, one letter each: `.` shown, `s`
 * small, `p` protects a small one, `y` a share that protects while its number of answers is shown. For
 * the city's own eyes: a publication never tells.
 */
export type HiddenReasons = Record<CountMeasure | ShareMeasure, string>

export interface Compiled {
  figures: PublicFigures
  reasons: HiddenReasons
  hidden: number
  shown: number
  /** Small figures that earlier publications give away whatever is hidden: nothing may be published. */
  exposed: number
}

const monthsBetween = (from: LocalMonth, to: LocalMonth): LocalMonth[] =>
  Array.from({ length: monthNumber(to) - monthNumber(from) + 1 }, (_, at) =>
    monthFromNumber(monthNumber(from) + at),
  )

/** Makes the document and hides what it must, by measure. Pure: the same input gives the same. */
export function compileFigures(wanted: Wanted): Compiled {
  const months = monthsBetween(wanted.from, wanted.to)
  const earlier = touching(months, wanted.earlier)
  const world = new AtomWorld(wanted, months, earlier)
  const counts = Object.fromEntries(
    countMeasures.map((measure) => [measure, world.counts(measure)]),
  ) as Record<CountMeasure, Told>
  const shares = Object.fromEntries(
    shareMeasures.map((measure) => [measure, world.shares(measure)]),
  ) as Record<ShareMeasure, Told & { yes: (number | null)[] }>
  const all = [...Object.values(counts), ...Object.values(shares)]
  const sum = (of: (told: Told) => number): number => all.reduce((total, one) => total + of(one), 0)
  const asShares = ({ values: n, yes }: Told & { yes: (number | null)[] }): PublicShares => ({
    n,
    yes,
  })
  return {
    figures: {
      version: 1,
      city: wanted.city,
      publishedAt: wanted.publishedAt,
      months,
      level: wanted.level,
      least: leastPublished,
      areas: world.places.map(({ area }) => area),
      categories: wanted.categories,
      reported: counts.reported.values,
      closed: counts.closed.values,
      satisfied: asShares(shares.satisfied),
      solved: asShares(shares.solved),
      hasGenerated: wanted.hasGenerated,
    },
    reasons: Object.fromEntries(
      [...Object.entries(counts), ...Object.entries(shares)].map(([measure, { reasons }]) => [
        measure,
        reasons,
      ]),
    ) as HiddenReasons,
    hidden: sum(({ values }) => values.filter((value) => value === null).length),
    shown: sum(({ values }) => values.filter((value) => value !== null).length),
    exposed: sum(({ exposed }) => exposed),
  }
}

interface Told {
  /** Null is hidden. */
  values: (number | null)[]
  reasons: string
  exposed: number
}

const letters = { shown: '.', small: 's', complementary: 'p' } as const

/** Earlier publications that share a month with this one, or with one of those. */
function touching(months: readonly LocalMonth[], all: readonly PublicFigures[]): PublicFigures[] {
  const reached = new Set(months)
  const found = new Set<PublicFigures>()
  for (let before = -1; before < found.size;) {
    before = found.size
    for (const one of all) {
      if (found.has(one) || !one.months.some((month) => reached.has(month))) continue
      found.add(one)
      for (const month of one.months) reached.add(month)
    }
  }
  return all.filter((one) => found.has(one))
}

/** A published area with the numbers of its leaves. */
interface Place {
  area: PublicArea
  leaves: number[]
}

/** Numbers the atoms that this publication and the earlier ones are sums of. */
class AtomWorld {
  readonly places: Place[]
  private readonly wanted: Wanted
  private readonly months: readonly LocalMonth[]
  private readonly allMonths: readonly LocalMonth[]
  private readonly earlier: readonly PublicFigures[]
  private readonly categories: readonly string[]
  /** Paths; as counted, where areas have moved since. */
  private readonly leaves: readonly string[]

  constructor(wanted: Wanted, months: readonly LocalMonth[], earlier: readonly PublicFigures[]) {
    this.wanted = wanted
    this.months = months
    this.earlier = earlier
    this.allMonths = [...new Set([...months, ...earlier.flatMap((one) => one.months)])].sort()
    this.categories = wanted.categories.map(({ code }) => code)
    const atLevel = wanted.areas.filter(({ level }) => level === wanted.level)
    const counted = wanted.counts.map(({ areaPath }) => areaPath)
    this.leaves = [...new Set([...atLevel.map(({ path }) => path), ...counted])].sort()
    this.places = placesOf(wanted, this.leaves)
  }

  counts(measure: CountMeasure): Told {
    const cells = this.cells(measure, this.categories, ({ n }) => n)
    const earlier = this.earlier.flatMap((figures) => this.told(figures, figures[measure]))
    const { state, exposed } = suppress(cells, leastPublished.incidents, unique(earlier))
    const values = cells.map(({ value }, at) => (state[at] === 'shown' ? value : null))
    return { values, reasons: state.map((one) => letters[one]).join(''), exposed: exposed.length }
  }

  shares(measure: ShareMeasure): Told & { yes: (number | null)[] } {
    const n = this.cells(measure, [''], (count) => count.n)
    const yes = this.cells(measure, [''], (count) => count.yes)
    const told = this.earlier.map((figures) => ({
      n: this.told(figures, figures[measure].n),
      yes: this.told(figures, figures[measure].yes),
    }))
    const hidden = hideShares(n, yes, leastPublished.ratings, {
      n: unique(told.flatMap((one) => one.n)),
      yes: unique(told.flatMap((one) => one.yes)),
    })
    // One category: its figures stand twice, for it and for all.
    const once = <T>(values: readonly T[]): T[] => values.filter((_, at) => at % 2 === 1)
    return {
      values: once(n.map(({ value }, at) => (hidden.n[at] ? null : value))),
      yes: once(yes.map(({ value }, at) => (hidden.yes[at] ? null : value))),
      reasons: once(hidden.state)
        .map((one, at) => (one === 'shown' && once(hidden.yes)[at] ? 'y' : letters[one]))
        .join(''),
      exposed: hidden.exposed,
    }
  }

  private cells(
    measure: FinestCount['measure'],
    categories: readonly string[],
    of: (count: FinestCount) => number,
  ): PublishedCell[] {
    const { leaves, months } = this
    const at = (leaf: number, month: number, category: number): number =>
      (leaf * months.length + month) * categories.length + category
    const counts = new Array<number>(leaves.length * months.length * categories.length).fill(0)
    const leafAt = new Map(leaves.map((path, leaf) => [path, leaf]))
    for (const count of this.wanted.counts) {
      const month = months.indexOf(count.month)
      if (count.measure !== measure || month < 0) continue
      const category = Math.max(0, categories.indexOf(count.category))
      counts[at(leafAt.get(count.areaPath)!, month, category)]! += of(count)
    }
    const shape = {
      areas: this.places.map(({ area: { code }, leaves: own }) => ({ code, leaves: own })),
      leaves: leaves.length,
      months,
      categories,
    }
    const inWorld = (atom: number): number => {
      const [row, category] = [Math.floor(atom / categories.length), atom % categories.length]
      const [leaf, month] = [Math.floor(row / months.length), row % months.length]
      return this.atom(leaf, this.allMonths.indexOf(months[month]!), category, categories.length)
    }
    return publishedCells(shape, counts).map((cell) => ({
      ...cell,
      atoms: cell.atoms.map(inWorld).sort((a, b) => a - b),
    }))
  }

  private atom(leaf: number, month: number, category: number, categories: number): number {
    return (leaf * this.allMonths.length + month) * categories + category
  }

  /** Lists the figures of an earlier publication, over these atoms. `values` are by place, month and category. */
  private told(figures: PublicFigures, values: readonly (number | null)[]): PublishedSum[] {
    const { areas, months } = figures
    const isByCategory = values.length > (areas.length + 1) * (months.length + 1)
    const names = isByCategory ? this.categories : ['']
    const told = isByCategory ? [...figures.categories.map(({ code }) => code), null] : [null]
    const every = names.map((_, at) => at)
    const sums: PublishedSum[] = []
    for (let place = 0; place <= areas.length; place++) {
      const leaves = this.leavesOf(areas[place] ?? null)
      for (let month = 0; month <= months.length; month++) {
        const own = month < months.length ? [months[month]!] : months
        const numbers = own.map((one) => this.allMonths.indexOf(one))
        told.forEach((code, category) => {
          const value = values[(place * (months.length + 1) + month) * told.length + category]
          if (value === null || value === undefined) return
          const members = code === null ? every : [names.indexOf(code)]
          const atoms = leaves.flatMap((leaf) =>
            numbers.flatMap((at) => members.map((one) => this.atom(leaf, at, one, names.length))),
          )
          sums.push({ value, atoms: atoms.sort((a, b) => a - b) })
        })
      }
    }
    return sums
  }

  private leavesOf(area: PublicArea | null): number[] {
    return this.leaves.flatMap((path, leaf) => (area === null || holds(area, path) ? [leaf] : []))
  }
}

/** A remainder holds what was counted for its own area alone. */
const holds = ({ code, isRest }: PublicArea, leafPath: string): boolean =>
  isRest ? `/${leafPath}`.endsWith(`/${code.slice(0, -1)}/`) : `/${leafPath}`.includes(`/${code}/`)

function placesOf({ areas, level, counts }: Wanted, leaves: readonly string[]): Place[] {
  const rank = (one: AreaLevel): number => areaLevels.indexOf(one)
  const roots = areas.filter(({ parentCode }) => parentCode === null)
  // The city as a whole is a place of its own.
  const isCity = (area: CityArea): boolean => roots.length === 1 && area === roots[0]
  const shown = areas
    .filter((area) => rank(area.level) <= rank(level) && !isCity(area))
    .map(({ code, name, level: own, parentCode, outline }): PublicArea => {
      return { code, name, level: own, parentCode, isRest: false, outline }
    })
  const counted = new Set(counts.map(({ areaPath }) => areaPath))
  const rests = areas
    .filter((area) => rank(area.level) < rank(level) && counted.has(area.path))
    .map(({ code, name, level: own }): PublicArea => {
      return { code: `${code}+`, name, level: own, parentCode: code, isRest: true, outline: null }
    })
  return [...shown, ...rests]
    .sort((a, b) => rank(a.level) - rank(b.level))
    .map((area) => ({
      area,
      leaves: leaves.flatMap((path, at) => (holds(area, path) ? [at] : [])),
    }))
}

function unique(sums: readonly PublishedSum[]): PublishedSum[] {
  return [...new Map(sums.map((sum) => [sum.atoms.join(), sum])).values()]
}
