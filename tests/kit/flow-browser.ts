import type { Browser } from 'playwright'
import { launchChromium } from './browser.ts'

let launched: Promise<Browser> | undefined

/**
 * The one browser of all flows of this process: to launch one takes 1.2 CPU seconds.
 * Its `close` ends the pages alone.
 */
export async function flowBrowser(): Promise<Browser> {
  const before = await launched?.catch(() => null)
  if (before?.isConnected()) return before
  launched = launchChromium()
  const browser = await launched
  const close = async (): Promise<void> => {
    await Promise.all(browser.contexts().map((context) => context.close()))
  }
  return Object.assign(browser, { close })
}
