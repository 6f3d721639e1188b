import type { Locator } from 'playwright'
import { patient } from './patience.ts'

/**
 * Clicks a button that may or may not be there. It can go while it is clicked, with an answer that
 * comes then: the driver alone would wait for it to the end of the test.
 */
export async function clickIfShown(target: Locator): Promise<void> {
  if (!(await target.isVisible())) return
  try {
    await target.click({ timeout: patient(5_000) })
  } catch (error) {
    if (await target.isVisible()) throw error
  }
}
