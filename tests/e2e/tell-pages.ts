/**
 * Set-up of the project: a test that fails says what its open pages showed and what its servers
 * printed last, in its output and in the closing list of `npm test`, which is left where a log is cut.
 */
import { afterEach } from 'vitest'
import { runningOutputs } from '../kit/app-server.ts'
import { patient } from '../kit/patience.ts'
import { openedPages } from '../kit/session.ts'

declare module 'vitest' {
  interface TaskMeta {
    pages?: string[]
  }
}

const maxLength = 1500

afterEach(async ({ task }) => {
  const tell = (told: string): void => {
    console.error(told)
    ;(task.meta.pages ??= []).push(told)
  }
  if (task.result?.state === 'fail') {
    for (const { page, problems } of openedPages) {
      if (page.isClosed()) continue
      // a page that hangs has no text
      const text = await page.innerText('body', { timeout: patient(5_000) }).catch(String)
      tell([page.url(), text.slice(0, maxLength), ...counted(problems)].join('\n'))
    }
    for (const output of runningOutputs) tell(output().slice(-maxLength))
  }
  openedPages.length = 0
})

/** Each line once, with how often it came. */
function counted(lines: readonly string[]): string[] {
  const times = Map.groupBy(lines, (line) => line)
  return [...times].map(([line, { length }]) => (length > 1 ? `${line} (${length} times)` : line))
}
