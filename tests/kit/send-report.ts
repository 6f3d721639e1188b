import type { Page } from 'playwright'
import { clickIfShown } from './click-if-shown.ts'
import { slow } from './patience.ts'

/**
 * Sends the form of the report page, answering "none of these" where something near is offered.
 * @param end appears when it was sent, or shows what came of it
 */
export async function sendReport(page: Page, end = page.getByTestId('sent')): Promise<void> {
  const none = page.getByTestId('duplicate-none')
  for (;;) {
    await clickIfShown(none)
    await page.getByTestId('send').tap()
    await end.or(none).first().waitFor(slow)
    // offered before the button was pressed, which refused: nothing is offered while it is sent
    if (await end.isVisible()) return
  }
}
