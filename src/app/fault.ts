import { shallowRef } from 'vue'
import { report } from '@/data/problems.ts'

export const fault = shallowRef<{ kind: 'page' | 'outdated'; detail: string } | null>(null)

/** A new deployment removed the file. */
const isMissingFile = (message: string): boolean =>
  /dynamically imported module|importing a module script|preload css|error loading/i.test(message)

/** Shows the error page. */
export function fail(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error)
  console.error(error)
  report('page', error)
  fault.value = { kind: isMissingFile(message) ? 'outdated' : 'page', detail: message }
}

export const clearFault = (): void => {
  fault.value = null
}
