import { execFileSync } from 'node:child_process'
import type { Browser } from 'playwright'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { launchChromium } from '../kit/browser.ts'
import { openPage } from '../kit/session.ts'

describe('account', () => {
  const url = inject('appUrl')
  let browser: Browser
  beforeAll(async () => void (browser = await launchChromium()))
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

  it('lets a person added beside the running server change the password, and only the new one opens', async () => {
    const email = 'new.manager@example.org'
    execFileSync(
      process.execPath,
      [
        'supabase/server/commands/user.ts',
        'add',
        email,
        '--role',
        'grid_manager',
        '--area',
        'SF-N-19',
        '--name',
        'Grid manager 2',
        '--password',
        'first-password-1',
      ],
      { env: { ...process.env, DATA_DIR: inject('dataDir') } },
    )
    const { page, context, problems } = await openPage(browser, {
      url,
      path: '/sign-in?next=/account',
    })
    const signIn = async (password: string): Promise<void> => {
      await page.locator('input[type=email]').fill(email)
      await page.locator('input[type=password]').fill(password)
      await page.locator('button[type=submit]').click()
    }
    await signIn('first-password-1')
    await page.waitForURL((target) => target.pathname === '/account')
    const fields = page.locator('main input[type=password]')
    await fields.nth(2).waitFor()
    await fields.nth(0).fill('first-password-1')
    await fields.nth(1).fill('second-password-2')
    await fields.nth(2).fill('second-password-2')
    await page.locator('main button[type=submit]').click()
    await page.getByText('changed', { exact: false }).first().waitFor()
    await page.locator('main').getByRole('button', { name: 'Sign out' }).click()
    await page.waitForURL((target) => target.pathname === '/sign-in')
    expect(problems).toEqual([])
    await signIn('first-password-1')
    await page.getByTestId('sign-in-error').waitFor()
    await signIn('second-password-2')
    await page.waitForURL((target) => target.pathname !== '/sign-in')
    await context.close()
  })
})
