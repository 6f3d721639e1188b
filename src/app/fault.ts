import { shallowRef } from 'vue'
import { report } from '@/data/problems.ts'

/** The error that stopped the page, or null. */
export const fault = shallowRef<{ kind: 'page' | 'outdated'; detail: string } | null>(null)

/** The file is gone: a newer version was deployed. */
const isMissingFile = (message: string): boolean =>
  /dynamically imported module|importing a module script|preload css|error loading/i.test(message)

/** Shows the error page in place of the page. */
export function fail(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error)
  console.error(error)
  report('page', error)
  fault.value = { kind: isMissingFile(message) ? 'outdated' : 'page', detail: message }
}

export const clearFault = (): void => {
  fault.value = null
}
