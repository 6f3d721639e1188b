import { FormulaError, type Position } from './fault.ts'

export interface Token extends Position {
  kind: 'number' | 'name' | 'sign' | 'end'
  /** Signs are written in one way: full-width and × ÷ − are replaced. */
  text: string
  value: number
  /** Offsets into the text, for the part's own words. */
  start: number
  end: number
}

/** Longer formulas are nobody's score. In characters. */
export const longestFormula = 2000

const sameSigns: Record<string, string> = {
  ...{ '×': '*', '·': '*', '＊': '*', '÷': '/', '／': '/', '−': '-', '－': '-', '＋': '+' },
  ...{ '（': '(', '）': ')', '，': ',', '、': ',', '≤': '<=', '≥': '>=', '≠': '<>' },
  ...{ '＜': '<', '＞': '>', '＝': '=', '％': '%' },
}
const patterns = {
  space: /\s+/uy,
  number: /\d+(?:\.\d+)?/uy,
  name: /[\p{L}_][\p{L}\p{N}_]*/uy,
  sign: /<=|>=|<>|[-+*/(),<>=%×·＊÷／−－＋（），、≤≥≠＜＞＝％]/uy,
}

/** @throws FormulaError at a sign that no formula has, or a text that is too long or empty */
export function tokensOf(text: string): Token[] {
  if (text.length > longestFormula)
    throw new FormulaError({ code: 'too-long', near: '', line: 1, column: 1 })
  const tokens: Token[] = []
  let [at, line, lineStart] = [0, 1, 0]
  const position = (): Position => ({ line, column: [...text.slice(lineStart, at)].length + 1 })
  const match = (pattern: RegExp): string | null => {
    pattern.lastIndex = at
    return pattern.exec(text)?.[0] ?? null
  }
  const push = (kind: Token['kind'], found: string, signText = found, value = 0): void => {
    tokens.push({ kind, text: signText, value, start: at, end: at + found.length, ...position() })
    at += found.length
  }
  while (at < text.length) {
    const space = match(patterns.space)
    if (space !== null) {
      for (const [index, letter] of [...space].entries())
        if (letter === '\n') [line, lineStart] = [line + 1, at + index + 1]
      at += space.length
      continue
    }
    const number = match(patterns.number)
    if (number !== null) {
      const after = text[at + number.length] ?? ''
      if (/[\p{L}_.]/u.test(after)) throw fault('bad-number', number + after, position())
      push('number', number, number, Number(number))
      continue
    }
    const name = match(patterns.name)
    const sign = name === null ? match(patterns.sign) : null
    if (name !== null) push('name', name)
    else if (sign !== null) push('sign', sign, sameSigns[sign] ?? sign)
    else throw fault('unknown-sign', String.fromCodePoint(text.codePointAt(at)!), position())
  }
  if (tokens.length === 0) throw fault('empty', '', { line: 1, column: 1 })
  push('end', '')
  return tokens
}

const fault = (
  code: 'bad-number' | 'unknown-sign' | 'empty',
  near: string,
  at: Position,
): FormulaError => new FormulaError({ code, near, ...at })
