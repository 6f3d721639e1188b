import type { Browser } from 'playwright'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newDataDir, startAppServer, type AppServer } from '../kit/app-server.ts'
import { launchChromium } from '../kit/browser.ts'
import { goInApp, openPage } from '../kit/session.ts'
import { slow } from '../kit/patience.ts'

const city = {
  WANGGE_CITY_NAME: '长沙',
  WANGGE_CITY_LOCALE: 'zh-CN',
  WANGGE_CITY_TIME_ZONE: 'Asia/Shanghai',
  WANGGE_CITY_BBOX: '112.6,27.9,113.4,28.6',
  WANGGE_ADMIN_EMAIL: 'admin@example.org',
  WANGGE_ADMIN_PASSWORD: 'a-long-password-1',
}

describe('a city of one’s own, still empty', () => {
  let browser: Browser
  let server: AppServer
  beforeAll(async () => {
    server = await startAppServer({ dataDir: newDataDir(), args: ['--demo', 'none'], env: city })
    browser = await launchChromium()
  })
  afterAll(async () => {
    await browser?.close()
    await server?.stop()
  })

  it('lets its first admin in and says how areas, incidents and people get there', async () => {
    const { page, context, problems } = await openPage(browser, {
      url: server.url,
      path: '/sign-in',
      locale: 'zh-CN',
    })
    expect(await page.getByText('wangge.demo').count()).toBe(0)
    await page.locator('input[type=email]').fill(city.WANGGE_ADMIN_EMAIL)
    await page.locator('input[type=password]').fill(city.WANGGE_ADMIN_PASSWORD)
    await page.locator('button[type=submit]').click()
    await page.waitForURL((target) => target.pathname !== '/sign-in')
    const steps = page.getByTestId('first-steps').first()
    await steps.waitFor(slow)
    for (const path of ['/overview', '/map']) {
      const before = await steps.elementHandle()
      await goInApp(page, path)
      await before!.waitForElementState('hidden')
      await steps.waitFor(slow)
      expect(new URL(page.url()).pathname).toBe(path)
    }
    expect(problems).toEqual([])
    await context.close()
  })
})
