import { AxeBuilder } from '@axe-core/playwright'
import type { Browser } from 'playwright'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { apiClient, reportIncident } from '../support/api.ts'
import { launchChromium } from '../support/browser.ts'
import { applyCommand, detailOf } from '../support/commands.ts'
import { openPage } from '../support/session.ts'

const phone = { width: 390, height: 844, touch: true }

describe('my day', () => {
  const url = inject('appUrl')
  let browser: Browser
  beforeAll(async () => void (browser = await launchChromium()))
  afterAll(() => browser?.close())

  it('shows what a manager asks for until it is answered', async () => {
    const field = await apiClient(url, 'field')
    const id = await reportIncident(field)

    const manager = await openPage(browser, { url, role: 'manager', path: `/table?incident=${id}` })
    await manager.page.getByTestId('action-ask').click()
    await manager.page.getByTestId('note-form').locator('textarea').fill('Which door is it?')
    await manager.page.getByTestId('note-submit').click()
    await manager.page.getByTestId('log-asked').waitFor({ timeout: 30_000 })

    const { page, context, problems } = await openPage(browser, {
      url,
      role: 'field',
      path: '/my-day',
      ...phone,
    })
    const question = page.getByTestId('returned-asked').filter({ hasText: 'Which door is it?' })
    await question.waitFor({ timeout: 30_000 })
    await question.getByTestId('answer').click()
    await question.locator('textarea').fill('The green one')
    await question.getByTestId('note-submit').click()
    await question.waitFor({ state: 'detached' })
    await expect
      .poll(async () => (await detailOf(field, id)).log.map(({ note }) => note), {
        timeout: 30_000,
      })
      .toContain('The green one')
    await page.reload()
    await page.getByTestId('open-item').first().waitFor({ timeout: 30_000 })
    expect(await question.count()).toBe(0)
    expect(problems).toEqual([])
    expect(manager.problems).toEqual([])
    await context.close()
    await manager.context.close()
  })

  it('lists open reports with today on a map, nearest first once the position is known', async () => {
    const field = await apiClient(url, 'field')
    await reportIncident(field)
    const { page, context } = await openPage(browser, {
      url,
      role: 'field',
      path: '/my-day',
      ...phone,
    })
    await page.getByTestId('open-item').first().waitFor({ timeout: 30_000 })
    await page.getByTestId('today-map').locator('canvas').waitFor({ timeout: 30_000 })
    expect(await page.getByTestId('today-pin').count()).toBeGreaterThan(0)
    await context.grantPermissions(['geolocation'])
    await context.setGeolocation({ longitude: -122.4194, latitude: 37.76 })
    await page.getByTestId('locate').click()
    await expect
      .poll(() => page.getByTestId('open-item').first().innerText(), { timeout: 30_000 })
      .toMatch(/\d m\b/)
    await context.close()
  })

  it('opens without a network from what this device kept, and says as of when', async () => {
    const field = await apiClient(url, 'field')
    await reportIncident(field)
    const { page, context } = await openPage(browser, {
      url,
      role: 'field',
      path: '/my-day',
      ...phone,
    })
    await page.getByTestId('open-item').first().waitFor({ timeout: 30_000 })
    const shown = await page.getByTestId('open-item').count()
    await page.evaluate(() => navigator.serviceWorker.ready.then(() => null))
    await page.reload()
    await page.getByTestId('open-item').first().waitFor({ timeout: 30_000 })
    await context.setOffline(true)
    await page.reload()
    await page.getByTestId('not-fresh').waitFor({ timeout: 30_000 })
    await page.getByTestId('as-of').waitFor()
    expect(await page.getByTestId('open-item').count()).toBe(shown)
    await context.close()
  })

  for (const theme of ['light', 'dark'] as const)
    for (const locale of ['en', 'zh-CN'] as const)
      it(`axe finds nothing, ${theme}, ${locale}, and nothing scrolls sideways at 360`, async () => {
        const manager = await apiClient(url, 'manager')
        const id = await reportIncident(await apiClient(url, 'field'))
        await applyCommand(manager, 'add_note', { incidentId: id, note: 'Where?', asks: true })
        const { page, context, problems } = await openPage(browser, {
          url,
          role: 'field',
          path: '/my-day',
          theme,
          locale,
          ...phone,
        })
        await page.getByTestId('returned-asked').first().waitFor({ timeout: 30_000 })
        await page.getByTestId('answer').first().click()
        await page.getByTestId('today-map').locator('canvas').waitFor({ timeout: 30_000 })
        await page.waitForTimeout(500)
        const { violations } = await new AxeBuilder({ page }).analyze()
        expect(violations.map((v) => `${v.id}: ${v.nodes[0]?.target.join(' ')}`)).toEqual([])
        await page.setViewportSize({ width: 360, height: 740 })
        const overflow = await page.evaluate(
          () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
        )
        expect(overflow).toBe(0)
        expect(problems).toEqual([])
        if (process.env.SHOTS)
          await page.screenshot({ path: `${process.env.SHOTS}/my-day-${locale}-${theme}.png` })
        await context.close()
      })
})
