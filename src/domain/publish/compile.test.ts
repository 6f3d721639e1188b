import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { patient } from '../../../tests/kit/patience.ts'
import { csvFromTable } from '../csv.ts'
import { bound, follows, solve, type Known } from '../../../tests/fixtures/attacker.ts'
import { compileFigures, type FinestCount, type Wanted } from './compile.ts'
import { countIndex, shareIndex, type PublicFigures } from './figures.ts'
import { figuresTable } from './figures-table.ts'

/** `npm run test:attack` tries 1,000. */
const tables = Number(process.env.ATTACK_TABLES ?? 60)

const area = (code: string, parentCode: string | null, path: string, isLeaf: boolean) => ({
  ...{ code, parentCode, path, name: code, outline: null },
  level: !parentCode ? ('city' as const) : isLeaf ? ('community' as const) : ('district' as const),
})
const category = (code: string) => ({ code, nameZh: code, nameEn: code, color: '#000000' })
const wanted = (leaves: number, categories: number, counts: FinestCount[]): Wanted => ({
  city: 'Test',
  publishedAt: '2026-11-01T00:00:00Z',
  from: '2026-01',
  to: '2026-02',
  level: 'community',
  areas: [
    area('C', null, 'C/', false),
    area('D1', 'C', 'C/D1/', false),
    area('D2', 'C', 'C/D2/', false),
    ...Array.from({ length: leaves }, (_, leaf) => {
      const parent = leaf % 2 === 0 ? 'D1' : 'D2'
      return area(`L${leaf}`, parent, `C/${parent}/L${leaf}/`, true)
    }),
  ],
  categories: Array.from({ length: categories }, (_, at) => category(`c${at}`)),
  counts,
  earlier: [],
  hasGenerated: false,
})

const words = {
  header: ['code', 'area', 'month', 'category', 'r', 'c', 'n1', 'y1', 'n2', 'y2'] as const,
  area: (one: { code: string } | null) => one?.code ?? 'all',
  category: (one: { code: string } | null) => one?.code ?? 'all',
  ...{ allMonths: 'all', hidden: '?' },
}
/** As the file on the page: the attacker reads the numbers from its text. */
const exported = (figures: PublicFigures): string[][] => {
  const { header, rows } = figuresTable(figures, words)
  const [, ...lines] = csvFromTable(header, rows).trim().split('\r\n')
  return lines.map((line) => line.split(','))
}

const count = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 6 }), fc.nat(40))
const world = fc
  .record({
    leaves: fc.integer({ min: 2, max: 5 }),
    months: fc.integer({ min: 1, max: 3 }),
    categories: fc.integer({ min: 1, max: 2 }),
  })
  .chain((size) => {
    const atoms = size.leaves * size.months * size.categories
    const rows = size.leaves * size.months
    return fc.record({
      size: fc.constant(size),
      counts: fc.array(count, { minLength: atoms, maxLength: atoms }),
      answers: fc.array(fc.tuple(count, fc.constantFrom(0, 0.4, 0.8, 1)), {
        ...{ minLength: rows, maxLength: rows },
      }),
      /** Months of an earlier publication; 0 for none. */
      earlier: fc.nat(size.months - 1),
      /** Incidents that lie in a district, but in none of its communities. */
      rest: fc.nat(3),
    })
  })

describe('public figures', () => {
  it('tells counts, hides small ones and never which of two was the small one', () => {
    const counts = [
      { leaf: 'C/D1/L0/', n: 3 },
      { leaf: 'C/D1/L2/', n: 20 },
      { leaf: 'C/D2/L1/', n: 30 },
    ].map(({ leaf, n }): FinestCount => {
      return { measure: 'reported', month: '2026-01', areaPath: leaf, category: 'c0', n, yes: 0 }
    })
    const { figures, hidden } = compileFigures({ ...wanted(3, 1, counts), to: '2026-01' })
    const at = (code: string | null): number | null | undefined => {
      const place = code === null ? null : figures.areas.findIndex((one) => one.code === code)
      return figures.reported[countIndex(figures, place, null, null)]
    }
    expect([at('L0'), at('L2'), at('L1'), at('D1'), at(null)]).toEqual([null, null, 30, 23, 53])
    expect(figures.closed.every((value) => value === 0)).toBe(true)
    expect(JSON.stringify(figures)).not.toMatch(/"(small|complementary)"/)
    expect(hidden).toBeGreaterThan(0)
    const rows = exported(figures)
    expect(rows.find(([code, , month]) => code === 'L0' && month === 'all')?.[4]).toBe('?')
  })

  it('keeps a share to itself where it tells that all hidden answers say the same', () => {
    const counts = [
      { leaf: 'C/D1/L0/', n: 6, yes: 6 },
      { leaf: 'C/D1/L2/', n: 7, yes: 7 },
      { leaf: 'C/D2/L1/', n: 30, yes: 20 },
    ].map(({ leaf, ...one }): FinestCount => {
      return { measure: 'satisfied', month: '2026-01', areaPath: leaf, category: '', ...one }
    })
    // Without the district: it would itself say that all 13 agree.
    const { areas, ...rest } = wanted(3, 1, counts)
    const flat = areas.filter(({ level }) => level !== 'district')
    const paths = new Map(flat.map((one) => [one.code, `C/${one.code}/`]))
    const moved = flat.map((one) => ({
      ...one,
      ...(one.parentCode && { parentCode: 'C', path: paths.get(one.code)! }),
    }))
    const { figures } = compileFigures({
      ...{ ...rest, areas: moved, to: '2026-01' },
      counts: counts.map((one) => ({ ...one, areaPath: one.areaPath.replace(/D\d\//, '') })),
    })
    const city = shareIndex(figures, null, null)
    const [n, yes] = [figures.satisfied.n[city], figures.satisfied.yes[city]]
    const third = shareIndex(
      figures,
      figures.areas.findIndex(({ code }) => code === 'L1'),
      null,
    )
    expect(n).toBe(43)
    expect([yes, figures.satisfied.yes[third]]).toContain(null)
  })

  it(
    `gives nothing away to an attacker who reads both exports of ${tables} random cities`,
    () => {
      let hiddenCells = 0
      fc.assert(
        fc.property(world, ({ size, counts, answers, earlier, rest }) => {
          const { leaves, months, categories } = size
          const path = (leaf: number): string => `C/D${(leaf % 2) + 1}/L${leaf}/`
          const month = (at: number): string => `2026-0${at + 1}`
          const finest: FinestCount[] = [
            ...counts.map((n, atom): FinestCount => {
              const row = Math.floor(atom / categories)
              const [leaf, at] = [Math.floor(row / months), row % months]
              const measure = 'reported'
              const own = { areaPath: path(leaf), category: `c${atom % categories}`, n, yes: 0 }
              return { measure, month: month(at), ...own }
            }),
            ...answers.map(([n, share], row): FinestCount => {
              const [leaf, at] = [Math.floor(row / months), row % months]
              const own = { areaPath: path(leaf), category: '', n, yes: Math.round(n * share) }
              return { measure: 'satisfied', month: month(at), ...own }
            }),
            {
              ...{ measure: 'reported', month: month(0), areaPath: 'C/D1/', category: 'c0' },
              ...{ n: rest, yes: 0 },
            },
          ]
          const all = wanted(
            leaves,
            categories,
            finest.filter(({ n }) => n > 0),
          )
          const before =
            earlier > 0 ? [compileFigures({ ...all, to: month(earlier - 1) }).figures] : []
          const now = compileFigures({ ...all, to: month(months - 1), earlier: before })
          // Then the command refuses.
          if (now.exposed > 0) return
          hiddenCells += attack([...before, now.figures], all)
        }),
        { numRuns: tables, seed: 20261128 },
      )
      expect(hiddenCells).toBeGreaterThan(tables)
    },
    patient(120_000),
  )
})

/** @returns how many hidden figures it tried @throws where it recovers one */
function attack(publications: readonly PublicFigures[], truth: Wanted): number {
  const leaves = [...new Set(truth.counts.map(({ areaPath }) => areaPath))]
  const months = [...new Set(publications.flatMap((one) => one.months))].sort()
  let tried = 0
  for (const [columns, names] of [
    [[4], truth.categories.map(({ code }) => code)],
    [[6, 7], ['all']],
  ] as const) {
    const atomsOf = ([code = '', , month = '', category = '']: string[]): number[] => {
      const holds = (path: string): boolean =>
        code.endsWith('+') ? path.endsWith(`${code.slice(0, -1)}/`) : path.includes(`${code}/`)
      return leaves.flatMap((path, leaf) =>
        code === '' || holds(path)
          ? months.flatMap((one, at) =>
              month === 'all' || month === one
                ? names.flatMap((name, own) =>
                    category === 'all' || category === name
                      ? [(leaf * months.length + at) * names.length + own]
                      : [],
                  )
                : [],
            )
          : [],
      )
    }
    const width = leaves.length * months.length * names.length
    const known: Known[] = []
    const withShares: Known[] = []
    const zeros = new Set<number>()
    const hidden: { atoms: number[]; isNumberHidden: boolean }[] = []
    for (const [at, figures] of publications.entries()) {
      const own = new Set(figures.months)
      for (const row of exported(figures)) {
        if (columns.length > 1 && row[3] !== 'all') continue
        const atoms = atomsOf(row).filter((atom) => {
          const month = months[Math.floor(atom / names.length) % months.length]!
          return own.has(month)
        })
        const values = columns.map((column) => row[column]!)
        if (values[0] !== '?') {
          known.push({ atoms, values: [Number(values[0])] })
          if (Number(values[0]) === 0) for (const atom of atoms) zeros.add(atom)
        }
        if (!values.includes('?')) withShares.push({ atoms, values: values.map(Number) })
        else if (at === publications.length - 1)
          hidden.push({ atoms, isNumberHidden: values[0] === '?' })
      }
    }
    const solved = solve(known, width)
    const bounds = bound(
      [
        ...known.map(({ atoms, values }) => ({
          terms: new Map(atoms.map((atom) => [atom, 1])),
          value: values[0]!,
        })),
        ...solved.map(({ terms, values }) => ({ terms, value: values[0]! })),
      ],
      zeros,
      width,
    )
    const shares = solve(withShares, width)
    const plain = withShares.filter(({ values: [n, yes] }) => yes === 0 || yes === n)
    for (const { atoms, isNumberHidden } of hidden) {
      tried++
      if (isNumberHidden) {
        expect(follows(solved, atoms)).toBe(null)
        expect(atoms.every((atom) => bounds[atom]![0] === bounds[atom]![1])).toBe(false)
      }
      if (columns.length === 1) continue
      expect(follows(shares, atoms)).toBe(null)
    }
    if (columns.length === 1) continue
    // Differences whose answers all say the same tell each of them, hidden ones too.
    for (const { terms, values } of shares) {
      const [n, yes] = values
      if (n! <= 0 || (yes !== 0 && yes !== n)) continue
      if ([...terms.values()].some((one) => one < 0)) continue
      expect(plain.some(({ atoms }) => [...terms.keys()].every((one) => atoms.includes(one)))).toBe(
        true,
      )
    }
  }
  return tried
}
