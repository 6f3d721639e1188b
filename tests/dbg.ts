import { apiClient, call } from './kit/api.ts'
import { startAppServer } from './kit/app-server.ts'
import { launchChromium } from './kit/browser.ts'
import { openPage } from './kit/session.ts'
const server = await startAppServer()
const browser = await launchChromium()
const out = '/tmp/shots'
const { mkdirSync } = await import('node:fs')
mkdirSync(out, { recursive: true })
try {
  const admin = await apiClient(server.url, 'leader')
  const sheet = await call<any>(admin, 'callback_sheet')
  console.log('draws', sheet.draws.length, 'asks', sheet.asks.length)
  const field = await apiClient(server.url, 'field')
  const rows = (await call<any>(field, 'callback_sheet')).rows
  console.log('field rows', rows.length)
  const months = await call<any>(admin, 'rating_months', { p_cursor: null })
  console.log(JSON.stringify(months.months))
  const cols = await call<any>(admin, 'rating_columns', { p_months: months.months.map((m: any) => m.month) })
  console.log(cols.reduce((s: number, c: any) => s + c.count, 0), JSON.stringify(cols).length)
  for (const [role, locale, theme, width] of [
    ['field', 'en', 'light', 390], ['field', 'zh-CN', 'dark', 390], ['manager', 'en', 'light', 1440], ['manager', 'zh-CN', 'dark', 1440],
  ] as const) {
    const { page, problems, context } = await openPage(browser, { url: server.url, role, path: '/callbacks', locale, theme, width, height: width === 390 ? 844 : 1000, webGl: false, touch: width === 390 })
    await page.getByTestId('calls').waitFor()
    await page.waitForTimeout(3000)
    await page.screenshot({ path: `${out}/${role}-${locale}-${theme}.png`, fullPage: true })
    const open = page.getByTestId('call-open')
    if (await open.count()) {
      await open.first().click()
      await page.getByTestId('call-form').scrollIntoViewIfNeeded()
      await page.waitForTimeout(500)
      await page.screenshot({ path: `${out}/${role}-${locale}-${theme}-open.png`, fullPage: true })
    }
    if (role === 'manager') {
      await page.getByTestId('draw-new').click()
      await page.getByTestId('draw-form').waitFor()
      await page.waitForTimeout(800)
      await page.screenshot({ path: `${out}/${role}-${locale}-${theme}-form.png` })
      await page.keyboard.press('Escape')
      if (sheet.asks[0]) {
        await page.goto(`${server.url}/incidents/${sheet.asks[0].incidentId}`)
        await page.getByTestId('feedback').waitFor().catch(() => console.log('no feedback'))
        await page.waitForTimeout(1500)
        await page.screenshot({ path: `${out}/incident-${locale}-${theme}.png`, fullPage: true })
      }
    }
    console.log(role, locale, problems)
    await context.close()
  }
} finally {
  await browser.close()
  await server.stop()
}
