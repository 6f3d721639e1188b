import type { Browser, Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { openDatabase } from '../../supabase/server/backend/open-database.ts'
import type { Database } from '../../supabase/server/base/database-types.ts'
import { permitWorkflow } from '../fixtures/permit-workflow.ts'
import { apiClient, reportIncident } from '../kit/api.ts'
import { flowBrowser } from '../kit/flow-browser.ts'
import { holdClock, passHold } from '../kit/held-steps.ts'
import { slower } from '../kit/patience.ts'
import { comeBackToTab, incidentInTable, openPage, type DemoRole } from '../kit/session.ts'

describe('a city’s own workflow', () => {
  const url = inject('appUrl')
  let browser: Browser
  let db: Database
  beforeAll(async () => {
    db = await openDatabase({ DATA_DIR: inject('dataDir') }, 'a browser test')
    await db.transaction((tx) => tx.exec(permitWorkflow))
    browser = await flowBrowser()
  })
  afterAll(async () => {
    await browser?.close()
    await db?.exec(
      `update public.categories set workflow_code = 'service' where code = 'volunteering'`,
    )
    await db?.close()
  })

  it('is driven through the page as it stands in its rows, two approvals side by side', async () => {
    const reporter = await apiClient(url, 'field')
    const id = await reportIncident(reporter, undefined, 'volunteering')
    const open = (role: DemoRole, locale: 'en' | 'zh-CN' = 'en') =>
      openPage(browser, {
        ...{ url, role, path: incidentInTable(id), locale, webGl: false, before: holdClock },
      })

    const manager = await open('manager')
    await take(manager.page, 'accept')
    const leader = await open('leader', 'zh-CN')
    await leader.page.getByTestId('step-police_agrees').filter({ hasText: '公安同意' }).click()
    const form = leader.page.getByTestId('step-form-police_agrees')
    const guests = form.getByRole('spinbutton', { name: '人数' })
    await guests.fill('5001')
    await form.getByTestId('step-submit').click()
    expect(await guests.getAttribute('aria-invalid')).toBe('true')
    await guests.fill('40')
    await form.getByTestId('step-submit').click()
    await passHold(leader.page, keptIn(leader.page, 'police_agrees'))
    await entryOf(leader.page, 'police_agrees').filter({ hasText: '40' }).waitFor(slower)
    expect(await leader.page.getByTestId('step-police_agrees').count()).toBe(0)
    // the other half is another person's
    const admin = await open('admin')
    await take(admin.page, 'fire_agrees')
    const field = await open('field')
    await take(field.page, 'took_place')
    await take(manager.page, 'settle')
    const steps = await manager.page
      .getByTestId('log-transition')
      .evaluateAll((entries) => entries.map((entry) => entry.getAttribute('data-step')))
    expect(steps).toEqual(['accept', 'police_agrees', 'fire_agrees', 'took_place', 'settle'])
    expect(await manager.page.locator('[data-testid^=step-]').count()).toBe(0)
    for (const { problems, context } of [manager, leader, admin, field]) {
      expect(problems).toEqual([])
      await context.close()
    }
  })
})

const entryOf = (page: Page, step: string) =>
  page.locator(`[data-testid=log-transition][data-step=${step}]`)
/** The step in the log, on its way to the server or there. */
const keptIn = (page: Page, step: string) => page.getByTestId('log-pending').or(entryOf(page, step))

/** Takes a step without fields, and waits until the server's log has it. */
async function take(page: Page, step: string): Promise<void> {
  const button = page.getByTestId(`step-${step}`)
  const isOffered = async (): Promise<boolean> => {
    await comeBackToTab(page)
    return (await button.isVisible()) && (await button.isEnabled())
  }
  await expect.poll(isOffered, { ...slower, interval: 500 }).toBe(true)
  await button.click()
  const submit = page.getByTestId(`step-form-${step}`).getByTestId('step-submit')
  await submit.click()
  await passHold(page, keptIn(page, step))
  await entryOf(page, step).waitFor(slower)
}
