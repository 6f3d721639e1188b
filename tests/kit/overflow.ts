import type { Page } from 'playwright'
import { lookUntil } from './look-until.ts'

/**
 * Finds elements wider than their place: the page, `main`, and every scroller inside. One that is made to
 * scroll sideways (`overflow-x-auto`) may, as long as it stays in its own place. A layout that has
 * just been given another width gets two seconds to settle.
 *
 * @returns one line each: what it is and by how many pixels it is too wide
 */
export async function sidewaysOverflow(page: Page): Promise<string[]> {
  let found: string[] = []
  await lookUntil(async () => (found = await measure(page)).length === 0, 2_000)
  return found
}

const measure = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const root = document.scrollingElement!
    const scrollers = [...document.querySelectorAll('body *')].filter((element) => {
      if (element.matches('main')) return true
      const { overflowX } = getComputedStyle(element)
      if (overflowX !== 'auto' && overflowX !== 'scroll') return false
      return !element.classList.contains('overflow-x-auto') && element.tagName !== 'TEXTAREA'
    })
    return [root, ...scrollers].flatMap((element) => {
      const pixels = element.scrollWidth - element.clientWidth
      if (pixels <= 0) return []
      const { tagName, className } = element
      return `${tagName.toLowerCase()}.${String(className).split(' ').join('.')} by ${pixels}`
    })
  })
