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
  /** Device instant, last time. */
  at: string
}

const maxKept = 10
const maxCharacters = 300
/** In memory only: messages may name private data. */
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

/** For failures that the page survives. */
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

/** Newest first. */
export const problems = (): readonly Problem[] => kept

export function onProblems(listener: () => void): () => void {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

/** For sign-out. */
export const forgetProblems = (): void => change([])
