/** Words of each code: `evaluation.survey.<code>` in both languages. */
export type SurveyFaultCode =
  | 'missing-column'
  | 'unknown-area'
  | 'no-period'
  | 'no-item'
  | 'no-number'
  | 'bad-count'
  | 'bad-percent'
  | 'percents-over-100'
  | 'fewer-asked-than-answers'
  | 'outside-scale'
  | 'duplicate'
  /** The server alone knows. */
  | 'known-wave'

export interface SurveyFault {
  /** Of the file, from 1; the header is line 1. */
  line: number
  code: SurveyFaultCode
  column: string
  /** As written. */
  value: string
}

/** Either all rows are good, or none is taken. */
export type SurveyReading<Row> = { rows: Row[]; faults: [] } | { rows: null; faults: SurveyFault[] }

export const readingOf = <Row>(rows: Row[], faults: SurveyFault[]): SurveyReading<Row> =>
  faults.length === 0 ? { rows, faults: [] } : { rows: null, faults }

/** A row of a file with its line: cells may run over several lines. */
export interface SourceRow {
  line: number
  cells: Readonly<Record<string, string>>
}

/** A plain decimal number; null for anything else, such as 1e3, 0x10 or an empty cell. */
export const numberIn = (text: string): number | null =>
  /^-?\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : null

/** YYYY-MM, or YYYY-MM-DD of which the month counts. */
export const monthIn = (text: string): string | null =>
  /^\d{4}-(0[1-9]|1[0-2])(-\d{2})?$/.test(text.trim()) ? text.trim().slice(0, 7) : null
