import type { FormulaFault } from './fault.ts'
import { parseFormula, type Condition, type Expression, type Formula } from './parse.ts'

/** Words for the score itself: a formula that uses them would need its own result. */
export const ownResult = 'score'

/**
 * Reads a formula that is to be saved: `parseFormula`, and it divides by no number that is 0 whatever the figures are,
 * and does not use its own result.
 */
export function checkFormula(
  text: string,
  names: ReadonlyMap<string, string>,
): { formula: Formula } | { fault: FormulaFault } {
  const read = parseFormula(text, names)
  if ('fault' in read) {
    const { fault } = read
    const isLoop = fault.code === 'unknown-name' && fault.near.toLowerCase() === ownResult
    return isLoop ? { fault: { ...fault, code: 'loops' } } : read
  }
  const division = zeroDivision(read.formula.root)
  if (!division) return read
  const { line, column } = division
  const { start, end } = division.right
  return { fault: { code: 'division-by-zero', near: text.slice(start, end), line, column } }
}

/** Null where it hangs on figures. */
function constant(of: Expression): number | null {
  switch (of.kind) {
    case 'number':
      return of.value
    case 'minus': {
      const value = constant(of.of)
      return value === null ? null : -value
    }
    case 'binary': {
      const [left, right] = [constant(of.left), constant(of.right)]
      if (left === null || right === null) return null
      return { '+': left + right, '-': left - right, '*': left * right, '/': left / right }[of.sign]
    }
    default:
      return null
  }
}

type Binary = Expression & { kind: 'binary' }

function zeroDivision(of: Expression): Binary | null {
  if (of.kind === 'binary' && of.sign === '/' && constant(of.right) === 0) return of
  for (const part of partsOf(of)) {
    const found = zeroDivision(part)
    if (found) return found
  }
  return null
}

function partsOf(of: Expression): readonly Expression[] {
  switch (of.kind) {
    case 'minus':
      return [of.of]
    case 'binary':
      return [of.left, of.right]
    case 'least':
    case 'most':
      return of.of
    case 'choice':
      return [...sidesOf(of.when), of.then, ...(of.otherwise ? [of.otherwise] : [])]
    default:
      return []
  }
}

const sidesOf = (when: Condition): readonly Expression[] =>
  when.kind === 'compare'
    ? [when.left, when.right]
    : [...sidesOf(when.left), ...sidesOf(when.right)]
