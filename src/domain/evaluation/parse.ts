import { FormulaError, type FaultCode, type FormulaFault, type Position } from './fault.ts'
import { tokensOf, type Token } from './tokens.ts'

/** A formula as a tree. It has no loops and no names of its own, so each evaluation ends. */
export type Expression = Position & { start: number; end: number } & (
    | { kind: 'number'; value: number }
    | { kind: 'name'; name: string }
    | { kind: 'minus'; of: Expression }
    | { kind: 'binary'; sign: '+' | '-' | '*' | '/'; left: Expression; right: Expression }
    | { kind: 'least' | 'most'; of: Expression[] }
    | { kind: 'choice'; when: Condition; then: Expression; otherwise: Expression | null }
  )

export type Condition =
  | {
      kind: 'compare'
      sign: '<' | '<=' | '>' | '>=' | '=' | '<>'
      left: Expression
      right: Expression
    }
  | { kind: 'and' | 'or'; left: Condition; right: Condition }

export interface Formula {
  text: string
  root: Expression
  /** Names of rates and numbers that it uses, each once, in order of appearance. */
  names: string[]
}

/** Deeper nesting is refused, so that no text exhausts the stack. */
export const deepestFormula = 50

const comparisons = new Set(['<', '<=', '>', '>=', '=', '<>'])
const functions = new Set(['min', 'max', 'if', 'where'])
/** Chinese for `and` and `or`. */
const [chineseAnd, chineseOr] = ['\u4e14', '\u6216']
const words = new Set(['and', 'or', chineseAnd, chineseOr])

/**
 * Reads a formula over named rates: numbers (also 30%), + − × ÷, parentheses, min(…), max(…),
 * if(condition, then, otherwise) and where(condition, then), which is 0 otherwise. Conditions compare,
 * joined by `and`, `or`; `and` binds closer.
 *
 * @param names of rates and numbers as written in formulas → the name used by the city's data
 */
export function parseFormula(
  text: string,
  names: ReadonlyMap<string, string>,
): { formula: Formula } | { fault: FormulaFault } {
  try {
    const parser = new Parser(tokensOf(text), names)
    return { formula: { text, root: parser.whole(), names: [...parser.used] } }
  } catch (error) {
    if (error instanceof FormulaError) return { fault: error.fault }
    throw error
  }
}

class Parser {
  readonly used = new Set<string>()
  private at = 0
  private depth = 0
  private readonly tokens: Token[]
  private readonly names: ReadonlyMap<string, string>

  constructor(tokens: Token[], names: ReadonlyMap<string, string>) {
    this.tokens = tokens
    this.names = names
  }

  whole(): Expression {
    const root = this.sum()
    if (this.now.kind !== 'end') throw this.fault('sign-expected')
    return root
  }

  private get now(): Token {
    return this.tokens[this.at]!
  }

  private fault(code: FaultCode, token = this.now): FormulaError {
    const { line, column } = token
    return new FormulaError({ code, near: token.text, line, column })
  }

  private take(...signs: string[]): Token | null {
    const token = this.now
    if (token.kind !== 'sign' || !signs.includes(token.text)) return null
    this.at++
    return token
  }

  private sum(): Expression {
    return this.leftToRight(['+', '-'], () => this.product())
  }

  private product(): Expression {
    return this.leftToRight(['*', '/'], () => this.unary())
  }

  private leftToRight(signs: string[], next: () => Expression): Expression {
    let left = next()
    for (let token = this.take(...signs); token; token = this.take(...signs)) {
      const right = next()
      const { line, column } = token
      const sign = token.text as '+' | '-' | '*' | '/'
      left = { kind: 'binary', sign, left, right, line, column, start: left.start, end: right.end }
    }
    return left
  }

  private unary(): Expression {
    const first = this.now
    if (++this.depth > deepestFormula) throw this.fault('too-deep')
    let result: Expression
    if (this.take('-')) {
      const of = this.unary()
      result = { kind: 'minus', of, ...spanOf(first, of.end) }
    } else result = this.take('+') ? this.unary() : this.primary()
    this.depth--
    return result
  }

  private primary(): Expression {
    const token = this.now
    if (token.kind === 'number') {
      this.at++
      const percent = this.take('%')
      const value = percent ? token.value / 100 : token.value
      return { kind: 'number', value, ...spanOf(token, (percent ?? token).end) }
    }
    if (token.kind === 'name') {
      this.at++
      const isCall = this.now.kind === 'sign' && this.now.text === '('
      return isCall ? this.call(token) : this.name(token)
    }
    if (!this.take('(')) throw this.fault('value-expected')
    const inner = this.sum()
    return { ...inner, start: token.start, end: this.close(token).end }
  }

  private name(token: Token): Expression {
    const name = this.names.get(token.text)
    if (name === undefined) throw this.fault('unknown-name', token)
    this.used.add(name)
    return { kind: 'name', name, ...spanOf(token, token.end) }
  }

  private call(token: Token): Expression {
    const name = token.text.toLowerCase()
    if (!functions.has(name)) throw this.fault('unknown-function', token)
    const open = this.take('(')!
    if (name === 'min' || name === 'max') {
      const of = [this.sum()]
      while (this.take(',')) of.push(this.sum())
      return { kind: name === 'min' ? 'least' : 'most', of, ...spanOf(token, this.close(open).end) }
    }
    const when = this.either()
    const then = this.argument(token)
    const otherwise = name === 'if' ? this.argument(token) : null
    if (this.now.kind === 'sign' && this.now.text === ',')
      throw this.fault('wrong-arguments', token)
    return { kind: 'choice', when, then, otherwise, ...spanOf(token, this.close(open).end) }
  }

  private argument(of: Token): Expression {
    if (!this.take(',')) throw this.fault('wrong-arguments', of)
    return this.sum()
  }

  /** Names the parenthesis that stays open. */
  private close(open: Token): Token {
    const token = this.take(')')
    if (token) return token
    throw this.now.kind === 'end' ? this.fault('not-closed', open) : this.fault('sign-expected')
  }

  private either(): Condition {
    return this.joined('or', chineseOr, () => this.joined('and', chineseAnd, () => this.compare()))
  }

  private joined(kind: 'and' | 'or', chinese: string, next: () => Condition): Condition {
    let left = next()
    while (this.now.kind === 'name' && [kind, chinese].includes(this.now.text.toLowerCase())) {
      this.at++
      left = { kind, left, right: next() }
    }
    return left
  }

  private compare(): Condition {
    const left = this.sum()
    const token = this.take(...comparisons)
    if (!token) throw this.fault('comparison-expected')
    return { kind: 'compare', sign: token.text as '<', left, right: this.sum() }
  }
}

const spanOf = ({ line, column, start }: Token, end: number) => ({ line, column, start, end })

/** Whether a formula may use a word as a name of a rate. */
export const isFreeName = (name: string): boolean =>
  /^[\p{L}_][\p{L}\p{N}_]*$/u.test(name) &&
  !functions.has(name.toLowerCase()) &&
  !words.has(name.toLowerCase())
