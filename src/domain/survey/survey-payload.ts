import { readAnswers } from './answers.ts'
import type { SourceRow, SurveyFault } from './fault.ts'
import type { SurveyMapping } from './mapping.ts'
import { readWaves, type WaveRow } from './waves.ts'

/** Payload that the server stores whole or not at all: `private.store_survey`. */
export interface SurveyPayload {
  survey: SurveyMapping['survey']
  file: string
  items: {
    code: string
    nameZh: string
    nameEn: string
    categoryCode: string | null
    sense: string | null
    least: number
    most: number
  }[]
  /** Columns of equal length. */
  rows: Record<'line' | 'n', number[]> &
    Record<'area' | 'month' | 'item', string[]> &
    Record<'mean' | 'sd' | 'satisfied' | 'dissatisfied' | 'important', (number | null)[]>
}

/**
 * Reads a survey's file by its mapping: aggregated waves, or single answers that are added up.
 *
 * @param header columns of the file
 * @param isArea whether a code is an area of the city
 */
export function readSurvey(
  file: string,
  header: readonly string[],
  rows: readonly SourceRow[],
  mapping: SurveyMapping,
  isArea: (code: string) => boolean,
): { payload: SurveyPayload } | { faults: SurveyFault[] } {
  const areaCodes = new Map(Object.entries(mapping.areas))
  const { waves, answers, scale, survey } = mapping
  const named = new Map<string, { nameZh?: string | undefined; nameEn?: string | undefined }>()
  let read: { rows: WaveRow[] | null; faults: SurveyFault[] }
  if (waves) {
    const { nameZh, nameEn, ...columns } = waves
    read = readWaves(header, rows, { ...known(columns), scale, areaCodes }, isArea)
    for (const { cells } of rows)
      named.set((cells[waves.item] ?? '').trim(), {
        nameZh: nameZh && cells[nameZh]?.trim(),
        nameEn: nameEn && cells[nameEn]?.trim(),
      })
  } else {
    const { items, respondent, ...columns } = answers!
    read = readAnswers(
      header,
      rows,
      {
        ...{ ...columns, ...(respondent === undefined ? {} : { respondent }), areaCodes },
        items: items.map((one) => ({
          ...{ ...one, item: one.item ?? one.column, scale: one.scale ?? scale },
        })),
      },
      isArea,
    )
  }
  if (!read.rows) return { faults: read.faults }
  const taken = read.rows
  const codes = [...new Set(taken.map((row) => row.item))]
  const scaleOf = (code: string) =>
    answers?.items.find((one) => (one.item ?? one.column) === code)?.scale ?? scale
  return {
    payload: {
      ...{ survey, file },
      items: codes.map((code) => {
        const { category, sense, nameZh, nameEn } = mapping.items[code] ?? {}
        const own = named.get(code)
        return {
          code,
          nameZh: nameZh || own?.nameZh || code,
          nameEn: nameEn || own?.nameEn || code,
          ...{ categoryCode: category ?? null, sense: sense ?? null, ...scaleOf(code) },
        }
      }),
      rows: {
        // of answers that were added up there is no line of their own
        line: taken.map((_, at) => (waves ? rows[at]!.line : at + 1)),
        area: taken.map((row) => row.areaCode),
        month: taken.map((row) => row.period),
        item: taken.map((row) => row.item),
        n: taken.map((row) => row.n),
        mean: taken.map((row) => row.mean),
        sd: taken.map((row) => row.sd),
        satisfied: taken.map((row) => row.satisfied),
        dissatisfied: taken.map((row) => row.dissatisfied),
        important: taken.map((row) => row.important ?? null),
      },
    },
  }
}

/** Without the columns that are left out. */
const known = <T extends object>(columns: T) =>
  Object.fromEntries(Object.entries(columns).filter(([, name]) => name !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>
  }
