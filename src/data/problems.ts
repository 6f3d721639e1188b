/** Each has a text under `account.problems.place`. */
export type ProblemPlace =
  | 'draft'
  | 'outbox-read'
  | 'outbox-write'
  | 'export'
  | 'photo'
  | 'kept'
  | 'storage'
  | 'install'
  | 'areas'
  | 'incidents'
  | 'map'
  | 'page'
  | 'password'

export interface Problem {
  place: ProblemPlace
  /** Untranslated, for administrators. */
  message: string
  /** Since the page was loaded. */
  count: number
  /** Device instant of the last time. */
  at: string
}

const maxKept = 10
const maxCharacters = 300
/** Newest first. Memory only: messages may name private data. */
let kept: readonly Problem[] = []
const listeners = new Set<() => void>()

function change(next: readonly Problem[]): void {
  kept = next
  for (const listener of listeners) listener()
}

function messageOf(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  return text.slice(0, maxCharacters).toWellFormed()
}

/** Logs and counts a failure that the page survives, for the account page. */
export function report(place: ProblemPlace, error: unknown, now = Date.now()): void {
  console.warn(`${place}:`, error)
  const message = messageOf(error)
  const isSame = (one: Problem): boolean => one.place === place && one.message === message
  const count = (kept.find(isSame)?.count ?? 0) + 1
  const others = kept.filter((one) => !isSame(one))
  change([
    { place, message, count, at: new Date(now).toISOString() },
    ...others.slice(0, maxKept - 1),
  ])
}

/** Newest first; equal ones are counted together. */
export const problems = (): readonly Problem[] => kept

/** Returns the function that stops listening. */
export function onProblems(listener: () => void): () => void {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

/** Call at sign-out, before the next person uses the device. */
export const forgetProblems = (): void => change([])
