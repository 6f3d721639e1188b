import type { Locator, Page } from 'playwright'
import { slower } from '../kit/patience.ts'

/** Somebody's hands: every tap, typed field and pressed key is counted, as it would be on the screen. */
export class Hands {
  taps = 0
  fields = 0
  keys = 0
  readonly page: Page

  constructor(page: Page) {
    this.page = page
  }

  async tap(target: Locator): Promise<void> {
    this.taps++
    await target.click(slower)
  }

  /** Opens a select and takes the option of these words: two taps. */
  async choose(select: Locator, words: string | RegExp): Promise<void> {
    await this.tap(select)
    await this.tap(this.page.getByRole('option', { name: words }).first())
  }

  async type(field: Locator, text: string): Promise<void> {
    this.fields++
    await field.fill(text, slower)
  }

  async press(key: string): Promise<void> {
    this.keys++
    await this.page.keyboard.press(key)
  }

  /** Takes a photo: one tap; the camera's own two, release and use, are not the app's. */
  async photograph(input: Locator, name: string, bytes: Uint8Array): Promise<void> {
    this.taps++
    await input.setInputFiles({ name, mimeType: 'image/jpeg', buffer: Buffer.from(bytes) }, slower)
  }
}
