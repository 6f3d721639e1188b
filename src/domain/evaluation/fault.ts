/** Words of each code: `evaluation.fault.<code>` in both languages. */
export type FaultCode =
  | 'empty'
  | 'too-long'
  | 'too-deep'
  | 'unknown-sign'
  | 'bad-number'
  | 'value-expected'
  | 'sign-expected'
  | 'comparison-expected'
  | 'not-closed'
  | 'unknown-name'
  | 'unknown-function'
  | 'wrong-arguments'
  | 'division-by-zero'
  | 'loops'

/** Where in a formula, counted from 1; a column is a character as a person counts it. */
export interface Position {
  line: number
  column: number
}

export interface FormulaFault extends Position {
  code: FaultCode
  /** The piece of the formula that it is about; empty at its end. */
  near: string
}

/** Thrown inside the parser alone; `parseFormula` returns its fault. */
export class FormulaError extends Error {
  readonly fault: FormulaFault
  constructor(fault: FormulaFault) {
    super(`${fault.line}:${fault.column} ${fault.code} ${fault.near}`)
    this.fault = fault
  }
}
