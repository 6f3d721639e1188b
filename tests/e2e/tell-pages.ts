/**
 * Set-up of the project: a test that fails says what its open pages showed, in its output and in the
 * closing list of `npm test`, which is left where a log is cut.
 */
import { afterEach } from 'vitest'
import { patient } from '../kit/patience.ts'
import { openedPages } from '../kit/session.ts'

declare module 'vitest' {
  interface TaskMeta {
    pages?: string[]
  }
}

const maxLength = 1500

afterEach(async ({ task }) => {
  if (task.result?.state === 'fail')
    for (const { page, problems } of openedPages) {
      if (page.isClosed()) continue
      // a page that hangs has no text
      const text = await page.innerText('body', { timeout: patient(5_000) }).catch(String)
      const told = [page.url(), text.slice(0, maxLength), ...problems].join('\n')
      console.error(told)
      ;(task.meta.pages ??= []).push(told)
    }
  openedPages.length = 0
})
