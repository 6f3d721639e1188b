import type { Position } from './fault.ts'
import type { Condition, Expression, Formula } from './parse.ts'

/** A rate with what it is made of, or a plain number such as inhabitants or repeat places. */
export type NamedValue = { numerator: number; denominator: number } | { value: number }

/** Words of each reason: `evaluation.reason.<code>` in both languages. */
export type ReasonCode = 'nothing-due' | 'not-known' | 'division-by-zero' | 'too-large'

export interface NotComputable extends Position {
  code: ReasonCode
  /** Of the rate, or the piece of the formula that divides. */
  near: string
}

/** A summand of the formula, for display. */
export interface ScorePart {
  /** As written, without its sign. */
  text: string
  /** Points added to the score, with their sign; null where not computable. */
  value: number | null
  /** Rates and numbers in it, with their figures; null where the data have none. */
  names: { name: string; value: NamedValue | null }[]
}

export interface Score {
  /** Null where not computable. */
  score: number | null
  reason: NotComputable | null
  parts: ScorePart[]
}

class Stop extends Error {
  readonly reason: NotComputable
  constructor(reason: NotComputable) {
    super(reason.code)
    this.reason = reason
  }
}

/**
 * The score of one area, department, post or person. Only the branch that a condition takes is
 * computed, so `if(due > 0, done ÷ due, 1)` divides by nothing only where nothing is due.
 * Where a part cannot be computed there is no score, and the first reason is told.
 */
export function evaluateFormula(
  { root, text }: Formula,
  values: ReadonlyMap<string, NamedValue>,
): Score {
  const compute = new Evaluator(text, values)
  const parts = summands(root).map(({ of, sign }): ScorePart => {
    const result = compute.attempt(of)
    return {
      text: text.slice(of.start, of.end),
      value: typeof result === 'number' ? sign * result : null,
      names: namesIn(of).map((name) => ({ name, value: values.get(name) ?? null })),
    }
  })
  const result = compute.attempt(root)
  return typeof result === 'number'
    ? { score: result, reason: null, parts }
    : { score: null, reason: result, parts }
}

class Evaluator {
  private readonly text: string
  private readonly values: ReadonlyMap<string, NamedValue>

  constructor(text: string, values: ReadonlyMap<string, NamedValue>) {
    this.text = text
    this.values = values
  }

  attempt(of: Expression): number | NotComputable {
    try {
      return this.value(of)
    } catch (error) {
      if (error instanceof Stop) return error.reason
      throw error
    }
  }

  private value(of: Expression): number {
    switch (of.kind) {
      case 'number':
        return of.value
      case 'name':
        return this.named(of, of.name)
      case 'minus':
        return -this.value(of.of)
      case 'least':
        return Math.min(...of.of.map((one) => this.value(one)))
      case 'most':
        return Math.max(...of.of.map((one) => this.value(one)))
      case 'choice':
        if (this.holds(of.when)) return this.value(of.then)
        return of.otherwise === null ? 0 : this.value(of.otherwise)
      case 'binary':
        return this.binary(of, this.value(of.left), this.value(of.right))
    }
  }

  private binary(of: Expression & { kind: 'binary' }, left: number, right: number): number {
    if (of.sign === '/' && right === 0) throw this.stop('division-by-zero', of)
    const result =
      of.sign === '+'
        ? left + right
        : of.sign === '-'
          ? left - right
          : of.sign === '*'
            ? left * right
            : left / right
    if (!Number.isFinite(result)) throw this.stop('too-large', of)
    return result
  }

  private named(of: Expression, name: string): number {
    const value = this.values.get(name)
    if (value === undefined) throw this.stop('not-known', of, name)
    if ('value' in value) {
      if (!Number.isFinite(value.value)) throw this.stop('not-known', of, name)
      return value.value
    }
    const { numerator, denominator } = value
    if (denominator === 0) throw this.stop('nothing-due', of, name)
    const rate = numerator / denominator
    if (!Number.isFinite(rate)) throw this.stop('not-known', of, name)
    return rate
  }

  private holds(when: Condition): boolean {
    if (when.kind !== 'compare') {
      const first = this.holds(when.left)
      return when.kind === 'and' ? first && this.holds(when.right) : first || this.holds(when.right)
    }
    const [left, right] = [this.value(when.left), this.value(when.right)]
    switch (when.sign) {
      case '<':
        return left < right
      case '<=':
        return left <= right
      case '>':
        return left > right
      case '>=':
        return left >= right
      case '=':
        return left === right
      case '<>':
        return left !== right
    }
  }

  private stop(code: ReasonCode, of: Expression, near = this.text.slice(of.start, of.end)): Stop {
    const { line, column } = of
    return new Stop({ code, near, line, column })
  }
}

/** The top of the tree as a list: 30 × a + 20 × (1 − b) has two. */
function summands(of: Expression, sign: 1 | -1 = 1): { of: Expression; sign: 1 | -1 }[] {
  if (of.kind === 'minus') return summands(of.of, sign === 1 ? -1 : 1)
  if (of.kind !== 'binary' || of.sign === '*' || of.sign === '/') return [{ of, sign }]
  const right = of.sign === '-' ? (sign === 1 ? -1 : 1) : sign
  return [...summands(of.left, sign), ...summands(of.right, right)]
}

function namesIn(of: Expression): string[] {
  const found = new Set<string>()
  const look = (one: Expression): void => {
    if (one.kind === 'name') found.add(one.name)
    else if (one.kind === 'minus') look(one.of)
    else if (one.kind === 'least' || one.kind === 'most') one.of.forEach(look)
    else if (one.kind === 'binary') [one.left, one.right].forEach(look)
    else if (one.kind === 'choice') {
      lookIn(one.when)
      look(one.then)
      if (one.otherwise) look(one.otherwise)
    }
  }
  const lookIn = (when: Condition): void => {
    if (when.kind === 'compare') [when.left, when.right].forEach(look)
    else [when.left, when.right].forEach(lookIn)
  }
  look(of)
  return [...found]
}
