import type { Browser } from 'playwright'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { flowBrowser } from '../kit/flow-browser.ts'
import { patient, slow } from '../kit/patience.ts'
import { openPage, shownCount } from '../kit/session.ts'

describe('the wall', () => {
  const url = inject('appUrl')
  let browser: Browser
  beforeAll(async () => {
    browser = await flowBrowser()
  })
  afterAll(() => browser?.close())

  it(
    'is arranged, turns its views, obeys keys, never scrolls, and says when it is cut off',
    async () => {
      const { page, problems, context } = await openPage(browser, {
        ...{ url, role: 'leader', path: '/wall/plan', webGl: false, width: 1920, height: 1080 },
      })
      await page.getByRole('checkbox', { name: 'Received and closed by month' }).click()
      await page.getByTestId('wall-open-link').click()
      await page.waitForURL(/\/wall\?/)
      expect(new URL(page.url()).searchParams.get('tiles')).toBe('open,map,ranking,rates,satisfied')

      const place = page.getByTestId('wall-place')
      await page.getByTestId('wall-tile-map').locator('path[d^=M]').first().waitFor(slow)
      const shown = await shownCount(page, 'wall-open')
      await page.keyboard.press('Space')
      expect(await place.innerText()).toContain('paused')
      await page.keyboard.press('ArrowRight')
      await page.getByTestId('wall-tile-ranking').locator('svg').first().waitFor(slow)
      await page.keyboard.press('ArrowLeft')
      await page.keyboard.press('ArrowLeft')
      expect(await place.innerText()).toContain('View 3 of 3')
      await page.getByTestId('wall-tile-satisfied').locator('svg').first().waitFor(slow)
      for (const [width, height] of [
        [1920, 1080],
        [3840, 2160],
      ] as const) {
        await page.setViewportSize({ width, height })
        const over = await page.evaluate(() => {
          const { scrollHeight, scrollWidth } = document.documentElement
          return [scrollHeight - innerHeight, scrollWidth - innerWidth]
        })
        expect(over).toEqual([0, 0])
        expect(await page.evaluate(smallestLetters)).toBeGreaterThanOrEqual(0.019)
      }
      await context.setOffline(true)
      await page.getByTestId('wall-trouble').waitFor(slow)
      await context.setOffline(false)
      await page.getByTestId('wall-trouble').waitFor({ state: 'detached', ...slow })
      await page.keyboard.press('Escape')
      await page.waitForURL(/\/overview/)
      await expect.poll(() => shownCount(page, 'open-count'), slow).toBe(shown)
      expect(await page.evaluate(() => document.documentElement.classList.contains('dark'))).toBe(
        false,
      )
      expect(problems.filter((line) => !line.includes('ERR_INTERNET_DISCONNECTED'))).toEqual([])
    },
    patient(120_000),
  )
})

/** Height of the smallest letters as a share of the screen: 0.019 of a screen 1.2 m high is 23 mm. */
function smallestLetters(): number {
  const texts = [...document.querySelectorAll<HTMLElement>('[data-testid=wall] *')].filter(
    (element) =>
      !element.closest('svg') &&
      [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent!.trim()),
  )
  const sizes = texts.map((element) => parseFloat(getComputedStyle(element).fontSize))
  return Math.min(...sizes) / innerHeight
}
