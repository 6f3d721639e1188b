import type { OracleRow } from './oracle.ts'

const metresPerDegree = 111_195

/**
 * Places that repeat by their rule, pair by pair: reports of one category within `radiusMetres` of
 * enough others are one place with all that they reach, if they came on enough days. Sizes of the
 * places, largest first.
 */
export function repeatSizes(
  rows: readonly OracleRow[],
  radiusMetres: number,
  times: number,
): number[] {
  const found: number[] = []
  for (const own of Map.groupBy(rows, ({ leaf }) => leaf).values()) {
    const isNear = (a: OracleRow, b: OracleRow): boolean =>
      Math.hypot(
        (a.lng - b.lng) * metresPerDegree * Math.cos((37.77 * Math.PI) / 180),
        (a.lat - b.lat) * metresPerDegree,
      ) <= radiusMetres
    const near = own.map((row) => own.flatMap((other, n) => (isNear(row, other) ? [n] : [])))
    const isCore = near.map(({ length }) => length >= times)
    const seen = new Set<number>()
    for (const start of own.keys()) {
      if (!isCore[start] || seen.has(start)) continue
      const members = new Set([start])
      for (const at of members) {
        if (!isCore[at]) continue
        for (const other of near[at]!) if (!seen.has(other)) members.add(other)
      }
      for (const at of members) seen.add(at)
      if (new Set([...members].map((at) => own[at]!.day)).size >= times) found.push(members.size)
    }
  }
  return found.sort((a, b) => b - a)
}
