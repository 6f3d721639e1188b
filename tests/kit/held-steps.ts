import type { BrowserContext, Locator, Page } from 'playwright'
import { slow } from './patience.ts'

/** Lets `passHold` move the clock of this context's pages, which runs on by itself. */
export const holdClock = (context: BrowserContext): Promise<void> => context.clock.install()

/**
 * Passes the ten seconds for which a step can be undone: a page draws the time left in every frame.
 * Moves the clock of all pages of the context, which has `holdClock`.
 * @param kept shows that the device keeps the step
 */
export async function passHold(page: Page, kept: Locator): Promise<void> {
  await kept.first().waitFor(slow)
  await page.clock.fastForward('00:10')
}
