import type { Browser } from 'playwright'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { leastCapitalShare } from '../../src/domain/wall/wall-letters.ts'
import { flowBrowser } from '../kit/flow-browser.ts'
import { returnNetwork } from '../kit/network.ts'
import { patient, slow } from '../kit/patience.ts'
import { goInApp, openPage, shownCount } from '../kit/session.ts'

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
      await page.setViewportSize({ width: 3840, height: 2160 })
      await expect.poll(() => page.evaluate(seenFromAfar, leastCapitalShare), slow).toEqual([])
      await page.setViewportSize({ width: 1920, height: 1080 })
      // every tile in every room that one has
      for (const [per, tiles] of arrangements) {
        await goInApp(page, `/wall?tiles=${tiles.join(',')}&per=${per}&every=600`)
        for (let first = 0; first < tiles.length; first += per) {
          if (first > 0) await page.keyboard.press('ArrowRight')
          for (const tile of tiles.slice(first, first + per))
            await page.getByTestId(`wall-tile-${tile}`).locator(drawn[tile]!).first().waitFor(slow)
          await expect.poll(() => page.evaluate(seenFromAfar, leastCapitalShare), slow).toEqual([])
        }
      }
      await context.setOffline(true)
      await page.getByTestId('wall-trouble').waitFor(slow)
      await returnNetwork(context)
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

/** Of each tile: what is there once it is drawn. */
const drawn: Record<string, string> = {
  ...{ rates: 'dd:has-text("%")', open: 'dd:has-text("%")', map: 'path[d^=M]' },
  ...{ ranking: 'svg text', trend: 'svg text', satisfied: 'svg text' },
}
const all = ['open', 'map', 'trend', 'ranking', 'rates', 'satisfied']
/** Tiles at once, and all of them in turn. */
const arrangements: [per: number, tiles: string[]][] = [
  [6, all],
  [6, all.slice(0, 5)],
  [4, ['open', 'map', 'trend', 'ranking']],
  [4, ['rates', 'open', 'satisfied']],
  [4, ['map', 'rates', 'trend']],
  [2, all],
  [1, all],
]

/**
 * The faults of the wall as shown: scrolls, capital letters lower than the share of the screen's height, words that
 * leave their tile or are cut, and words of a chart upon each other.
 */
function seenFromAfar(leastShare: number): string[] {
  const faults: string[] = []
  const { scrollHeight, scrollWidth } = document.documentElement
  if (scrollHeight > innerHeight || scrollWidth > innerWidth) faults.push('the wall scrolls')
  const pen = document.createElement('canvas').getContext('2d')!
  const hasText = (element: Element): boolean =>
    [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent!.trim() !== '')
  const wall = document.querySelector('[data-testid=wall]')!
  for (const element of [...wall.querySelectorAll('*')].filter(hasText)) {
    if (element.closest('title, .sr-only')) continue
    const box = element.getBoundingClientRect()
    const words = `“${element.textContent!.trim()}”`
    const { fontWeight, fontSize, fontFamily } = getComputedStyle(element)
    pen.font = `${fontWeight} ${fontSize} ${fontFamily}`
    const chart = element.closest<HTMLElement>('x-vue-echarts')
    const enlarged = chart ? chart.getBoundingClientRect().width / chart.offsetWidth : 1
    const capital = pen.measureText('H').actualBoundingBoxAscent * enlarged
    if (capital < leastShare * innerHeight)
      faults.push(`${words} has capitals of ${(capital / innerHeight).toFixed(4)}`)
    const around = (element.closest('section') ?? wall).getBoundingClientRect()
    const least = 1
    if (
      box.left < around.left - least ||
      box.right > around.right + least ||
      box.top < around.top - least ||
      box.bottom > around.bottom + least
    )
      faults.push(`${words} leaves its place`)
    if (element instanceof HTMLElement && element.scrollWidth > element.clientWidth + least)
      faults.push(`${words} is cut`)
  }
  for (const chart of wall.querySelectorAll('x-vue-echarts')) {
    const boxes = [...chart.querySelectorAll('text')].map((text) => text.getBoundingClientRect())
    boxes.forEach((one, at) => {
      const onto = boxes.findIndex(
        (other, later) =>
          later > at &&
          one.left < other.right - 1 &&
          other.left < one.right - 1 &&
          one.top < other.bottom - 4 &&
          other.top < one.bottom - 4,
      )
      if (onto >= 0) faults.push(`words of a chart lie on each other: ${at} and ${onto}`)
    })
  }
  return faults
}
