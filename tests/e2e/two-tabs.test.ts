import type { Browser, BrowserContext, Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { flowBrowser } from '../kit/flow-browser.ts'
import {
  allMonthsLoaded,
  askTwice,
  goInApp,
  openPage,
  shownCount,
  type DemoRole,
} from '../kit/session.ts'
import { slow } from '../kit/patience.ts'
import { withoutWebGl } from '../kit/without-webgl.ts'
import { routeWhileOpen } from '../kit/route-while-open.ts'

const path = '/overview?from=all'

describe('two tabs of one browser', () => {
  const url = inject('appUrl')
  let browser: Browser
  let context: BrowserContext
  let first: Page
  let second: Page
  /** Totals that the manager and the leader are shown. */
  let managers: number
  let leaders: number

  async function signIn(page: Page, role: DemoRole): Promise<void> {
    await page.locator('input[type=email]').fill(`${role}@wangge.demo`)
    await page.locator('input[type=password]').fill('wangge-demo')
    await page.locator('button[type=submit]').click()
    await page.waitForURL((target) => target.pathname === '/overview')
  }
  async function settledTotal(page: Page): Promise<number> {
    await allMonthsLoaded(page)
    return shownCount(page, 'total-count')
  }
  const isSignIn = (page: Page) => page.waitForURL((target) => target.pathname === '/sign-in', slow)

  beforeAll(async () => {
    browser = await flowBrowser()
    const signInPath = `/sign-in?next=${encodeURIComponent(path)}`
    const opened = await openPage(browser, { url, path: signInPath })
    context = opened.context
    first = opened.page
    second = await context.newPage()
    await second.goto(url + signInPath)
    await second.locator('form').waitFor()
  })
  afterAll(() => browser?.close())

  it('another user who signs in in one takes over the other, which shows nothing of the first meanwhile', async () => {
    await signIn(first, 'manager')
    managers = await settledTotal(first)

    let answer = (): void => {}
    const mayAnswer = new Promise<void>((resolve) => (answer = resolve))
    await routeWhileOpen(first, '**/rpc/session_context', async (route) => {
      await mayAnswer
      await route.continue()
    })
    await signIn(second, 'leader')
    leaders = await settledTotal(second)
    expect(leaders).toBeGreaterThan(managers)

    await expect.poll(() => first.getByTestId('total-count').count(), slow).toBe(0)
    expect(await first.locator('body').innerText()).not.toContain('manager@wangge.demo')
    answer()
    await first.getByTestId('total-count').waitFor(slow)
    await first.unroute('**/rpc/session_context')
    // what the first one had chosen went with them
    await expect.poll(() => first.url()).not.toContain('from=all')
    await first.getByTestId('user-menu').click()
    await first.getByText('leader@wangge.demo').waitFor()
    await first.goto(url + path)
    expect(await settledTotal(first)).toBe(leaders)
  })

  it('a filter in one leaves the other as it is', async () => {
    const before = second.url()
    await first.locator('main').getByRole('checkbox').click()
    await expect.poll(() => first.url()).toContain('open=')
    await expect.poll(() => shownCount(first, 'total-count')).toBeLessThan(leaders)
    await askTwice(second, 'requestfinished')
    expect(await shownCount(second, 'total-count')).toBe(leaders)
    expect(second.url()).toBe(before)
  })

  it('signing out in one signs the other out, which then leaves the next session alone', async () => {
    await first.getByTestId('user-menu').click()
    await first.getByRole('menuitem', { name: 'Sign out', exact: true }).click()
    await Promise.all([isSignIn(first), isSignIn(second)])
    expect(await second.getByTestId('total-count').count()).toBe(0)

    await first.goto(`${url}/sign-in?next=${encodeURIComponent(path)}`)
    await signIn(first, 'manager')
    expect(await settledTotal(first)).toBe(managers)
    await first.reload()
    expect(await settledTotal(first)).toBe(managers)
    // whoever opens the other one again is the manager too
    await second.goto(url + path)
    expect(await settledTotal(second)).toBe(managers)
    await context.close()
  })

  it('one draft in both: neither writes over the other, both are kept', async () => {
    const opened = await openPage(browser, { url, role: 'field', path: '/account' })
    await withoutWebGl(opened.page)
    await goInApp(opened.page, '/capture')
    const [one, other] = [opened.page, await opened.context.newPage()]
    const write = async (page: Page, text: string): Promise<void> => {
      await page.getByTestId('description').fill(text)
      await page.locator('[data-testid=save-status][data-state=saved]').waitFor()
    }
    await write(one, 'begun in one')
    await one.waitForURL(/draft=/)
    await other.goto(one.url())
    await expect.poll(() => other.getByTestId('description').inputValue()).toBe('begun in one')
    await write(other, 'gone on in the other')
    await write(one, 'gone on in the first')
    await one.getByTestId('draft-forked').waitFor()
    expect(await other.getByTestId('draft-forked').count()).toBe(0)
    await write(one, 'and finished there')
    expect(one.url()).not.toBe(other.url())
    for (const [page, text] of [
      [one, 'and finished there'],
      [other, 'gone on in the other'],
    ] as const) {
      await page.reload()
      await expect.poll(() => page.getByTestId('description').inputValue()).toBe(text)
    }
    await opened.context.close()
  })
})
