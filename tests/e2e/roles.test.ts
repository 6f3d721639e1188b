import type { Browser, Locator } from 'playwright'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import zhAccount from '../../src/locales/zh-CN/account.json' with { type: 'json' }
import zh from '../../src/locales/zh-CN/app.json' with { type: 'json' }
import { pages, type PageName } from '../../src/domain/pages.ts'
import { flowBrowser } from '../kit/flow-browser.ts'
import { oracleRows, wholeYear } from '../kit/oracle.ts'
import { sidewaysOverflow } from '../kit/overflow.ts'
import { chooseLanguage, goInApp, openPage, shownCount, type DemoRole } from '../kit/session.ts'
import { slow } from '../kit/patience.ts'

const all = oracleRows(inject('demoWeeks'))
const { from, to, link: year } = wholeYear(all)
const rows = all.filter((row) => row.day >= from && row.day <= to)
const mission = rows.filter((row) => row.communityCode === 'SF-N-19')

/** Element that a page shows on a phone once its data came. */
const filledBy: Partial<Record<PageName, string>> = {
  home: '[data-testid=home-open]',
  work: '[data-testid=work-card]',
  map: '[data-testid=total-count]',
  table: '[data-testid=list-row]',
  overview: '[data-testid=chart-flow] svg',
}

describe('each role signs in and sees its own', () => {
  const url = inject('appUrl')
  let browser: Browser
  beforeAll(async () => void (browser = await flowBrowser()))
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

  it('handler: a wrong password is refused with a reason, the address kept; the right one shows what is given to the department, and nothing else', async () => {
    const next = encodeURIComponent(`/table?${year}`)
    const { page, context } = await openPage(browser, {
      url,
      path: `/sign-in?next=${next}`,
      webGl: false,
    })
    const [email, password] = ['email', 'password'].map((type) =>
      page.locator(`input[type=${type}]`),
    ) as [Locator, Locator]
    await email.fill('handler@wangge.demo')
    await password.fill('wrong-password')
    await page.locator('button[type=submit]').click()
    await page.getByTestId('sign-in-error').waitFor()
    expect(await email.inputValue()).toBe('handler@wangge.demo')
    await password.fill('wangge-demo')
    await page.locator('button[type=submit]').click()
    await page.waitForURL((target) => target.pathname === '/table')

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
    const shown = pages.filter(({ name, bars }) => bars?.desk || name === 'account')
    for (const [index, { name, path }] of shown.entries()) {
      if (index > 0) await goInApp(page, path)
      await page
        .locator(filledBy[name] ?? 'main h1')
        .first()
        .waitFor(slow)
      expect(await page.locator('html').getAttribute('lang')).toBe('zh-CN')
      expect([path, ...(await sidewaysOverflow(page))]).toEqual([path])
    }
    expect(problems).toEqual([])
    await context.close()
  })

  it('keeps the language and the theme that were chosen over a reload; signing out forgets who one was', async () => {
    const { page, context } = await openPage(browser, {
      ...{ url, role: 'leader', path: '/account', ownSession: true },
    })
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

    const leave = page.locator('main').getByRole('button', { name: zhAccount.signOut, exact: true })
    await leave.click()
    await page.waitForURL((target) => target.pathname === '/sign-in')
    // a page opened again asks to sign in
    await page.goto(`${url}/overview`)
    await page.waitForURL((target) => target.pathname === '/sign-in')
    await context.close()
  })
})
