import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Browser, Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newDataDir, startAppServer, type AppServer } from '../kit/app-server.ts'
import { flowBrowser } from '../kit/flow-browser.ts'
import { comeBackToTab, goInApp, openPage } from '../kit/session.ts'
import { slow } from '../kit/patience.ts'
import { zoneWithNoon } from '../kit/zone-with-noon.ts'

const run = promisify(execFile)
const city = {
  WANGGE_CITY_NAME: '旧金山',
  WANGGE_CITY_LOCALE: 'zh-CN',
  // the notice of a new street map is held back at night
  WANGGE_CITY_TIME_ZONE: zoneWithNoon(new Date()),
  // where the basemap that comes with the demo lies
  WANGGE_CITY_BBOX: '-122.52,37.70,-122.35,37.83',
  WANGGE_ADMIN_EMAIL: 'admin@example.org',
  WANGGE_ADMIN_PASSWORD: 'a-long-password-1',
}

describe('a city of one’s own, still empty', () => {
  let browser: Browser
  let server: AppServer
  let page: Page
  let problems: string[]
  beforeAll(async () => {
    server = await startAppServer({ dataDir: newDataDir(), args: ['--demo', 'none'], env: city })
    browser = await flowBrowser()
  })
  afterAll(async () => {
    await browser?.close()
    await server?.stop()
  })

  it('lets its first admin in and says how areas, incidents and people get there', async () => {
    ;({ page, problems } = await openPage(browser, {
      ...{ url: server.url, path: '/sign-in', locale: 'zh-CN' },
    }))
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
    // the map says that it has no streets, and a command beside the running server brings some
    const source = page.locator('.wangge-map-attribution').first()
    await expect.poll(() => source.innerText(), slow).toBe('无街道底图')
    const command = ['supabase/server/commands/basemap.ts', 'public/basemap/sf.pmtiles']
    const env = { ...process.env, DATA_DIR: server.dataDir }
    const { stdout } = await run(process.execPath, command, { env })
    expect(stdout).toContain('100.0 % of the city')
    // who has the app open is told, and loads it with one tap
    const prompt = page.getByTestId('update-prompt')
    await expect
      .poll(async () => {
        await comeBackToTab(page)
        return (await prompt.isVisible()) && (await prompt.innerText())
      }, slow)
      .toContain('街道底图')
    await prompt.getByRole('button', { name: '立即重新加载' }).click()
    await expect.poll(() => source.innerText(), slow).toContain('OpenStreetMap')
    expect(await prompt.count()).toBe(0)
    const config = (await fetch(`${server.url}/config.json`).then((answer) => answer.json())) as {
      city: { basemap: { url: string } }
    }
    const part = await fetch(server.url + config.city.basemap.url, {
      headers: { range: 'bytes=0-6' },
    })
    expect([part.status, await part.text()]).toEqual([206, 'PMTiles'])
    expect(problems).toEqual([])
  })

  it('says on the pages of satisfaction that incidents are missing, and how to bring them', async () => {
    const main = page.locator('main')
    const said = async (path: string, name: string): Promise<string> => {
      await goInApp(page, path)
      await main.getByRole('heading', { level: 1, name }).waitFor(slow)
      await main
        .locator('.animate-pulse')
        .first()
        .waitFor({ state: 'detached', ...slow })
      return main.innerText()
    }
    for (const [path, name] of [
      ['/satisfaction', '满意度'],
      ['/report', '月报'],
      ['/evaluations', '考核'],
    ] as const)
      for (const file of ['areas', 'incidents'])
        expect(await said(path, name), path).toContain(`npm run import -- ${file}`)
    // a survey of the whole city needs neither
    expect(await said('/surveys', '民意调查')).toContain('导入')
    expect(await said('/evaluations?board=departments', '考核')).toContain('公式')
    expect(await said('/callbacks', '回访')).toContain('抽取')
    // a screen on the wall is opened by its address
    await page.goto(`${server.url}/wall`)
    await expect.poll(() => page.getByTestId('wall-empty').innerText(), slow).toContain('还没有')
    expect(problems).toEqual([])
  })
})
