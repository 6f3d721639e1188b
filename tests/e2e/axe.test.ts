import { AxeBuilder } from '@axe-core/playwright'
import type { Browser } from 'playwright'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { launchChromium } from '../support/browser.ts'
import { openPage, type DemoRole } from '../support/session.ts'

/** Every page with somebody who uses it, and what to wait for before it is judged. */
const pages: { path: string; role?: DemoRole; ready: string }[] = [
  { path: '/sign-in', ready: 'form' },
  { path: '/', role: 'manager', ready: 'main h1' },
  { path: '/', role: 'field', ready: 'main h1' },
  { path: '/', role: 'handler', ready: 'main h1' },
  { path: '/map', role: 'manager', ready: '[data-testid=total-count]' },
  { path: '/table', role: 'manager', ready: '[data-testid=total-count]' },
  { path: '/overview', role: 'leader', ready: '[data-testid=chart-flow] svg' },
  { path: '/account', role: 'admin', ready: 'main h1' },
  { path: '/no-such-page', role: 'leader', ready: 'main h1' },
]

describe('axe', () => {
  const url = inject('appUrl')
  let browser: Browser
  beforeAll(async () => void (browser = await launchChromium()))
  afterAll(() => browser?.close())

  for (const { path, role, ready } of pages) {
    for (const theme of ['light', 'dark'] as const) {
      it(`finds nothing on ${path} as ${role ?? 'nobody'}, ${theme}`, async () => {
        const { page, context, problems } = await openPage(browser, { url, role, path, theme })
        await page.locator(ready).first().waitFor({ timeout: 30_000 })
        await page.waitForTimeout(500)
        const { violations } = await new AxeBuilder({ page }).analyze()
        const found = violations.map(
          (v) => `${v.id}: ${v.nodes.map((n) => n.target.join(' ')).join(' | ')}`,
        )
        expect(found).toEqual([])
        expect(problems).toEqual([])
        await context.close()
      })
    }
  }

  it('would find a planted fault', async () => {
    const { page, context } = await openPage(browser, { url, path: '/sign-in' })
    await page.locator('form').waitFor()
    await page.evaluate(() => document.querySelector('main')?.append(document.createElement('button')))
    const { violations } = await new AxeBuilder({ page }).analyze()
    expect(violations.map((v) => v.id)).toContain('button-name')
    await context.close()
  })
})
