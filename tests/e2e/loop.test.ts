import type { Browser, Locator, Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { jpegFile } from '../fixtures/photo-files.ts'
import { apiClient, applyCommand, call, reportIncident } from '../kit/api.ts'
import { axeProblems } from '../kit/axe.ts'
import { flowBrowser } from '../kit/flow-browser.ts'
import { sidewaysOverflow } from '../kit/overflow.ts'
import { holdClock, passHold } from '../kit/held-steps.ts'
import { comeBackToTab, goInApp, incidentInTable, openPage, type OpenPage } from '../kit/session.ts'
import { returnNetwork } from '../kit/network.ts'
import { slow, slower } from '../kit/patience.ts'
import { sendReport } from '../kit/send-report.ts'

const phone = { width: 390, height: 844, touch: true }
/** Reports of two weeks, some of the demo's among them: a hundred older rows would be drawn anew with each step. */
const latest = `from=${new Date(Date.now() - 14 * 86_400_000).toISOString().slice(0, 10)}&to=2099-12-31`
const photo = (seed: number) => ({
  name: `photo-${seed}.jpg`,
  mimeType: 'image/jpeg',
  buffer: Buffer.from(jpegFile({ width: 64, height: 48, seed })),
})
const logged = (page: Page, step: string): Locator =>
  page.locator(`[data-testid=log-transition][data-step=${step}]`)
const form = (page: Page, step: string): Locator => page.getByTestId(`step-form-${step}`)

/** Opens an incident, and asks for news until the step is offered. */
async function openStep(page: Page, id: string, step: string, label: string): Promise<void> {
  if (!page.url().includes(id)) await goInApp(page, incidentInTable(id))
  const button = page.getByTestId(`step-${step}`)
  const more = page.getByTestId('step-more')
  const item = page.getByRole('menuitem', { name: label, exact: true })
  const isReady = async (one: Locator): Promise<boolean> =>
    (await one.isVisible()) && (await one.getAttribute('disabled')) === null
  const isOffered = async (): Promise<boolean> => {
    await comeBackToTab(page)
    if (await isReady(button)) return true
    if (!(await isReady(more))) return false
    await more.click()
    await page.getByRole('menuitem').first().waitFor()
    if (await item.isVisible()) return true
    await page.keyboard.press('Escape')
    return false
  }
  await expect.poll(isOffered, { ...slower, interval: 500 }).toBe(true)
  await ((await item.isVisible()) ? item : button).click()
  await form(page, step).waitFor()
}

/** Takes a step by its form and waits until the server's log has one more of it. */
async function take(
  { page }: OpenPage,
  id: string,
  [step, label]: [step: string, label: string],
  fill?: (form: Locator) => Promise<void>,
): Promise<void> {
  await openStep(page, id, step, label)
  const before = await logged(page, step).count()
  await fill?.(form(page, step))
  await form(page, step).getByTestId('step-submit').click()
  await form(page, step).waitFor({ state: 'detached' })
  await passHold(page, page.getByTestId('log-pending').or(logged(page, step).nth(before)))
  await expect.poll(() => logged(page, step).count(), slower).toBe(before + 1)
}
const write = (text: string) => (step: Locator) => step.getByTestId('step-text').fill(text)
const toPublicWorks = async (step: Locator): Promise<void> => {
  await step.getByTestId('step-department').click()
  await step.page().getByRole('option', { name: 'Public works' }).click()
}

describe('the loop', () => {
  const url = inject('appUrl')
  let browser: Browser
  beforeAll(async () => void (browser = await flowBrowser()))
  afterAll(() => browser?.close())

  it('goes from a report to a case closed, reopened and closed again', async () => {
    const [leader, field, manager, handler] = await Promise.all([
      openPage(browser, { url, role: 'leader', path: `/table?${latest}`, webGl: false }),
      openPage(browser, {
        ...{ url, role: 'field', path: '/account', webGl: false, ...phone },
        async before(context) {
          await context.grantPermissions(['geolocation'])
          await holdClock(context)
        },
      }),
      openPage(browser, {
        ...{ url, role: 'manager', path: '/account', webGl: false, before: holdClock },
      }),
      openPage(browser, {
        ...{ url, role: 'handler', path: '/account', webGl: false, before: holdClock },
      }),
    ])
    await field.context.setGeolocation({ longitude: -122.4188, latitude: 37.7571, accuracy: 6 })
    const stages = await stagesSeenBy(leader.page)
    const id = await reportByPhone(field.page)
    await stages.become({ reported: 1 })

    // taken back within ten seconds, then filed for good
    await openStep(manager.page, id, 'file', 'File')
    await write('A first thought')(form(manager.page, 'file'))
    await form(manager.page, 'file').getByTestId('step-submit').click()
    await manager.page.getByTestId('log-pending').waitFor()
    // The panel is closed meanwhile: undoing brings the incident back.
    await manager.page.getByTestId('detail-close').click()
    await manager.page.getByRole('button', { name: 'Undo' }).first().click()
    await form(manager.page, 'file').waitFor()
    expect(await form(manager.page, 'file').getByTestId('step-text').inputValue()).toBe(
      'A first thought',
    )
    await manager.page.getByTestId('log-pending').waitFor({ state: 'detached' })
    await form(manager.page, 'file').getByTestId('step-cancel').click()
    await take(manager, id, ['file', 'File'], write('It belongs to us'))
    await stages.become({ reported: -1, filed: 1 })
    await take(manager, id, ['dispatch', 'Dispatch'], toPublicWorks)
    await stages.become({ filed: -1, dispatched: 1 })

    await take(handler, id, ['return', 'Return'], write('Not our street'))
    await stages.become({ dispatched: -1, filed: 1 })
    await take(manager, id, ['dispatch', 'Dispatch'], toPublicWorks)
    await stages.become({ filed: -1, dispatched: 1 })
    await take(handler, id, ['handle', 'Handled'], async (step) => {
      await step.getByTestId('step-text').fill('Taken away')
      await step.getByTestId('photo-input').setInputFiles(photo(2))
      await step.getByTestId('photo-thumb').waitFor()
    })
    await stages.become({ dispatched: -1, handled: 1 })
    await take(field, id, ['check_fail', 'Check failed'], write('Half of it is still there'))
    await stages.become({ handled: -1, dispatched: 1 })
    expect(await sidewaysOverflow(field.page)).toEqual([])
    await take(handler, id, ['handle', 'Handled'], async (step) => {
      await step.getByTestId('step-text').fill('Now all of it')
      await step.getByTestId('photo-input').setInputFiles(photo(3))
      await step.getByTestId('photo-thumb').waitFor()
    })
    await stages.become({ dispatched: -1, handled: 1 })
    await take(field, id, ['check_pass', 'Check passed'])
    await stages.become({ handled: -1, closed: 1 })
    await take(manager, id, ['reopen', 'Reopen'], write('It is back'))
    await stages.become({ closed: -1, dispatched: 1 })
    await take(handler, id, ['handle', 'Handled'], async (step) => {
      await step.getByTestId('step-text').fill('Taken away once more')
      await step.getByTestId('photo-input').setInputFiles(photo(4))
      await step.getByTestId('photo-thumb').waitFor()
    })
    await stages.become({ dispatched: -1, handled: 1 })
    await take(manager, id, ['check_pass', 'Check passed'])
    await stages.become({ handled: -1, closed: 1 })

    const { page } = manager
    const steps = await page
      .getByTestId('log-transition')
      .evaluateAll((entries) => entries.map((entry) => entry.getAttribute('data-step')))
    expect(steps).toEqual(
      `file dispatch return dispatch handle check_fail handle check_pass reopen handle
      check_pass`.split(/\s+/),
    )
    const returned = await logged(page, 'return').innerText()
    for (const said of ['Return', 'Not our street', 'Dispatched', 'Returned'])
      expect(returned).toContain(said)
    expect(await logged(page, 'dispatch').first().innerText()).toContain('Public works')
    // the report's photo against the last one of the handling
    const slider = page.getByTestId('before-after-slider')
    await slider.focus()
    await page.keyboard.press('Home')
    expect(await slider.inputValue()).toBe('0')
    await page.keyboard.press('ArrowRight')
    expect(await slider.inputValue()).toBe('1')
    expect(await axeProblems(page)).toEqual([])
    await readPage(page, url, id)
    for (const { problems } of [leader, field, manager, handler]) expect(problems).toEqual([])
    for (const { context } of [leader, field, manager, handler]) await context.close()
  })

  it('keeps a step taken without a network, and shows who was faster', async () => {
    const [reporter, other] = await Promise.all([apiClient(url, 'field'), apiClient(url, 'admin')])
    const id = await reportIncident(reporter)
    const { page, context } = await openPage(browser, {
      ...{ url, role: 'manager', path: '/account', webGl: false, before: holdClock },
    })
    await openStep(page, id, 'reject', 'Reject')
    await context.setOffline(true)
    await write('Nothing to see')(form(page, 'reject'))
    await form(page, 'reject').getByTestId('step-submit').click()
    const pending = page.getByTestId('log-pending')
    await pending.filter({ hasText: 'Reject' }).filter({ hasText: 'Nothing to see' }).waitFor()
    expect(await page.getByTestId('step-verify').isDisabled()).toBe(true)

    await applyCommand(other, 'transition', { incidentId: id, baseVersion: 1, name: 'file' })
    await returnNetwork(context)
    await passHold(page, pending)
    await page.locator('[data-testid=log-pending][data-state=conflict]').waitFor(slower)
    await pending.getByRole('link').click()
    const conflict = page.getByTestId('step-conflict')
    await conflict.locator('[data-step=file]').waitFor(slow)
    expect(await conflict.getByTestId('step-verdict').innerText()).toContain('Filed')
    expect(await axeProblems(page)).toEqual([])
    await conflict.getByTestId('step-drop').click()
    await conflict.waitFor({ state: 'detached' })
    const { incident } = await call<{ incident: { stage: string } }>(other, 'incident_detail', {
      p_id: id,
    })
    expect(incident.stage).toBe('filed')
    await context.close()
  })
})

/** The incident's own page: from the panel and by its address, on the screen and on paper. */
async function readPage(page: Page, url: string, id: string): Promise<void> {
  const address = `${url}/incidents/${id}`
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'], { origin: url })
  await page.getByTestId('incident-detail').getByTestId('copy-link').click()
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText()), slow).toBe(address)
  await page.getByTestId('copy-place').click()
  await expect
    .poll(() => page.evaluate(() => navigator.clipboard.readText()), slow)
    .toMatch(/^37\.\d{6}, -122\.\d{6}$/)
  await page.getByTestId('open-page').click()
  await page.getByTestId('incident-page').waitFor(slow)
  expect(page.url()).toBe(address)
  await page.getByTestId('page-back').click()
  await page.waitForURL(/\/table\?/)

  await page.goto(address)
  const bar = page.getByTestId('stage-bar')
  await bar.locator('tbody tr').nth(11).waitFor(slow)
  const states = await bar
    .getByTestId('stage-segment')
    .evaluateAll((parts) => parts.map((part) => part.getAttribute('data-state')))
  // the end is no stay
  expect(states).toEqual(
    `reported filed dispatched returned dispatched handled dispatched handled closed dispatched
    handled`.split(/\s+/),
  )
  expect(await bar.locator('tr[aria-current=step]').innerText()).toContain('Closed')
  expect(await logged(page, 'dispatch').first().innerText()).toContain('Grid manager')
  expect(await logged(page, 'handle').first().innerText()).toContain(
    'Department handler · Public works',
  )
  await page.getByTestId('related-spot').waitFor()
  await page.getByTestId('before-after-slider').waitFor()
  expect(await axeProblems(page, ['light', 'dark'])).toEqual([])

  await page.emulateMedia({ media: 'print' })
  const onPaper = page.locator('[data-testid=before-after] .print\\:grid img')
  expect(await onPaper.count()).toBe(2)
  const [before, after] = await Promise.all([0, 1].map((n) => onPaper.nth(n).boundingBox()))
  expect([before?.y, before?.x]).toEqual([after?.y, expect.any(Number)])
  expect(after!.x).toBeGreaterThan(before!.x)
  for (const gone of ['page-back', 'before-after-slider', 'incident-actions', 'user-menu'])
    expect(await page.getByTestId(gone).first().isVisible(), gone).toBe(false)
  await page.emulateMedia({ media: null })
  await page.goto(`${url}/incidents/99999999-0000-4000-8000-000000000000`)
  await page.getByTestId('detail-missing').waitFor(slow)
}

/** The counts of stages in a page's filter, which must move with each step. */
async function stagesSeenBy(page: Page) {
  const row = page.getByTestId('stage-row')
  await row.first().waitFor(slow)
  const counts = async (): Promise<Record<string, number>> =>
    Object.fromEntries(
      await row.evaluateAll((rows) =>
        rows.map(
          (one) => [one.dataset['stage']!, Number(one.textContent!.replaceAll(/\D/g, ''))] as const,
        ),
      ),
    )
  let expected = await counts()
  return {
    async become(change: Record<string, number>): Promise<void> {
      expected = { ...expected }
      for (const [stage, by] of Object.entries(change))
        expected[stage] = (expected[stage] ?? 0) + by
      const shown = Object.fromEntries(Object.entries(expected).filter(([, count]) => count > 0))
      await expect
        .poll(
          async () => {
            await comeBackToTab(page)
            return counts()
          },
          { ...slower, interval: 250 },
        )
        .toEqual(shown)
    },
  }
}

/** Reports with a photo, as a field worker does. @returns the incident's id */
async function reportByPhone(page: Page): Promise<string> {
  await goInApp(page, '/capture')
  await page
    .getByTestId('place-basis')
    .filter({ hasText: /\b6\s*m/ })
    .waitFor(slow)
  await page.getByTestId('photo-gallery').setInputFiles(photo(1))
  await page.getByTestId('photo').first().waitFor(slow)
  await page.getByTestId('category-all').tap()
  await page.getByTestId('category-search').fill('graffiti')
  await page.getByTestId('category-picker').locator('[data-code=graffiti_public]').tap()
  await page.locator('[data-testid=save-status][data-state=saved]').waitFor(slow)
  const id = new URL(page.url()).searchParams.get('draft')
  await sendReport(page)
  await page.locator('[data-testid=sent][data-state=received]').waitFor(slower)
  if (id === null) throw new Error(`no draft in ${page.url()}`)
  return id
}
