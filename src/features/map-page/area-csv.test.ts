import { expect, it } from 'vitest'
import { measures } from '@/domain/measure/index.ts'
import { countFigures, rankAreas } from '@/domain/measure/rank.ts'
import { areaCsv } from './area-csv.ts'

const area = (idx: number, households: number | null) => ({
  idx,
  code: `A-${idx}`,
  parentCode: null,
  path: `A-${idx}/`,
  level: 'grid' as const,
  name: `=Area ${idx}`,
  households,
  revision: 1,
  bbox: [0, 0, 1, 1] as const,
  pointOnSurface: [0, 0] as const,
})

it('holds numbers with their interval, empty cells for what is not known, and no formula', () => {
  const counts = { count: [10, 3], open: [4], overdue: [], within_day: [] }
  const rows = rankAreas(
    [area(0, 4000), area(1, null)],
    (one) => countFigures(counts, one),
    measures.per_households,
  )
  const text = areaCsv(
    rows,
    measures.per_households,
    (column) => column,
    ({ reading }) => reading.verdict,
  )
  const [header, first, second] = text.slice(1).split('\r\n')
  expect(header).toBe(
    'name,code,count,open,overdue,within_day,households,squareKm,before,measure,n,low,high,verdict',
  )
  expect(first).toMatch(/^'=Area 0,A-0,10,4,0,0,4000,,,2\.5,10,1\.1988\d*,4\.5975\d*,value$/)
  expect(second).toBe("'=Area 1,A-1,3,0,0,0,,,,,3,,,unknown")
})
