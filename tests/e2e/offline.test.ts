import type { Browser, Page, Request } from 'playwright'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import en from '../../src/locales/en/app.json' with { type: 'json' }
import zh from '../../src/locales/zh-CN/app.json' with { type: 'json' }
import { apiClient, applyCommand, call, reportIncident } from '../kit/api.ts'
import { axeProblems } from '../kit/axe.ts'
import { flowBrowser } from '../kit/flow-browser.ts'
import { allMonthsLoaded, askTwice, openPage, shownCount } from '../kit/session.ts'
import { keptValues } from '../kit/kept-value.ts'
import { returnNetwork } from '../kit/network.ts'
import { slow, slower } from '../kit/patience.ts'

const within30Seconds = { ...slow, interval: 250 }

async function settledCounts(page: Page): Promise<Record<string, number>> {
  await allMonthsLoaded(page)
  return counts(page)
}
/** All that is counted on the page. */
async function counts(page: Page): Promise<Record<string, number>> {
  const named = ['total-count', 'open-count', 'closed-count'].map(
    async (name) => [name, await shownCount(page, name)] as const,
  )
  return Object.fromEntries(await Promise.all(named))
}

const isList = (request: Request): boolean => request.url().endsWith('/incident_list')

describe('without a network', () => {
  const url = inject('appUrl')
  let browser: Browser
  beforeAll(async () => void (browser = await flowBrowser()))
  afterAll(() => browser?.close())

  it('the map page says so, keeps what it shows, filters on, and catches up by itself', async () => {
    const { page, context } = await openPage(browser, {
      url,
      role: 'manager',
      path: '/map?from=all',
      webGl: false,
    })
    const before = await settledCounts(page)
    expect(before['open-count']).toBeGreaterThan(0)
    expect(before['closed-count']).toBeGreaterThan(0)
    await page.getByTestId('list-row').first().waitFor()
    const banner = page.getByText(en.offline)
    expect(await banner.count()).toBe(0)

    await context.setOffline(true)
    await banner.waitFor(slow)
    await askTwice(page, 'requestfailed')
    expect(await counts(page)).toEqual(before)
    expect(await page.getByTestId('list-row').count()).toBeGreaterThan(0)

    // the columns answer a filter without anybody's help; the list cannot
    const openOnly = page.getByTestId('open-only')
    await Promise.all([page.waitForEvent('requestfailed', isList), openOnly.click()])
    await expect.poll(() => shownCount(page, 'total-count'), slow).toBe(before['open-count'])
    expect(await shownCount(page, 'closed-count')).toBe(0)
    const listFailed = page
      .getByRole('region', { name: 'Incidents' })
      .getByRole('button', { name: 'Try again' })
    await listFailed.waitFor()

    // nothing changed meanwhile, and yet the list must come
    await returnNetwork(context)
    await banner.waitFor({ state: 'detached', ...slow })
    await listFailed.waitFor({ state: 'detached', ...slow })
    await page.getByTestId('list-row').first().waitFor()

    await context.setOffline(true)
    await banner.waitFor(slow)
    await reportIncident(await apiClient(url, 'field'))
    expect(await shownCount(page, 'total-count')).toBe(before['open-count'])
    await returnNetwork(context)
    await expect
      .poll(() => shownCount(page, 'total-count'), within30Seconds)
      .toBe(before['open-count']! + 1)
    await openOnly.click()
    await expect
      .poll(() => counts(page), within30Seconds)
      .toEqual({
        'total-count': before['total-count']! + 1,
        'open-count': before['open-count']! + 1,
        'closed-count': before['closed-count'],
      })
    expect(await banner.count()).toBe(0)
    await context.close()
  })

  it('the overview too, in Chinese', async () => {
    const { page, context } = await openPage(browser, {
      url,
      role: 'leader',
      path: '/overview?from=all',
      locale: 'zh-CN',
    })
    const before = await settledCounts(page)
    await page.locator('[data-testid=chart-flow] svg').first().waitFor()
    const banner = page.getByText(zh.offline)
    expect(await banner.count()).toBe(0)

    await context.setOffline(true)
    await banner.waitFor(slow)
    await askTwice(page, 'requestfailed')
    expect(await counts(page)).toEqual(before)
    const openOnly = page.locator('main').getByRole('checkbox')
    await openOnly.click()
    await expect.poll(() => shownCount(page, 'total-count'), slow).toBe(before['open-count'])

    await reportIncident(await apiClient(url, 'field'))
    await returnNetwork(context)
    await banner.waitFor({ state: 'detached', ...slow })
    await expect
      .poll(() => shownCount(page, 'total-count'), within30Seconds)
      .toBe(before['open-count']! + 1)
    await context.close()
  })

  it('the page of work starts cold, lets steps wait, and shows who was faster', async () => {
    const admin = await apiClient(url, 'admin')
    const { rows } = await call<{ rows: { id: string; version: number; steps: string[] }[] }>(
      await apiClient(url, 'manager'),
      'work_queue',
      { p_queue: 'to_file', p_filter: {}, p_after: null, p_limit: 50 },
    )
    const [mine, theirs] = rows.filter(({ steps }) => steps.includes('reject'))
    const { page, context, problems } = await openPage(browser, {
      ...{ url, role: 'manager', path: '/work?queue=to_file', serviceWorker: true },
      ...{ streets: false, webGl: false },
    })
    const rowOn = (on: Page, id: string) => on.locator(`tr[data-row="${id}"]`)
    await rowOn(page, theirs!.id).waitFor(slow)
    const keptText = async () => JSON.stringify(await keptValues(page, 'seen:work:to_file:'))
    await expect.poll(keptText, slow).toContain(theirs!.id)
    await page.evaluate(() => navigator.serviceWorker.ready.then(() => null))
    await context.setOffline(true)

    // The first page stays open: without any, the test driver holds back the service worker.
    const cold = await context.newPage()
    await cold.goto(`${url}/work?queue=to_file`)
    await cold.getByTestId('work-kept').waitFor(slow)
    await expect.poll(() => cold.getByTestId('work-row').count(), slow).toBe(rows.length)
    expect(await axeProblems(cold, ['light', 'dark'])).toEqual([])
    for (const { id } of [mine!, theirs!]) {
      await rowOn(cold, id).getByTestId('row-steps').click()
      await cold.getByRole('menuitem', { name: 'Reject' }).click()
      const dialog = cold.getByTestId('step-dialog')
      await dialog.getByTestId('step-kept').waitFor(slow)
      await dialog.getByTestId('step-text').fill('Nothing to see')
      await dialog.getByTestId('step-submit').click()
      await dialog.waitFor({ state: 'detached' })
      await rowOn(cold, id).getByTestId('tag-underway').waitFor(slow)
    }
    if (process.env.SHOTS) await cold.screenshot({ path: `${process.env.SHOTS}/work-offline.png` })

    const detailOf = (id: string) =>
      call<{ incident: { stage: string } }>(admin, 'incident_detail', { p_id: id })
    await applyCommand(admin, 'transition', {
      ...{ incidentId: theirs!.id, baseVersion: theirs!.version },
      ...{ name: 'reject', note: 'Somebody was faster' },
    })
    await returnNetwork(context)
    await expect
      .poll(async () => (await detailOf(mine!.id)).incident.stage, slower)
      .toBe('rejected')
    await cold.getByTestId('work-kept').waitFor({ state: 'detached', ...slower })
    await rowOn(cold, mine!.id).waitFor({ state: 'detached', ...slower })
    const stuck = cold.getByTestId('work-stuck')
    await stuck.waitFor(slower)
    if (process.env.SHOTS) await cold.screenshot({ path: `${process.env.SHOTS}/work-stuck.png` })
    await stuck.getByTestId('work-decide').click()
    const conflict = cold.getByTestId('step-conflict')
    await conflict.locator('[data-step=reject]').waitFor(slow)
    expect(await conflict.innerText()).toContain('Somebody was faster')
    expect(problems.filter((one) => !one.includes('ERR_INTERNET_DISCONNECTED'))).toEqual([])
    await context.close()
  })
})
