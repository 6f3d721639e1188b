import { randomUUID } from 'node:crypto'
import type { Browser } from 'playwright'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { apiClient, reportIncident } from '../kit/api.ts'
import { enqueueInPage } from '../kit/commands.ts'
import { flowBrowser } from '../kit/flow-browser.ts'
import { allMonthsLoaded, goInApp, openPage, shownCount } from '../kit/session.ts'
import { patient, slow } from '../kit/patience.ts'

describe('changes of another user', () => {
  const url = inject('appUrl')
  let browser: Browser
  beforeAll(async () => void (browser = await flowBrowser()))
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

    // one's own work is there with its receipt, not with the next poll
    await enqueueInPage(page, 'report_incident', {
      ...{ incidentId: randomUUID(), categoryCode: 'sewer', description: 'Cover loose' },
      ...{ lon: -122.4194, lat: 37.7599 },
    })
    await expect
      .poll(() => shownCount(page, 'total-count'), { timeout: patient(8000), interval: 200 })
      .toBe(before + 2)
    // and where the filter leaves it out, that is said
    await goInApp(page, '/map?from=all&stage=closed')
    await page.getByTestId('outside-report-show').click(slow)
    await page.getByTestId('log-reported').waitFor(slow)
    await page.getByTestId('outside-report').waitFor({ state: 'detached', ...slow })
    expect(problems).toEqual([])
    await context.close()
  })
})
