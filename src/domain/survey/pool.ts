import type { WaveRow } from './waves.ts'

/**
 * Several areas' answers to one item in one wave as one: counts are added, the deviation is that of all answers. A
 * figure that one of them lacks is null. No weights are known here.
 */
export function poolWaves(rows: readonly WaveRow[], areaCode: string): WaveRow | null {
  const [first] = rows
  const n = rows.reduce((sum, row) => sum + row.n, 0)
  if (!first || n === 0) return null
  const average = (of: (row: WaveRow) => number | null | undefined): number | null => {
    let sum = 0
    for (const row of rows) {
      if (row.n === 0) continue
      const value = of(row)
      if (value === null || value === undefined) return null
      sum += value * row.n
    }
    return sum / n
  }
  const mean = average((row) => row.mean)
  let squares: number | null = 0
  for (const row of rows) {
    if (row.n === 0) continue
    const spread: number | null = row.n === 1 ? 0 : row.sd
    if (squares === null || spread === null || mean === null) squares = null
    else squares += (row.n - 1) * spread ** 2 + row.n * (row.mean! - mean) ** 2
  }
  return {
    ...{ areaCode, period: first.period, item: first.item, n, mean },
    sd: squares === null || n < 2 ? null : Math.sqrt(squares / (n - 1)),
    satisfied: average((row) => row.satisfied),
    dissatisfied: average((row) => row.dissatisfied),
    important: average((row) => row.important),
  }
}
