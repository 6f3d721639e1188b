import type { BrowserContext, Page } from 'playwright'
import { lookUntil } from './look-until.ts'
import { slow } from './patience.ts'

/**
 * Gives the pages their network back. Once in some hundred times the driver leaves one without it,
 * which the page itself can tell: it is then taken away and given once more.
 */
export async function returnNetwork(context: BrowserContext): Promise<void> {
  await context.setOffline(false)
  const isBack = await lookUntil(async () => {
    const answers = await Promise.all(context.pages().map(reaches))
    if (answers.every(Boolean)) return true
    await context.setOffline(true)
    await context.setOffline(false)
    return false
  })
  if (!isBack) throw new Error('no network after it was given back')
}

/** False where a page cannot reach its server; one that has none, or is leaving, is not asked. */
async function reaches(page: Page): Promise<boolean> {
  if (!page.url().startsWith('http')) return true
  const asked = page.evaluate(
    (limit) =>
      fetch('/config.json', { cache: 'no-store', signal: AbortSignal.timeout(limit) }).then(
        () => true,
        () => false,
      ),
    slow.timeout,
  )
  return asked.catch(() => true)
}
