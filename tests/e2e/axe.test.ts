import { AxeBuilder } from '@axe-core/playwright'
import type { Browser, Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { launchChromium } from '../support/browser.ts'
import { openPage, type DemoRole } from '../support/session.ts'

interface Visit {
  path: string
  /** What to wait for before the page is judged. */
  ready: string
}

/** Every page with somebody who uses it. */
const visits: { role?: DemoRole; pages: Visit[] }[] = [
  { pages: [{ path: '/sign-in', ready: 'form' }] },
  {
    role: 'manager',
    pages: [
      { path: '/', ready: '[data-testid=home-open]' },
      { path: '/map', ready: '[data-testid=total-count]' },
      { path: '/table', ready: '[data-testid=total-count]' },
    ],
  },
  {
    role: 'field',
    pages: ['/my-day', '/capture', '/outbox'].map((path) => ({ path, ready: 'main h1' })),
  },
  { role: 'handler', pages: [{ path: '/', ready: 'main h1' }] },
  {
    role: 'leader',
    pages: [
      { path: '/overview', ready: '[data-testid=chart-flow] svg' },
      { path: '/no-such-page', ready: 'main h1' },
    ],
  },
  { role: 'admin', pages: [{ path: '/account', ready: 'main h1' }] },
]
const widths = [1440, 390, 360]
const themes = ['light', 'dark'] as const

/**
 * A change of theme or width fades, and an inherited colour begins its fade where the parent's has
 * ended: half-way colours are nobody's contrast.
 */
async function colorsSettle(page: Page): Promise<void> {
  await page.waitForTimeout(200)
  await page.evaluate(async () => {
    const isFading = () =>
      document
        .getAnimations()
        .some(({ effect }) => effect?.getComputedTiming().iterations !== Infinity)
    for (let quietFrames = 0; quietFrames < 5; quietFrames++) {
      await new Promise((resolve) => requestAnimationFrame(resolve))
      if (isFading()) quietFrames = -1
    }
  })
}

/** What axe finds, and what is wider than its place, in either theme at one width. */
async function problemsAt(page: Page, width: number): Promise<string[]> {
  const found: string[] = []
  await page.setViewportSize({ width, height: width > 1000 ? 900 : 740 })
  for (const theme of themes) {
    await page.emulateMedia({ colorScheme: theme })
    await page.locator(`html.${theme}`).waitFor({ state: 'attached' })
    await colorsSettle(page)
    const { violations } = await new AxeBuilder({ page }).analyze()
    for (const { id, nodes } of violations) {
      const where = nodes.map(({ target, any }) => `${target.join(' ')} (${any[0]?.message ?? ''})`)
      found.push(`${width} ${theme} ${id}: ${where.join(' | ')}`)
    }
  }
  const tooWide = await page.evaluate(() => {
    const main = document.querySelector('main')
    return [
      document.scrollingElement!.scrollWidth - innerWidth,
      main ? main.scrollWidth - main.clientWidth : 0,
    ]
  })
  if (tooWide.some((pixels) => pixels > 0))
    found.push(`${width} scrolls sideways by ${tooWide.join(', ')}`)
  return found
}

describe('axe', () => {
  const url = inject('appUrl')
  let browser: Browser
  beforeAll(async () => void (browser = await launchChromium()))
  afterAll(() => browser?.close())

  for (const { role, pages } of visits) {
    it(`finds nothing as ${role ?? 'nobody'} on ${pages.map(({ path }) => path).join(', ')}, wide or narrow, light or dark`, async () => {
      const { page, context, problems } = await openPage(browser, {
        url,
        role,
        path: pages[0]!.path,
      })
      for (const [index, { path, ready }] of pages.entries()) {
        if (index > 0) await page.goto(url + path)
        await page.locator(ready).first().waitFor({ timeout: 30_000 })
        const found: string[] = []
        for (const width of widths) found.push(...(await problemsAt(page, width)))
        expect([path, ...found]).toEqual([path])
        await page.setViewportSize({ width: widths[0]!, height: 900 })
      }
      expect(problems).toEqual([])
      await context.close()
    }, 420_000)
  }

  it('would find planted faults', async () => {
    const { page, context } = await openPage(browser, { url, path: '/sign-in' })
    await page.locator('form').waitFor()
    await page.evaluate(() => {
      const nameless = document.createElement('button')
      nameless.style.width = '500px'
      document.querySelector('main')?.append(nameless)
    })
    const found = (await problemsAt(page, 360)).join('\n')
    for (const theme of themes) expect(found).toContain(`360 ${theme} button-name`)
    expect(found).toContain('360 scrolls sideways')
    await context.close()
  })
})
