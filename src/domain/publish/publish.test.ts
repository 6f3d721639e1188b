import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { patient } from '../../../tests/kit/patience.ts'
import { publishedCells, type PublishedSum, type TableShape } from './published-table.ts'
import { leastPublished, suppress } from './suppress.ts'

/** `npm run test:attack` tries 1,000. */
const tables = Number(process.env.ATTACK_TABLES ?? 200)

/** A fraction of two whole numbers; the second is positive. */
type Fraction = readonly [number, number]
const divisor = (a: number, b: number): number => (b === 0 ? Math.abs(a) : divisor(b, a % b))
function fraction(top: number, bottom: number): Fraction {
  if (!Number.isSafeInteger(top) || !Number.isSafeInteger(bottom)) throw new Error('overflow')
  const shared = divisor(top, bottom) * Math.sign(bottom)
  return [top / shared, bottom / shared]
}
const minusTimes = (a: Fraction, b: Fraction, c: Fraction): Fraction => {
  const product = fraction(b[0] * c[0], b[1] * c[1])
  return fraction(a[0] * product[1] - product[0] * a[1], a[1] * product[1])
}

/**
 * The attacker: exact elimination over fractions to the reduced form, in which an atom that follows
 * stands alone in its row; then bounds, each hidden atom being at least 1. It knows sums, not cells.
 */
function attack(sums: readonly PublishedSum[], atoms: number): Map<number, number> {
  const rows = sums.map(({ atoms: own, value }) => {
    const row: Fraction[] = Array.from({ length: atoms + 1 }, () => [0, 1])
    for (const atom of own) row[atom] = [1, 1]
    row[atoms] = [value, 1]
    return row
  })
  let done = 0
  for (let column = 0; column < atoms; column++) {
    const at = rows.findIndex((row, index) => index >= done && row[column]![0] !== 0)
    if (at < 0) continue
    ;[rows[done], rows[at]] = [rows[at]!, rows[done]!]
    const pivot = rows[done]!
    const factor = pivot[column]!
    pivot.forEach((value, i) => (pivot[i] = fraction(value[0] * factor[1], value[1] * factor[0])))
    rows.forEach((row, index) => {
      const times = row[column]!
      if (index === done || times[0] === 0) return
      pivot.forEach((value, i) => {
        if (value[0] !== 0) row[i] = minusTimes(row[i]!, times, value)
      })
    })
    done++
  }
  const found = new Map<number, number>()
  for (const row of rows.slice(0, done)) {
    const columns = row.slice(0, atoms).flatMap((value, i) => (value[0] === 0 ? [] : [i]))
    if (columns.length === 1) found.set(columns[0]!, row[atoms]![0] / row[atoms]![1])
  }
  return squeeze(sums, atoms, found)
}

/** Shaves the bounds of one atom at a time until nothing moves. */
function squeeze(
  sums: readonly PublishedSum[],
  atoms: number,
  found: Map<number, number>,
): Map<number, number> {
  const zero = new Set(sums.flatMap(({ value, atoms: own }) => (value === 0 ? own : [])))
  const bounds = Array.from({ length: atoms }, (_, atom): [number, number] => {
    const value = zero.has(atom) ? 0 : found.get(atom)
    return value === undefined ? [1, 1e9] : [value, value]
  })
  for (let moved = true; moved;) {
    moved = false
    for (const { atoms: own, value } of sums) {
      for (const atom of own) {
        const others = own.filter((other) => other !== atom)
        const most = others.reduce((left, other) => left - bounds[other]![0], value)
        const least = others.reduce((left, other) => left - bounds[other]![1], value)
        const [low, high] = bounds[atom]!
        if (most >= high && least <= low) continue
        bounds[atom] = [Math.max(low, least), Math.min(high, most)]
        moved = true
      }
    }
  }
  bounds.forEach(([low, high], atom) => low === high && found.set(atom, low))
  return found
}

/** Whether the attacker knows every atom of a sum. */
const gives = (found: ReadonlyMap<number, number>, { atoms }: PublishedSum): boolean =>
  atoms.every((atom) => found.has(atom))

/** Whether a hidden sum over several atoms follows from the shown ones. */
function follows(sums: readonly PublishedSum[], hidden: PublishedSum, atoms: number): boolean {
  const rows = sums.map(({ atoms: own }) => own)
  const basis: Fraction[][] = []
  const reduce = (own: readonly number[]): Fraction[] => {
    const row: Fraction[] = Array.from({ length: atoms }, (_, at) => [own.includes(at) ? 1 : 0, 1])
    for (const other of basis) {
      const pivot = other.findIndex((value) => value[0] !== 0)
      const times = row[pivot]!
      if (times[0] === 0) continue
      const factor = fraction(times[0] * other[pivot]![1], times[1] * other[pivot]![0])
      other.forEach((value, i) => {
        if (value[0] !== 0) row[i] = minusTimes(row[i]!, factor, value)
      })
    }
    return row
  }
  for (const own of rows) {
    const row = reduce(own)
    if (row.some((value) => value[0] !== 0)) basis.push(row)
  }
  return reduce(hidden.atoms).every((value) => value[0] === 0)
}

const shape = (areas: number, months: number, categories: number): TableShape => ({
  areas: [
    ...Array.from({ length: areas }, (_, at) => ({ code: `leaf${at}`, leaves: [at] })),
    ...(areas > 2
      ? [
          { code: 'north', leaves: [0, 1] },
          { code: 'south', leaves: Array.from({ length: areas - 2 }, (_, at) => at + 2) },
        ]
      : []),
  ],
  leaves: areas,
  months: Array.from({ length: months }, (_, at) => `2026-0${at + 1}`),
  categories: Array.from({ length: categories }, (_, at) => `c${at}`),
})
const shownOf = (cells: readonly PublishedSum[], { state }: ReturnType<typeof suppress>) =>
  cells.filter((_, at) => state[at] === 'shown')

const table = fc
  .record({
    areas: fc.integer({ min: 2, max: 4 }),
    months: fc.integer({ min: 1, max: 3 }),
    categories: fc.integer({ min: 1, max: 2 }),
  })
  .chain((size) => {
    const atoms = size.areas * size.months * size.categories
    const count = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 6 }), fc.nat(40))
    const counts = fc.array(count, { minLength: atoms, maxLength: atoms })
    return fc.record({ size: fc.constant(size), counts, earlierMonths: fc.nat(size.months - 1) })
  })

describe('suppression', () => {
  it('keeps 0, hides 1 to 4, and hides another so that the sum does not tell', () => {
    const cells = publishedCells(shape(2, 1, 1), [3, 20])
    const { state, exposed } = suppress(cells, leastPublished.incidents)
    const hidden = cells.filter((_, at) => state[at] !== 'shown')
    expect(new Set(hidden.map(({ area }) => area))).toEqual(new Set(['leaf0', 'leaf1']))
    expect(exposed).toEqual([])
    const clean = publishedCells(shape(2, 1, 1), [0, 20])
    expect(suppress(clean, 5).state.every((one) => one === 'shown')).toBe(true)
  })

  it('hides the sum of two hidden ones where it would give both away: 1 + 1', () => {
    const cells = publishedCells(shape(3, 1, 1), [30, 1, 1])
    const result = suppress(cells, 5)
    expect(attack(shownOf(cells, result), 3).size).toBe(0)
  })

  it('counts what an earlier publication told: January to March, then to April', () => {
    const [before, after] = [
      [40, 30, 20, 0],
      [40, 30, 20, 3],
    ]
    const all: PublishedSum = { value: 93, atoms: [0, 1, 2, 3] }
    const april: PublishedSum = { value: after[3]!, atoms: [3] }
    const march: PublishedSum = { value: before.reduce((a, b) => a + b, 0), atoms: [0, 1, 2] }
    expect(suppress([all, april], 5).state).toEqual(['shown', 'small'])
    expect(suppress([all, april], 5, [march]).state).toEqual(['complementary', 'small'])
  })

  it('says what earlier publications give away for ever', () => {
    const cells = [{ value: 3, atoms: [0] }]
    const earlier = [
      { value: 10, atoms: [0, 1] },
      { value: 7, atoms: [1] },
    ]
    expect(suppress(cells, 5, earlier)).toEqual({ state: ['small'], exposed: [0] })
  })

  it(
    `gives nothing away to an attacker in ${tables} random tables with an earlier publication each`,
    () => {
      let hiddenCells = 0
      fc.assert(
        fc.property(table, ({ size: { areas, months, categories }, counts, earlierMonths }) => {
          const atoms = counts.length
          const cells = publishedCells(shape(areas, months, categories), counts)
          // The earlier publication held the first months alone, by its own suppression.
          const old = Array.from({ length: atoms }, (_, atom) => atom).filter(
            (atom) => Math.floor(atom / categories) % months < earlierMonths,
          )
          const oldCells =
            earlierMonths === 0
              ? []
              : publishedCells(
                  shape(areas, earlierMonths, categories),
                  old.map((atom) => counts[atom]!),
                ).map((cell) => ({ ...cell, atoms: cell.atoms.map((atom) => old[atom]!) }))
          const earlier = shownOf(oldCells, suppress(oldCells, 5))
          const result = suppress(cells, 5, earlier)
          const sums = [...shownOf(cells, result), ...earlier]
          const found = attack(sums, atoms)
          cells.forEach((cell, at) => {
            if (result.state[at] === 'shown') {
              expect(cell.value === 0 || cell.value >= 5).toBe(true)
              return
            }
            if (result.exposed.includes(at)) return
            hiddenCells++
            expect(gives(found, cell) || follows(sums, cell, atoms)).toBe(false)
          })
        }),
        { numRuns: tables, seed: 20261128 },
      )
      expect(hiddenCells).toBeGreaterThan(tables)
    },
    patient(120_000),
  )
})
