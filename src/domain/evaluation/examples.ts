import type { Board } from './names.ts'

/** Scores to begin one's own with. */
export interface FormulaExample {
  /** Words: `evaluation.example.<key>`. */
  key: 'composite' | 'three-rates' | 'desk' | 'patrol'
  boards: readonly Board[]
  formula: string
  /** Names used, besides the city's. */
  names: readonly string[]
}

export const formulaExamples: readonly FormulaExample[] = [
  {
    // Jinniu, Chengdu: handled, in time, without rework, without overdue work in hand, without extensions.
    key: 'composite',
    boards: ['areas', 'departments'],
    formula: [
      '30 × handling',
      '+ 20 × handling_in_time',
      '+ 20 × (1 − rework)',
      '+ 20 × (1 − overdue_pending)',
      '+ 10 × (1 − extension)',
    ].join('\n'),
    names: ['handling', 'handling_in_time', 'rework', 'overdue_pending', 'extension'],
  },
  {
    // The 12345 hotline: responded within a day, solved, satisfied.
    key: 'three-rates',
    boards: ['areas', 'departments'],
    formula: '30 × responded + 35 × solved + 35 × satisfied',
    names: ['responded', 'solved', 'satisfied'],
  },
  {
    // No city's: a beginning for the people who file and dispatch.
    key: 'desk',
    boards: ['posts'],
    formula: '40 × filing_in_time + 30 × dispatch_in_time + 30 × dispatch_accurate',
    names: ['filing_in_time', 'dispatch_in_time', 'dispatch_accurate'],
  },
  {
    // No city's: what field staff found was so, and they verified in time.
    key: 'patrol',
    boards: ['field_staff'],
    formula: '50 × valid + 50 × checking_in_time',
    names: ['valid', 'checking_in_time'],
  },
]
