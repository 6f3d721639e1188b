import type { Workflow } from './workflow.ts'

/** Keys of the list itself. */
const taken = new Set(['j', 'k', 'x'])

/**
 * A letter for each step: the first of its name that no other step has, in alphabetical order of the
 * names. A step without a free letter gets none.
 */
export function lettersOf(names: Iterable<string>): Map<string, string> {
  const used = new Set(taken)
  const letters = new Map<string, string>()
  for (const name of [...new Set(names)].toSorted()) {
    const letter = [...name].find((one) => /[a-z]/.test(one) && !used.has(one))
    if (letter === undefined) continue
    used.add(letter)
    letters.set(name, letter)
  }
  return letters
}

/** The steps that all of these rows offer, in the order of the first. */
export function commonSteps(rows: readonly { steps: readonly string[] }[]): string[] {
  const [first, ...others] = rows
  return (first?.steps ?? []).filter((name) => others.every(({ steps }) => steps.includes(name)))
}

/** The primary step that leads to another stage, else the first primary one. */
export function mainStep(
  workflow: Pick<Workflow, 'stages' | 'transitions'> | undefined,
  { state, steps }: { state: string; steps: readonly string[] },
): string | null {
  const stageOf = (code: string | null) => workflow?.stages.find((one) => one.code === code)?.stage
  const primary = steps.flatMap((name) => {
    const found = workflow?.transitions.find((one) => one.name === name && one.from === state)
    return found?.tone === 'primary' ? [found] : []
  })
  const onward = primary.find(({ to }) => to !== null && stageOf(to) !== stageOf(state))
  return (onward ?? primary[0])?.name ?? null
}
