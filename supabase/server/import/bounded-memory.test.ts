import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { Temporal } from 'temporal-polyfill'
import { afterAll, describe, expect, it } from 'vitest'
import { BatchSize } from './batch-size.ts'
import { memoryFlags } from './memory-flags.ts'
import { instantsOf } from './dates/wall-clock.ts'
import { faultTableHeader } from './fault-table.ts'
import { PlaceCounts, placesKept } from './place-counts.ts'
import { faultsNamed, RejectedRows } from './rejected-rows.ts'
import { SeenIds } from './seen-ids.ts'

const folder = mkdtempSync(join(tmpdir(), 'wangge-rejected-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it('knows the first line of each id, as a map would', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ maxLength: 3 })), (ids) => {
      const [seen, lines] = [new SeenIds(), new Map<string, number>()]
      ids.forEach((id, index) => {
        expect(seen.note(id, index + 1)).toBe(lines.get(id) ?? null)
        if (!lines.has(id)) lines.set(id, index + 1)
      })
    }),
  )
  const seen = new SeenIds()
  const many = 60_000
  for (let n = 1; n <= many; n++) seen.note(`id ${n}`, n)
  for (let n = 1; n <= many; n += 997) expect(seen.note(`id ${n}`, many + n)).toBe(n)
})

it('counts rows on the same point as a map would, and no further points than it keeps', () => {
  // few points, some of them beside each other
  const degrees = fc.integer({ min: -3, max: 3 }).map((n) => n / 10_000_000 + 0.5)
  fc.assert(
    fc.property(fc.array(fc.tuple(degrees, degrees)), (points) => {
      const [counts, map] = [new PlaceCounts(), new Map<string, number>()]
      for (const [lon, lat] of points) {
        counts.add(lon, lat)
        map.set(`${lon} ${lat}`, (map.get(`${lon} ${lat}`) ?? 0) + 1)
      }
      const found = counts.piles(2).map(({ lon, lat, count }) => [`${lon} ${lat}`, count])
      expect(new Map(found as [string, number][])).toEqual(
        new Map([...map].filter(([, count]) => count >= 2)),
      )
      const numbers = found.map(([, count]) => count)
      expect(numbers).toEqual(numbers.toSorted((a, b) => Number(b) - Number(a)))
    }),
    { numRuns: 30 },
  )
  const many = new PlaceCounts()
  for (let n = 0; n < placesKept + 5_000; n++) many.add(100 + n / 1_000_000, 30)
  for (let n = 0; n < 10; n++) many.add(100, 30)
  expect(many.piles(1)).toHaveLength(placesKept)
  expect(many.piles(2)).toEqual([{ lon: 100, lat: 30, count: 11 }])
})

describe('faults of rejected rows', () => {
  const fault = (at: number, reason = 'bad_date') => ({
    ...{ at, id: `=${at}`, field: 't', reason },
    detail: 'a "quoted", text',
  })

  it('are all named while they are few', () => {
    const path = join(folder, 'few.csv')
    const rejected = new RejectedRows(path)
    rejected.add([fault(2), fault(2, 'no_id')])
    rejected.close()
    expect(rejected).toMatchObject({ rows: 1, counts: { bad_date: 1, no_id: 1 }, file: null })
    expect(rejected.items).toEqual([fault(2), fault(2, 'no_id')])
    expect(() => readFileSync(path)).toThrow(/ENOENT/)
  })

  it('are all counted and stand in a file when they are many', () => {
    const path = join(folder, 'many.csv')
    const rejected = new RejectedRows(path)
    const many = faultsNamed + 777
    for (let n = 1; n <= many; n++) rejected.add([fault(n)])
    rejected.close()
    expect(rejected).toMatchObject({ rows: many, counts: { bad_date: many }, file: path })
    expect(rejected.items).toHaveLength(faultsNamed)
    const lines = readFileSync(path, 'utf8').slice(0, -2).split('\r\n')
    expect(`${lines[0]}\r\n`).toBe(faultTableHeader())
    expect(lines.slice(1).map((line) => Number(line.split(',')[0]))).toEqual(
      Array.from({ length: many }, (_, n) => n + 1),
    )
    // a spreadsheet would run it
    expect(lines[1]).toBe(`1,'=1,t,rejected 拒绝,bad_date,not a date,不是日期,"a ""quoted"", text"`)
  })
})

it('runs with the same flags from the shell as from the page', () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as {
    scripts: { import: string }
  }
  expect(scripts.import).toBe(
    ['node', ...memoryFlags, 'supabase/server/commands/import.ts'].join(' '),
  )
})

it('sizes batches by time: small beside others, within bounds', () => {
  for (const [isShared, wanted] of [
    [true, 15],
    [false, 750],
  ] as const) {
    const size = new BatchSize(isShared)
    const rows = (): number =>
      Array.from({ length: 6000 }, (_, n) => n + 1).find((n) => size.isFull(n, 0))!
    // half a millisecond a row
    for (let n = 0; n < 20; n++) size.took(rows(), rows() / 2)
    expect(rows()).toBe(wanted * 2)
    for (let n = 0; n < 20; n++) size.took(rows(), 60_000)
    expect(rows()).toBe(20)
  }
})

it('finds the instants of wall times as the calendar of the zone does', () => {
  const zones = ['Asia/Shanghai', 'America/Los_Angeles', 'Australia/Lord_Howe', '+08:00', 'UTC']
  // with days on which clocks change: 14 March 2021, 4 April 2021, Shanghai until 1991
  const near = [
    Date.UTC(2021, 2, 14),
    Date.UTC(2021, 10, 7),
    Date.UTC(2021, 3, 4),
    Date.UTC(1991, 8, 15),
  ]
  const local = fc.oneof(
    fc.integer({ min: Date.UTC(1900, 0, 1), max: Date.UTC(2090, 0, 1) }),
    fc
      .tuple(fc.constantFrom(...near), fc.integer({ min: 0, max: 86_400_000 }))
      .map(([day, ms]) => day + ms),
  )
  fc.assert(
    fc.property(local, fc.constantFrom(...zones), (at, zone) => {
      const plain = Temporal.Instant.fromEpochMilliseconds(at)
        .toZonedDateTimeISO('UTC')
        .toPlainDateTime()
      const exact = (disambiguation: 'compatible' | 'later'): string =>
        new Date(plain.toZonedDateTime(zone, { disambiguation }).epochMilliseconds).toISOString()
      const [first, second] = [exact('compatible'), exact('later')]
      expect(instantsOf(at, zone)).toEqual({ at: first, later: second === first ? null : second })
    }),
    { numRuns: 300 },
  )
})
