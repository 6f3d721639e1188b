import { monthIn, numberIn, readingOf } from './fault.ts'
import type { SourceRow, SurveyFault, SurveyReading } from './fault.ts'
import type { Scale, WaveRow } from './waves.ts'

export interface AnswerMapping {
  area: string
  period: string
  /** Columns of single answers, each with its item and scale. */
  items: readonly AnswerItem[]
  areaCodes?: ReadonlyMap<string, string>
  /** Column that names the respondent; the same one twice in a wave is a duplicate. */
  respondent?: string
}

export interface AnswerItem {
  column: string
  item: string
  scale: Scale
  /** Answers from here on count as satisfied, up to `dissatisfiedTo` as dissatisfied. */
  satisfiedFrom: number
  dissatisfiedTo: number
  /** As written, for "don't know" and "no answer"; an empty cell always is. */
  unknown: readonly string[]
}

/**
 * Reads single answers, one respondent a row, and adds them up to waves by area. Answers are whole
 * numbers on the declared scale: a 7 on a scale from 1 to 5 is a fault, not a 5.
 */
export function readAnswers(
  header: readonly string[],
  rows: readonly SourceRow[],
  mapping: AnswerMapping,
  isArea: (code: string) => boolean,
): SurveyReading<WaveRow> {
  const { area, period, items, areaCodes, respondent } = mapping
  const wanted = [
    area,
    period,
    ...items.map(({ column }) => column),
    ...(respondent ? [respondent] : []),
  ]
  const missing = wanted.filter((column) => !header.includes(column))
  if (missing.length > 0) {
    const code = 'missing-column'
    return { rows: null, faults: missing.map((column) => ({ line: 1, code, column, value: '' })) }
  }
  const faults: SurveyFault[] = []
  const seen = new Set<string>()
  const groups = new Map<
    string,
    { areaCode: string; month: string; item: AnswerItem; values: number[] }
  >()
  for (const { line, cells } of rows) {
    const cell = (column: string): string => (cells[column] ?? '').trim()
    const fault = (code: SurveyFault['code'], column: string): void => {
      faults.push({ line, code, column, value: cell(column) })
    }
    const areaCode = areaCodes?.get(cell(area)) ?? cell(area)
    const month = monthIn(cell(period))
    if (!isArea(areaCode)) fault('unknown-area', area)
    if (month === null) fault('no-period', period)
    if (respondent) {
      const key = JSON.stringify([month, cell(respondent)])
      if (seen.has(key)) fault('duplicate', respondent)
      seen.add(key)
    }
    for (const item of items) {
      const text = cell(item.column)
      if (text === '' || item.unknown.includes(text)) continue
      const value = numberIn(text)
      if (value === null || !Number.isInteger(value)) fault('no-number', item.column)
      else if (value < item.scale.least || value > item.scale.most)
        fault('outside-scale', item.column)
      else if (month !== null) {
        const key = JSON.stringify([areaCode, month, item.item])
        const group = groups.get(key)
        if (group) group.values.push(value)
        else groups.set(key, { areaCode, month, item, values: [value] })
      }
    }
  }
  return readingOf([...groups.values()].map(waveOf), faults)
}

function waveOf({
  areaCode,
  month,
  item,
  values,
}: {
  areaCode: string
  month: string
  item: AnswerItem
  values: number[]
}): WaveRow {
  const n = values.length
  const mean = values.reduce((sum, value) => sum + value, 0) / n
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  const share = (isOne: (value: number) => boolean): number => values.filter(isOne).length / n
  return {
    ...{ areaCode, period: month, item: item.item, n, mean },
    sd: n < 2 ? null : Math.sqrt(squares / (n - 1)),
    satisfied: share((value) => value >= item.satisfiedFrom),
    dissatisfied: share((value) => value <= item.dissatisfiedTo),
  }
}
