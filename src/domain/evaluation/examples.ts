/** Scores as two cities compute them: a beginning for one's own. */
export interface FormulaExample {
  /** Words: `evaluation.example.<key>`. */
  key: 'composite' | 'three-rates'
  formula: string
  /** Names used, besides the city's. */
  names: readonly string[]
}

export const formulaExamples: readonly FormulaExample[] = [
  {
    // Jinniu, Chengdu: handled, in time, without rework, without overdue work in hand, without extensions.
    key: 'composite',
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
    formula: '30 × responded + 35 × solved + 35 × satisfied',
    names: ['responded', 'solved', 'satisfied'],
  },
]
