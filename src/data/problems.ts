/** The tasks that can fail beside the page; each has words under `account.problems.place`. */
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
  /** The error in the app's own words, for administrators. */
  message: string
  /** How often it was met since the page was loaded. */
  count: number
  /** Device instant of the last time. */
  at: string
}

const maxKept = 10
const maxCharacters = 300
/** Newest first. In memory alone: messages may name what a person saw. */
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

/** Logs a failure that the page survives, counts it and keeps it for the account page. */
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

/** The problems met last, newest first; equal ones count together. */
export const problems = (): readonly Problem[] => kept

/** Calls the listener at every change. Returns how to stop. */
export function onProblems(listener: () => void): () => void {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

/** For when a person signs out: the next one on this device does not see them. */
export const forgetProblems = (): void => change([])
