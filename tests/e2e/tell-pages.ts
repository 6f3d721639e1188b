/** Set-up of the project: a test that fails says what its open pages showed. */
import { afterEach } from 'vitest'
import { patient } from '../kit/patience.ts'
import { openedPages } from '../kit/session.ts'

const maxLength = 1500

afterEach(async ({ task }) => {
  if (task.result?.state === 'fail')
    for (const { page, problems } of openedPages) {
      if (page.isClosed()) continue
      // a page that hangs has no text
      const text = await page.innerText('body', { timeout: patient(5_000) }).catch(String)
      console.error([page.url(), text.slice(0, maxLength), ...problems].join('\n'))
    }
  openedPages.length = 0
})
