/** Rows between two rows, every `step`th. */
export interface Span {
  start: number
  end: number
  step: number
}
