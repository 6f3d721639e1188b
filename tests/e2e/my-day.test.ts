import { randomUUID } from 'node:crypto'
import type { Browser, Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import step from '../../src/locales/en/step.json' with { type: 'json' }
import ui from '../../src/locales/en/ui.json' with { type: 'json' }
import { jpegFile } from '../fixtures/photo-files.ts'
import { apiClient, applyCommand, reportIncident, uploadPhoto } from '../kit/api.ts'
import { axeProblems } from '../kit/axe.ts'
import { flowBrowser } from '../kit/flow-browser.ts'
import { detailOf } from '../kit/commands.ts'
import { holdClock, passHold } from '../kit/held-steps.ts'
import { sidewaysOverflow } from '../kit/overflow.ts'
import { chooseLanguage, goInApp, incidentInTable, openPage } from '../kit/session.ts'
import { returnNetwork } from '../kit/network.ts'
import { clickIfShown } from '../kit/click-if-shown.ts'
import { slow, slower } from '../kit/patience.ts'
import { withoutWebGl } from '../kit/without-webgl.ts'

const phone = { width: 390, height: 844, touch: true }

describe('my day', () => {
  const url = inject('appUrl')
  let browser: Browser
  beforeAll(async () => void (browser = await flowBrowser()))
  afterAll(() => browser?.close())

  it('shows what a manager asks for until it is answered', async () => {
    const field = await apiClient(url, 'field')
    const id = await reportIncident(field)

    const manager = await openPage(browser, { url, role: 'manager', path: '/account' })
    await withoutWebGl(manager.page)
    await goInApp(manager.page, incidentInTable(id))
    await manager.page.getByTestId('action-ask').click()
    await manager.page.getByTestId('note-form').locator('textarea').fill('Which door is it?')
    await manager.page.getByTestId('note-submit').click()
    await manager.page.getByTestId('log-asked').waitFor(slow)

    const { page, context, problems } = await openPage(browser, {
      url,
      role: 'field',
      path: '/account',
      ...phone,
    })
    await withoutWebGl(page)
    await goInApp(page, '/my-day')
    const question = page.getByTestId('returned-asked').filter({ hasText: 'Which door is it?' })
    await question.waitFor(slow)
    await question.getByTestId('answer').click()
    await question.locator('textarea').fill('The green one')
    await question.getByTestId('note-submit').click()
    await question.waitFor({ state: 'detached' })
    await expect
      .poll(async () => (await detailOf(field, id)).log.map(({ note }) => note), slow)
      .toContain('The green one')
    await page.reload()
    await page.getByTestId('open-item').first().waitFor(slow)
    expect(await question.count()).toBe(0)
    expect(problems).toEqual([])
    expect(manager.problems).toEqual([])
    await context.close()
    await manager.context.close()
  })

  it('lists open reports with today on a map, nearest first once the position is known', async () => {
    const field = await apiClient(url, 'field')
    const here = [-122.4194, 37.76] as const
    const places = { far: 0.009, near: 0.001, middle: 0.004 }
    for (const [name, north] of Object.entries(places))
      await applyCommand(field, 'report_incident', {
        incidentId: randomUUID(),
        categoryCode: 'graffiti_public',
        description: `This one is ${name}`,
        lon: here[0],
        lat: here[1] + north,
      })
    const { page, context } = await openPage(browser, {
      url,
      role: 'field',
      ownSession: true,
      path: '/my-day',
      ...phone,
      // the phone's clock is two days ahead: today is the city's all the same
      before: (opened) => opened.clock.install({ time: Date.now() + 2 * 86_400_000 }),
    })
    const rows = page.getByTestId('open-item')
    const order = async () => {
      const texts = await rows.allInnerTexts()
      return texts.flatMap((text) => /This one is (\w+)/.exec(text)?.[1] ?? [])
    }
    await rows.first().waitFor(slow)
    await page.getByTestId('today-map').locator('canvas').waitFor(slow)
    await page.getByTestId('today-pin').first().waitFor(slow)
    // newest first
    expect(await order()).toEqual(['middle', 'near', 'far'])
    await context.grantPermissions(['geolocation'])
    await context.setGeolocation({ longitude: here[0], latitude: here[1] })
    await page.getByTestId('locate').click()
    // other flows report here too: nearer ones may fill what is shown at once
    const all = page.getByRole('button', { name: /^Show all/ })
    await expect
      .poll(async () => {
        await clickIfShown(all)
        return order()
      }, slow)
      .toEqual(['near', 'middle', 'far'])
    // all of them, by what they say: 110 m, 1.0 km
    const meters = (await rows.allInnerTexts()).map((text) => {
      const [, amount, unit] = /([\d.,]+)\s(k?m)\b/.exec(text)!
      return Number(amount!.replaceAll(',', '')) * (unit === 'km' ? 1000 : 1)
    })
    expect(meters).toEqual(meters.toSorted((a, b) => a - b))
    expect(Math.abs(meters[0]! - 111)).toBeLessThan(115)
    await context.close()
  })

  it('starts cold without a network, opens one’s own incident and takes a note for it', async () => {
    const field = await apiClient(url, 'field')
    const id = await reportIncident(field)
    const { page, context } = await openPage(browser, {
      url,
      role: 'field',
      path: '/account',
      serviceWorker: true,
      ...phone,
    })
    await withoutWebGl(page)
    await goInApp(page, '/my-day')
    await page.getByTestId('open-item').first().waitFor(slow)
    const shown = await page.getByTestId('open-item').count()
    await page.evaluate(() => navigator.serviceWorker.ready.then(() => null))
    await page.reload()
    await page.getByTestId('open-item').first().waitFor(slow)
    await expect.poll(() => keptUnder(page, 'seen:detail:'), slow).toContain(id)
    await context.setOffline(true)

    // The first page stays open: without any, the test driver holds back the service worker.
    const cold = await context.newPage()
    await cold.goto(`${url}/my-day`)
    await cold.getByTestId('not-fresh').waitFor(slow)
    await cold.getByTestId('as-of').waitFor()
    expect(await cold.getByTestId('open-item').count()).toBe(shown)
    await cold.locator(`[data-testid=open-item][href*="${id}"]`).first().click()
    const detail = cold.getByTestId('incident-detail')
    await cold.getByTestId('detail-stale').waitFor(slow)
    expect(await detail.innerText()).toContain('A mattress on the pavement')
    for (const action of ['note', 'photo', 'correct'])
      await detail.getByTestId(`action-${action}`).waitFor()
    await detail.getByTestId('action-note').click()
    await detail.getByTestId('note-form').locator('textarea').fill('Two mattresses by now')
    await detail.getByTestId('note-submit').click()
    await detail.getByTestId('log-pending').filter({ hasText: 'Two mattresses' }).waitFor(slow)
    await expect.poll(() => cold.getByTestId('sync-badge').innerText(), slow).toBe('1')
    if (process.env.SHOTS)
      await cold.screenshot({ path: `${process.env.SHOTS}/detail-offline.png` })

    await returnNetwork(context)
    const notes = async () => (await detailOf(field, id)).log.map(({ note }) => note)
    await expect.poll(notes, slower).toContain('Two mattresses by now')
    await cold.getByTestId('detail-stale').waitFor({ state: 'detached', ...slow })
    await context.close()
  })

  it('checks a handled incident without a network, with a photo from the same spot', async () => {
    const { id, field, first } = await handledIncident(url)
    const { page, context, problems } = await openPage(browser, {
      url,
      role: 'field',
      path: '/account',
      serviceWorker: true,
      ...phone,
      async before(opened) {
        await holdClock(opened)
        await opened.addInitScript(drawCameras)
      },
    })
    await withoutWebGl(page)
    await goInApp(page, '/my-day')
    const taskOn = async (on: Page) => {
      await on.getByTestId('task').first().waitFor(slow)
      const all = on.getByTestId('tasks-all')
      await clickIfShown(all)
      return on.locator(`[data-task="${id}"]`)
    }
    await (await taskOn(page)).getByTestId('task-photo').waitFor(slow)
    await expect.poll(() => keptUnder(page, 'seen:photo:'), slow).toContain(first)
    await page.evaluate(() => navigator.serviceWorker.ready.then(() => null))
    await context.setOffline(true)

    // The first page stays open: without any, the test driver holds back the service worker.
    const cold = await context.newPage()
    await cold.goto(`${url}/my-day`)
    await cold.getByTestId('not-fresh').waitFor(slow)
    const task = await taskOn(cold)
    await task.getByTestId('task-photo').waitFor(slow)
    if (process.env.SHOTS) await cold.screenshot({ path: `${process.env.SHOTS}/tasks.png` })
    await task.getByTestId('task-check_pass').click()
    const dialog = cold.getByTestId('step-dialog')
    await dialog.getByTestId('step-kept').waitFor(slow)
    await dialog.getByTestId('same-spot-open').click()
    const camera = cold.getByTestId('same-spot')
    await cold.locator('[data-testid=same-spot][data-live=true]').waitFor(slow)
    await camera.getByTestId('same-spot-first').waitFor()
    expect(await axeProblems(cold)).toEqual([])
    if (process.env.SHOTS) await cold.screenshot({ path: `${process.env.SHOTS}/beside.png` })
    await camera.getByText(step.camera.over).click()
    await camera.getByTestId('same-spot-strength').fill('30')
    if (process.env.SHOTS) await cold.screenshot({ path: `${process.env.SHOTS}/over.png` })
    await camera.getByTestId('same-spot-take').click()
    await camera.waitFor({ state: 'detached' })
    await dialog.getByTestId('photo-thumb').waitFor(slow)
    expect(await cold.evaluate(cameraStates)).toEqual(['ended'])
    if (process.env.SHOTS) await cold.screenshot({ path: `${process.env.SHOTS}/form.png` })
    await dialog.getByTestId('step-submit').click()

    // it leaves at once, comes back when undone, and leaves again
    await task.waitFor({ state: 'detached', ...slow })
    await cold.getByTestId('tasks-waiting').waitFor()
    await cold.getByRole('button', { name: step.undo }).first().click()
    await task.waitFor(slow)
    await dialog.getByTestId('photo-thumb').waitFor(slow)
    await dialog.getByTestId('step-submit').click()
    await task.waitFor({ state: 'detached', ...slow })

    await returnNetwork(context)
    await passHold(cold, cold.getByTestId('tasks-waiting'))
    await expect.poll(async () => (await detailOf(field, id)).incident.stage, slower).toBe('closed')
    const taken = (await detailOf(field, id)).photos.at(-1)!
    expect(Date.now() - Date.parse(taken.takenAt!)).toBeLessThan(slower.timeout)
    expect(taken.lon).toBeNull()
    await cold.getByTestId('tasks-waiting').waitFor({ state: 'detached', ...slow })
    expect(await task.count()).toBe(0)
    expect(problems.filter((one) => !one.includes('ERR_INTERNET_DISCONNECTED'))).toEqual([])
    await context.close()
  })

  it('says so when this device cannot keep anything', async () => {
    const { page, context } = await openPage(browser, { url, role: 'field', path: '/account' })
    await page.addInitScript(() => {
      const open = indexedDB.open.bind(indexedDB)
      indexedDB.open = (name, version) => {
        if (/^wangge-.+-.+/.test(name)) throw new DOMException('private mode', 'InvalidStateError')
        return open(name, version)
      }
    })
    await withoutWebGl(page)
    await page.goto(`${url}/my-day`)
    await page.getByTestId('sync-line').filter({ hasText: ui.sync.failed }).waitFor(slow)
    await context.close()
  })

  it('axe finds nothing in either theme and language, and nothing scrolls sideways at 360', async () => {
    const manager = await apiClient(url, 'manager')
    const id = await reportIncident(await apiClient(url, 'field'))
    await applyCommand(manager, 'add_note', { incidentId: id, note: 'Where?', asks: true })
    const { page, context, problems } = await openPage(browser, {
      url,
      role: 'field',
      path: '/my-day',
      ...phone,
    })
    for (const locale of ['en', 'zh-CN'] as const) {
      if (locale !== 'en') await chooseLanguage(page, locale)
      await page.setViewportSize(phone)
      await page.getByTestId('returned-asked').first().waitFor(slow)
      await clickIfShown(page.getByTestId('answer').first())
      await page.getByTestId('today-map').locator('canvas').waitFor(slow)
      const found = await axeProblems(page)
      await page.setViewportSize({ width: 360, height: 740 })
      expect([locale, ...found, ...(await sidewaysOverflow(page))]).toEqual([locale])
      if (process.env.SHOTS)
        await page.screenshot({ path: `${process.env.SHOTS}/my-day-${locale}.png` })
    }
    expect(problems).toEqual([])
    await context.close()
  })
})

/** Reported and handled with a photo each, so that it waits for its check. */
async function handledIncident(url: string) {
  const [field, manager, handler] = await Promise.all([
    apiClient(url, 'field'),
    apiClient(url, 'manager'),
    apiClient(url, 'handler'),
  ])
  const id = randomUUID()
  const size = { width: 640, height: 480 }
  const photo = (client: typeof field, seed: number) =>
    uploadPhoto(client, jpegFile({ ...size, seed }), size)
  const first = await photo(field, 71)
  await applyCommand(field, 'report_incident', {
    incidentId: id,
    categoryCode: 'graffiti_public',
    description: 'Scribbles on the wall of the library',
    lon: -122.4194,
    lat: 37.7599,
    photos: [first],
  })
  const take = async (client: typeof field, name: string, fields: Record<string, unknown>) => {
    const { version } = (await detailOf(client, id)).incident
    await applyCommand(client, 'transition', {
      incidentId: id,
      baseVersion: version,
      name,
      ...fields,
    })
  }
  await take(manager, 'file', {})
  await take(manager, 'dispatch', { department: 'public_works' })
  await take(handler, 'handle', { note: 'Painted over', photos: [await photo(handler, 72)] })
  return { id, field, first: first.hash }
}

interface Cameras {
  cameras?: MediaStream[]
}
/** A camera that shows a drawn picture: not every headless Chromium has one. Keeps its streams. */
function drawCameras(): void {
  const all: MediaStream[] = ((globalThis as Cameras).cameras = [])
  navigator.mediaDevices.getUserMedia = () => {
    const canvas = document.createElement('canvas')
    canvas.width = 640
    canvas.height = 480
    const pen = canvas.getContext('2d')!
    let turn = 0
    setInterval(() => {
      pen.fillStyle = '#7dd3fc'
      pen.fillRect(0, 0, 640, 480)
      pen.fillStyle = '#b45309'
      pen.fillRect(120, 140, 400, 340)
      pen.fillStyle = '#fef3c7'
      pen.fillRect(200 + (turn++ % 2), 220, 80, 110)
    }, 50)
    const stream = canvas.captureStream(20)
    all.push(stream)
    return Promise.resolve(stream)
  }
}
const cameraStates = (): string[] =>
  (globalThis as Cameras).cameras!.flatMap((stream) =>
    stream.getTracks().map(({ readyState }) => readyState),
  )

/** Keys of this device's kept values that begin so, without the beginning. */
const keptUnder = (page: Page, start: string): Promise<string[]> =>
  page.evaluate(async (beginning) => {
    const databases = await indexedDB.databases()
    const name = databases.map((one) => one.name ?? '').find((one) => /^wangge-.+-.+/.test(one))!
    return new Promise((resolve) => {
      const opening = indexedDB.open(name)
      opening.onsuccess = () => {
        const request = opening.result.transaction('kv').objectStore('kv').getAllKeys()
        request.onsuccess = () => {
          opening.result.close()
          const keys = request.result.map(String).filter((key) => key.startsWith(beginning))
          resolve(keys.map((key) => key.slice(beginning.length)))
        }
      }
    })
  }, start)
