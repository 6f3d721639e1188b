import type { Browser } from 'playwright'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { apiClient, reportIncident } from '../kit/api.ts'
import { launchChromium } from '../kit/browser.ts'
import { allMonthsLoaded, openPage, shownCount } from '../kit/session.ts'
import { slow } from '../kit/patience.ts'

describe('changes of another user', () => {
  const url = inject('appUrl')
  let browser: Browser
  beforeAll(async () => void (browser = await launchChromium()))
  afterAll(() => browser?.close())

  it('appear within 30 s without a reload', async () => {
    const { page, context, problems } = await openPage(browser, {
      url,
      role: 'manager',
      path: '/map?from=all',
      webGl: false,
    })
    await allMonthsLoaded(page)
    const before = await shownCount(page, 'total-count')

    const field = await apiClient(url, 'field')
    const reported = await reportIncident(field)

    await expect
      .poll(() => shownCount(page, 'total-count'), { ...slow, interval: 500 })
      .toBe(before + 1)
    await page.locator(`[data-testid=list-row][data-key="${reported}"]`).waitFor(slow)
    expect(problems).toEqual([])
    await context.close()
  })
})
