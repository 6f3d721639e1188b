import type { Browser } from 'playwright'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import zh from '../../src/locales/zh-CN/app.json' with { type: 'json' }
import { pages } from '../../src/domain/pages.ts'
import { launchChromium } from '../kit/browser.ts'
import { oracleRows, wholeYear } from '../kit/oracle.ts'
import { sidewaysOverflow } from '../kit/overflow.ts'
import { chooseLanguage, openPage, shownCount, type DemoRole } from '../kit/session.ts'
import { slow } from '../kit/patience.ts'

const all = oracleRows(inject('demoWeeks'))
const { from, to, link: year } = wholeYear(all)
const rows = all.filter((row) => row.day >= from && row.day <= to)
const mission = rows.filter((row) => row.communityCode === 'SF-N-19')

describe('each role signs in and sees its own', () => {
  const url = inject('appUrl')
  let browser: Browser
  beforeAll(async () => void (browser = await launchChromium()))
  afterAll(() => browser?.close())

  const scopes: [DemoRole, number][] = [
    ['admin', rows.length],
    ['leader', rows.length],
    ['manager', mission.length],
    ['field', mission.length],
  ]
  for (const [role, count] of scopes) {
    it(`${role}: ${count} incidents in the table`, async () => {
      const { page, context, problems } = await openPage(browser, {
        url,
        role,
        byForm: true,
        path: `/table?${year}`,
        webGl: false,
      })
      await expect.poll(() => shownCount(page, 'total-count').catch(() => -1), slow).toBe(count)
      // anywhere in the row, not on its button alone
      const row = page.locator('tr', { has: page.getByTestId('list-row') }).first()
      await row.locator('td').last().click()
      await page.getByTestId('incident-detail').waitFor(slow)
      expect(problems).toEqual([])
      await context.close()
    })
  }

  it('handler: what is given to the department, and nothing else', async () => {
    const { page, context } = await openPage(browser, {
      url,
      role: 'handler',
      byForm: true,
      path: `/table?${year}`,
      webGl: false,
    })
    const given = rows.filter(({ department }) => department === 'public_works')
    expect(given.length).toBeGreaterThan(0)
    expect(given.length).toBeLessThan(rows.length)
    await expect
      .poll(() => shownCount(page, 'total-count').catch(() => -1), slow)
      .toBe(given.length)
    // who notes and adds photos has an outbox, and sees what became of it
    await page.getByTestId('sync-badge').waitFor()
    await context.close()
  })

  it('a wrong password is refused with a reason, the address kept', async () => {
    const { page, context } = await openPage(browser, { url, path: '/sign-in' })
    await page.locator('input[type=email]').fill('nobody@wangge.demo')
    await page.locator('input[type=password]').fill('wrong-password')
    await page.locator('button[type=submit]').click()
    await page.getByTestId('sign-in-error').waitFor()
    expect(await page.locator('input[type=email]').inputValue()).toBe('nobody@wangge.demo')
    await context.close()
  })

  it('signing out forgets: a page opened again asks to sign in', async () => {
    const { page, context } = await openPage(browser, {
      ...{ url, role: 'leader', path: '/account', ownSession: true },
    })
    await page.locator('main h1').waitFor()
    await page.locator('main').getByRole('button', { name: 'Sign out', exact: true }).click()
    await page.waitForURL((target) => target.pathname === '/sign-in')
    await page.goto(`${url}/overview`)
    await page.waitForURL((target) => target.pathname === '/sign-in')
    await context.close()
  })

  it('works in Chinese on a phone, without sideways scrolling', async () => {
    const { page, context, problems } = await openPage(browser, {
      url,
      role: 'manager',
      locale: 'zh-CN',
      width: 360,
      height: 740,
      touch: true,
      streets: false,
    })
    for (const { path } of pages.filter(({ name, bars }) => bars?.desk || name === 'account')) {
      await page.goto(url + path)
      await page
        .locator('main h1')
        .first()
        .waitFor({ state: 'attached', ...slow })
      await page.waitForLoadState('networkidle')
      expect(await page.locator('html').getAttribute('lang')).toBe('zh-CN')
      expect([path, ...(await sidewaysOverflow(page))]).toEqual([path])
    }
    expect(problems).toEqual([])
    await context.close()
  })

  it('keeps the language and the theme that were chosen over a reload', async () => {
    const { page, context } = await openPage(browser, { url, role: 'leader', path: '/account' })
    await page.locator('main h1').waitFor()
    await chooseLanguage(page, 'zh-CN')
    await page.getByTestId('theme').click()
    await page.getByRole('menuitemcheckbox', { name: zh.theme.dark }).click()
    const chosen = page.locator('html[lang=zh-CN].dark')
    await chosen.waitFor({ state: 'attached' })
    await page.getByRole('link', { name: zh.nav.overview }).first().waitFor()
    await page.reload()
    await chosen.waitFor({ state: 'attached' })
    await page.getByRole('link', { name: zh.nav.overview }).first().waitFor()
    await context.close()
  })
})
