import { shallowRef } from 'vue'
import { report } from '@/data/problems.ts'

/** The error that took the page down, or null. Set by Vue's handler and the router's. */
export const fault = shallowRef<{ kind: 'page' | 'outdated'; detail: string } | null>(null)

/** A file of the app that is no longer there: a newer version was put in place meanwhile. */
const isMissingFile = (message: string): boolean =>
  /dynamically imported module|importing a module script|preload css|error loading/i.test(message)

/** Shows the error page in place of the page that failed. */
export function fail(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error)
  console.error(error)
  report('page', error)
  fault.value = { kind: isMissingFile(message) ? 'outdated' : 'page', detail: message }
}

export const clearFault = (): void => {
  fault.value = null
}
