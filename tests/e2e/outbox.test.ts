import { randomUUID } from 'node:crypto'
import type { Browser, Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest'
import { jpegFile } from '../fixtures/photo-files.ts'
import { apiClient, applyCommand, call, reportIncident } from '../kit/api.ts'
import { axeProblems } from '../kit/axe.ts'
import { placeAtTheBorder } from '../kit/border.ts'
import { flowBrowser } from '../kit/flow-browser.ts'
import { detailOf, enqueueAllInPage, enqueueInPage, saveDraftInPage } from '../kit/commands.ts'
import { keptValues } from '../kit/kept-value.ts'
import {
  chooseLanguage,
  goInApp,
  incidentInTable,
  openPage,
  signIn,
  type DemoRole,
  type OpenOptions,
  type OpenPage,
} from '../kit/session.ts'
import { returnNetwork } from '../kit/network.ts'
import { slow, slower } from '../kit/patience.ts'
import { liveAtNoon } from '../kit/zone-with-noon.ts'
import { routeWhileOpen } from '../kit/route-while-open.ts'

const phone = { width: 390, height: 844, touch: true }

/** The receipt of the item shown; what the page shows instead when none comes. */
async function receiptText(page: Page): Promise<string> {
  const receipt = page.getByTestId('receipt')
  try {
    await receipt.waitFor(slower)
  } catch {
    const places = [page.getByTestId('sync-line'), page.getByTestId('outbox-detail')]
    const shown = await Promise.all(places.map((place) => place.textContent()))
    throw new Error(`no receipt, but: ${shown.join(' | ')}`)
  }
  return receipt.innerText()
}

describe('outbox', () => {
  const url = inject('appUrl')
  let browser: Browser
  /** The field worker's device, and the manager's. */
  let device: OpenPage
  let desk: OpenPage
  const fieldDevice = (before?: OpenOptions['before']) =>
    openPage(browser, { url, role: 'field', path: '/outbox', webGl: false, before, ...phone })
  beforeAll(async () => {
    browser = await flowBrowser()
    device = await fieldDevice()
    desk = await openPage(browser, { url, role: 'manager', path: '/account' })
  })
  afterAll(() => browser?.close())

  const clients = new Map<DemoRole, ReturnType<typeof apiClient>>()
  /** Signs in once for all tests. */
  function as(role: DemoRole): ReturnType<typeof apiClient> {
    const client = clients.get(role) ?? apiClient(url, role)
    clients.set(role, client)
    return client
  }

  /** A conflict on a device: a correction made there while the manager made another. */
  async function meetConflict({ page, problems }: OpenPage) {
    const [field, manager] = await Promise.all([as('field'), as('manager')])
    const id = await reportIncident(field)
    problems.length = 0
    await goInApp(page, '/outbox')
    await page.getByTestId('sync-line').waitFor()
    await applyCommand(manager, 'correct_incident', {
      incidentId: id,
      baseVersion: 1,
      changes: { description: 'A mattress and a chair on the pavement' },
    })
    const item = await enqueueInPage(page, 'correct_incident', {
      incidentId: id,
      baseVersion: 1,
      changes: { severity: 4, description: 'A burnt mattress on the pavement' },
    })
    await goInApp(page, `/outbox?item=${item}`)
    await page.getByTestId('merge').waitFor(slow)
    return { page, problems, field, id, item }
  }

  it('shows a note as pending while offline, and its receipt once it went', async () => {
    const id = await reportIncident(await as('field'))
    const { page, context, problems } = await openPage(browser, {
      url,
      role: 'field',
      path: incidentInTable(id),
      serviceWorker: true,
      webGl: false,
    })
    await page.getByTestId('action-note').waitFor(slow)
    await page.evaluate(() => navigator.serviceWorker.ready.then(() => null))
    await context.setOffline(true)
    await page.getByTestId('action-note').click()
    await page.getByTestId('note-form').locator('textarea').fill('Still there at noon')
    await page.getByTestId('note-submit').click()
    const pending = page.getByTestId('log-pending').filter({ hasText: 'Still there at noon' })
    await pending.waitFor()
    await pending.getByRole('link').click()
    const state = page.getByTestId('item-state')
    await expect.poll(() => state.getAttribute('data-state'), slow).toBe('queued')
    expect(await page.getByTestId('command-facts').innerText()).toContain('Still there at noon')
    // a try without a network sends nothing, so that it can still be changed
    await page.getByTestId('item-retry').click()
    await page.getByTestId('item-edit').click()
    await page.getByTestId('note-form').locator('textarea').fill('Still there at one')
    await page.getByTestId('note-submit').click()
    await page.getByTestId('command-facts').filter({ hasText: 'Still there at one' }).waitFor(slow)
    await returnNetwork(context)
    expect(await receiptText(page)).toMatch(/[0-9a-f]{64}/)
    await page.getByTestId('outbox-back').click()
    await goInApp(page, incidentInTable(id))
    await page.getByTestId('log-note').filter({ hasText: 'Still there at one' }).waitFor(slow)

    // photos for it are a draft until they are sent: they survive leaving, and lie in the outbox
    const form = page.getByTestId('photo-form')
    await page.getByTestId('action-photo').click()
    await form.getByTestId('photo-input').setInputFiles({
      name: 'side.jpg',
      mimeType: 'image/jpeg',
      buffer: Buffer.from(jpegFile({ seed: 71 })),
    })
    await form.locator('textarea').fill('From the other side')
    await form.locator('img').waitFor(slow)
    await goInApp(page, '/outbox?show=drafts')
    await page.getByTestId('outbox-row').filter({ hasText: 'From the other side' }).waitFor(slow)
    await goInApp(page, incidentInTable(id))
    await page.getByTestId('action-photo').click(slow)
    await form.locator('img').waitFor(slow)
    expect(await form.locator('textarea').inputValue()).toBe('From the other side')
    await form.getByTestId('photo-submit').click()
    await form.waitFor({ state: 'detached' })
    const photos = page.getByTestId('log-photo').filter({ hasText: 'From the other side' })
    await photos.waitFor(slow)
    expect(problems.filter((one) => !one.includes('ERR_INTERNET_DISCONNECTED'))).toEqual([])
    await context.close()
  })

  it('corrects from the incident itself and shows before and after in the log', async () => {
    const field = await as('field')
    const id = await reportIncident(field)
    const { page } = desk
    await goInApp(page, incidentInTable(id))
    await page.getByTestId('action-correct').click(slow)
    await page.getByTestId('correct-severity').selectOption('4')
    await page.getByTestId('correct-description').fill('A burnt mattress on the pavement')
    await page.getByTestId('nudge-north').click()
    await page.getByTestId('correction-submit').click()
    const entry = page.getByTestId('log-corrected')
    await entry.waitFor(slow)
    const text = await entry.innerText()
    expect(text).toContain('Normal → Urgent')
    expect(text).toContain('burnt')
    expect(text).toMatch(/moved by 5/i)
    expect((await detailOf(field, id)).incident).toMatchObject({
      version: 2,
      severity: 4,
      description: 'A burnt mattress on the pavement',
    })
  })

  it('says before a correction moves an incident out of the person’s sight', async () => {
    const manager = await as('manager')
    const { pin, beyond } = await placeAtTheBorder(manager)
    const id = await reportIncident(await as('admin'), pin)
    const { page } = desk
    await goInApp(page, incidentInTable(id))
    await page.getByTestId('action-correct').click(slow)
    const notice = page.getByTestId('lost-sight')
    await page.getByTestId('nudge-south').click(slow)
    await page.getByTestId('nudge-north').click()
    expect(await notice.count()).toBe(0)
    await page.getByTestId('nudge-north').click()
    await notice.waitFor(slow)
    expect(await notice.innerText()).toContain(beyond)
    expect(await page.getByTestId('moves-to').innerText()).toContain(beyond)
    await page.getByTestId('correction-submit').click()
    // it says the truth
    await expect.poll(async () => call(manager, 'incident_detail', { p_id: id }), slow).toBeNull()
    // and where it went, instead of that it cannot be found
    await page.getByTestId('detail-moved').filter({ hasText: beyond }).waitFor(slow)
  })

  it('merges a conflict field by field; what was chosen survives leaving', async () => {
    const { page, field, id, item, problems } = await meetConflict(device)
    const description = page.getByTestId('merge-description')
    expect(await description.innerText()).toContain('A burnt mattress on the pavement')
    expect(await description.innerText()).toContain('A mattress and a chair on the pavement')
    expect(await description.getByTestId('merge-diff').locator('ins').allInnerTexts()).not.toEqual(
      [],
    )
    expect(await page.getByTestId('merge-send').isDisabled()).toBe(true)

    await description.getByTestId('choose-theirs').check()
    await expect
      .poll(() => keptValues(page, `merge:${item}`), slow)
      .toMatchObject([{ description: { side: 'theirs' } }])
    await goInApp(page, '/my-day')
    await page.getByTestId('returned-conflict').first().waitFor(slow)
    await page.goto(`${url}/outbox?item=${item}`)
    await expect
      .poll(
        () => page.getByTestId('merge-description').getByTestId('choose-theirs').isChecked(),
        slow,
      )
      .toBe(true)
    await page.getByTestId('merge-severity').getByTestId('choose-mine').check()
    await page.getByTestId('merge-send').click()
    await receiptText(page)
    expect(new URL(page.url()).searchParams.get('item')).not.toBe(item)
    expect((await detailOf(field, id)).incident).toMatchObject({
      version: 3,
      severity: 4,
      description: 'A mattress and a chair on the pavement',
    })
    expect(problems).toEqual([])
  })

  it('leaves the server’s version where all of it is taken, and has nothing left to send', async () => {
    const { page, field, id } = await meetConflict(device)
    await page.getByTestId('all-theirs').click()
    await page.getByTestId('merge-send').click()
    await page.getByTestId('merge').waitFor({ state: 'detached' })
    // a correction sent by mistake would have arrived once the outbox is empty
    await goInApp(page, '/outbox')
    await page.getByTestId('sync-line').filter({ hasText: 'All sent' }).waitFor(slow)
    expect((await detailOf(field, id)).incident).toMatchObject({ version: 2, severity: 2 })
  })

  it('says why something was refused, keeps it, and sends the edited copy', async () => {
    const field = await as('field')
    const id = await reportIncident(field)
    const { page } = device
    await goInApp(page, '/outbox')
    await page.getByTestId('sync-line').waitFor()
    const note = `Too long: ${'x'.repeat(10_000)}`
    const item = await enqueueInPage(page, 'add_note', { incidentId: id, note })
    await goInApp(page, '/outbox?show=needs-you')
    const row = page.getByTestId('outbox-row').filter({ hasText: 'Note is too long' })
    await row.click(slow)
    await page.getByTestId('receipt-error').waitFor()
    expect(await page.getByTestId('receipt-error').innerText()).toContain('kept on this device')
    await page.getByTestId('item-edit').click()
    const text = page.getByTestId('note-form').locator('textarea')
    expect(await text.inputValue()).toBe(note)
    await text.fill('Short enough')
    await page.getByTestId('note-submit').click()
    await receiptText(page)
    expect((await detailOf(field, id)).log.map(({ note }) => note)).toContain('Short enough')
    await goInApp(page, `/outbox?item=${item}`)
    await expect
      .poll(() => page.getByTestId('item-state').getAttribute('data-state'), slow)
      .toBe('replaced')
  })

  it('says what was made for a server of before, and brings it over when asked to', async () => {
    const incidentId = await reportIncident(await as('field'))
    const { page, context } = await openPage(browser, {
      url,
      role: 'field',
      path: '/outbox',
      webGl: false,
    })
    await page.getByTestId('sync-line').waitFor()
    await page.route('**/rpc/apply_commands', (route) => route.abort())
    await enqueueInPage(page, 'add_note', { incidentId, note: 'for the earlier one' })
    // set up anew: the same people and places under another id
    await routeWhileOpen(page, '**/config.json', async (route) => {
      const response = await route.fetch()
      const config = (await response.json()) as object
      const instanceId = '99999999-9999-4999-8999-999999999999'
      await route.fulfill({ response, json: { ...config, instanceId } })
    })
    await signIn(page, url, 'field', '/my-day')
    const line = page.getByTestId('sync-line')
    await expect.poll(() => line.innerText(), slow).toContain('1 item needs action')
    expect(await page.getByTestId('sync-badge').getAttribute('data-state')).toBe('needs-person')

    await page.unroute('**/rpc/apply_commands')
    await page.goto(`${url}/outbox`)
    await page.getByTestId('bring-over').click()
    await page.getByRole('dialog').getByRole('button', { name: 'Bring over and send' }).click()
    await expect.poll(() => line.innerText(), slow).toContain('All sent')
    expect(await page.getByTestId('other-queue').count()).toBe(0)
    const { log } = await detailOf(await as('manager'), incidentId)
    expect(log.map(({ note }) => note)).toContain('for the earlier one')
    await context.close()
  })

  it('writes everything unsent to a file and takes it back after it was discarded', async () => {
    // of its own: nothing else may lie in its outbox; by day, or no hint would be shown
    const { context, ...fresh } = await fieldDevice(liveAtNoon)
    const { page } = await meetConflict({ context, ...fresh })
    await page.getByTestId('outbox-back').click()
    const saving = page.waitForEvent('download')
    await page.getByTestId('outbox-export').click()
    const file = await (await saving).path()
    await page.getByTestId('outbox-row').first().click()
    await page.getByTestId('item-discard').click()
    await page.getByTestId('discard-confirm').click()
    await page.getByTestId('outbox-detail').waitFor({ state: 'detached' })
    await expect.poll(() => page.getByTestId('outbox-row').count(), slow).toBe(0)
    await page.getByTestId('outbox-import').setInputFiles(file)
    await page.getByText('Brought in: 1').first().waitFor(slow)
    await goInApp(page, '/outbox?show=needs-you')
    await page.getByTestId('outbox-row').first().waitFor(slow)

    // a storage that the browser may erase: told at each start, drafts too, with the way to each
    const daysAgo = (days: number): string => new Date(Date.now() - days * 86_400_000).toISOString()
    await saveDraftInPage(page, { categoryCode: 'sewer', description: 'Begun' }, daysAgo(3))
    const old = page.getByTestId('old-unsent')
    await old.waitFor(slow)
    await old.getByRole('button', { name: 'Dismiss' }).tap()
    await old.waitFor({ state: 'detached' })
    // it may install the app now
    await page.evaluate(() => dispatchEvent(new Event('beforeinstallprompt')))
    await page.getByTestId('install-waiting').filter({ hasText: '1 draft' }).waitFor(slow)
    await page.evaluate(() => sessionStorage.clear())
    await page.reload()
    await old.filter({ hasText: '1 needs action' }).waitFor(slow)
    await expect
      .poll(async () => {
        await old.getByRole('link', { name: '1 draft' }).tap()
        return page.getByTestId('outbox-row').allInnerTexts()
      }, slow)
      .toEqual([expect.stringContaining('Begun')])

    // an item behind an own report leads to that report: the incident has no page yet
    await context.setOffline(true)
    const incidentId = randomUUID()
    const said = { categoryCode: 'sewer', lon: -122.42, lat: 37.76, description: 'Loose cover' }
    const [, note] = await enqueueAllInPage(page, [
      ['report_incident', { incidentId, ...said }],
      ['add_note', { incidentId, note: 'Fenced off' }],
    ])
    await goInApp(page, `/outbox?item=${note}`)
    await page.getByTestId('open-report').tap()
    await page.getByTestId('command-facts').filter({ hasText: 'Loose cover' }).waitFor(slow)
    await context.close()
  })

  for (const locale of ['en', 'zh-CN'] as const)
    it(`axe finds nothing on list and merge screen at 390 in either theme, ${locale}`, async () => {
      const { page } = await meetConflict(device)
      await chooseLanguage(page, locale)
      onTestFinished(() => chooseLanguage(page, 'en'))
      await page.getByTestId('all-mine').click()
      for (const shown of ['merge', 'list']) {
        if (shown === 'list') await page.getByTestId('outbox-back').click()
        await page
          .getByTestId(shown === 'list' ? 'outbox-row' : 'merge')
          .first()
          .waitFor(slow)
        expect([shown, ...(await axeProblems(page))]).toEqual([shown])
        if (process.env.SHOTS)
          await page.screenshot({ path: `${process.env.SHOTS}/${shown}-${locale}.png` })
      }
    })
})
