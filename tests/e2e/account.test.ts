import { execFileSync } from 'node:child_process'
import type { SupabaseClient } from '@supabase/supabase-js'
import type { Browser, Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { signedInClient } from '../kit/api.ts'
import { flowBrowser } from '../kit/flow-browser.ts'
import { openPage } from '../kit/session.ts'

describe('account', () => {
  const url = inject('appUrl')
  let browser: Browser
  beforeAll(async () => void (browser = await flowBrowser()))
  afterAll(() => browser?.close())

  it('shows who one is and refuses to change the password of a shared demo account', async () => {
    const { page, context } = await openPage(browser, { url, role: 'manager', path: '/account' })
    await page.locator('main h1').waitFor()
    const text = await page.locator('main').innerText()
    expect(text).toContain('manager@wangge.demo')
    expect(text).toContain('Mission')
    expect(await page.locator('main input[type=password]').count()).toBe(0)
    await context.close()
  })

  /** Adds a person beside the running server. */
  function addManager(email: string, password: string): void {
    const account = ['add', email, '--name', 'Grid manager 2', '--password', password]
    const role = ['--role', 'grid_manager', '--area', 'SF-N-19']
    execFileSync(process.execPath, ['supabase/server/commands/user.ts', ...account, ...role], {
      env: { ...process.env, DATA_DIR: inject('dataDir') },
    })
  }
  async function signIn(page: Page, email: string, password: string): Promise<void> {
    await page.locator('input[type=email]').fill(email)
    await page.locator('input[type=password]').fill(password)
    await page.locator('button[type=submit]').click()
  }
  async function openAccount(email: string, password: string) {
    const opened = await openPage(browser, { url, path: '/sign-in?next=/account' })
    await signIn(opened.page, email, password)
    await opened.page.waitForURL((target) => target.pathname === '/account')
    return opened
  }
  /** Neither what it holds of its session nor a renewal opens anything. */
  async function expectOut(device: SupabaseClient): Promise<void> {
    expect((await device.rpc('session_context')).error).not.toBeNull()
    expect((await device.auth.refreshSession()).error).not.toBeNull()
  }
  const first = 'umbrella tractor violin'
  const second = 'seven lanterns over granite'

  it('changes the password: the rule is told, other devices are out, only the new one opens', async () => {
    const email = 'new.manager@example.org'
    addManager(email, first)
    const elsewhere = await signedInClient(url, email, first)
    const { page, context, problems } = await openAccount(email, first)
    const fields = page.locator('main input[type=password]')
    await fields.nth(2).waitFor()
    await fields.nth(0).fill('not this one')
    await fields.nth(1).fill('password123')
    await fields.nth(1).blur()
    await page.getByText('easy to guess').waitFor()
    await fields.nth(1).fill(second)
    await page.getByText('easy to guess').waitFor({ state: 'detached' })
    await fields.nth(2).fill(second)
    const save = page.locator('main button[type=submit]')
    await save.click()
    await page.getByText('not your current password').waitFor()
    // the browser's own line about the 422
    expect(problems.splice(0).filter((line) => !line.includes('422'))).toEqual([])
    await fields.nth(0).fill(first)
    await save.click()
    await page.getByText('Your password is changed').first().waitFor()
    await expect.poll(() => page.getByTestId('own-sessions').locator('li').count()).toBe(1)

    await expectOut(elsewhere)

    const out = page.locator('main').getByRole('button', { name: 'Sign out', exact: true })
    await out.first().click()
    await page.waitForURL((target) => target.pathname === '/sign-in')
    expect(problems).toEqual([])
    await signIn(page, email, first)
    await page.getByTestId('sign-in-error').waitFor()
    await signIn(page, email, second)
    await page.waitForURL((target) => target.pathname !== '/sign-in')
    await context.close()
  })

  it('lists where one is signed in, ends one session, and all of them', async () => {
    const email = 'three.devices@example.org'
    addManager(email, first)
    const one = await signedInClient(url, email, first)
    const two = await openAccount(email, first)
    const three = await openAccount(email, first)
    const rows = three.page.getByTestId('own-sessions').locator('li')
    await expect.poll(() => rows.count()).toBe(3)
    expect(await rows.first().innerText()).toMatch(/Chrome on Linux\s+This device/)
    await rows.last().getByRole('button').click()
    await expect.poll(() => rows.count()).toBe(2)
    await expectOut(one)
    await two.page.reload()
    await expect.poll(() => two.page.getByTestId('own-sessions').locator('li').count()).toBe(2)
    await three.page.getByRole('button', { name: 'Sign out everywhere' }).click()
    await three.page.waitForURL((target) => target.pathname === '/sign-in')
    await two.page.reload()
    await two.page.waitForURL((target) => target.pathname === '/sign-in')
    for (const { context } of [two, three]) await context.close()
  })
})
