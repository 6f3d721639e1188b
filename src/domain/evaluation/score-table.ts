import type { JudgedScore } from './score-interval.ts'

export interface ScoreTableWords {
  rank: string
  who: string
  score: string
  low: string
  high: string
  /** Of the denominator of a rate. */
  of: (name: string) => string
  /** The key where a name has no title. */
  title: (name: string) => string
}

type Row = JudgedScore & { name: string; note: string }

/**
 * The league table as a file holds it: best and worst possible rank in one cell, the score with its
 * limits, the points of each part, and each rate's numerator and denominator in columns of their own.
 */
export function scoreTable(
  rows: readonly Row[],
  words: ScoreTableWords,
): { header: string[]; rows: (string | number | null)[][] } {
  const parts = rows[0]?.parts ?? []
  const names = [...new Set(parts.flatMap((part) => part.names.map(({ name }) => name)))]
  const isRate = (name: string): boolean =>
    rows.some((row) =>
      row.parts.some((part) =>
        part.names.some((one) => one.name === name && one.value && 'denominator' in one.value),
      ),
    )
  const rates = new Set(names.filter(isRate))
  const { rank, who, score, low, high } = words
  return {
    header: [
      ...[rank, who, score, low, high],
      ...parts.map(({ text }) => text),
      ...names.flatMap((name) =>
        rates.has(name) ? [words.title(name), words.of(name)] : [words.title(name)],
      ),
    ],
    rows: rows.map((row) => {
      const values = new Map(
        row.parts.flatMap((part) => part.names.map(({ name, value }) => [name, value] as const)),
      )
      const place = row.rank ? [...new Set([row.rank.best, row.rank.worst])].join('–') : null
      return [
        ...[place, [row.name, row.note].filter(Boolean).join(' · '), row.score, row.low, row.high],
        ...parts.map((_, at) => row.parts[at]?.value ?? null),
        ...names.flatMap((name) => {
          const value = values.get(name) ?? null
          if (!rates.has(name)) return [value && 'value' in value ? value.value : null]
          return value && 'denominator' in value
            ? [value.numerator, value.denominator]
            : [null, null]
        }),
      ]
    }),
  }
}
