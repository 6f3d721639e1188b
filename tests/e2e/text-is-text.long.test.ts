import { randomUUID } from 'node:crypto'
import type { SupabaseClient } from '@supabase/supabase-js'
import Papa from 'papaparse'
import type { Browser, BrowserContext, Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { csvFromTable } from '../../src/domain/csv.ts'
import { openDatabase } from '../../supabase/server/backend/open-database.ts'
import { nulPayload, xssPayloads as payloads } from '../fixtures/xss-payloads.ts'
import { apiClient, sendCommands, type NamedCommand } from '../kit/api.ts'
import { startAppServer, type AppServer } from '../kit/app-server.ts'
import { flowBrowser } from '../kit/flow-browser.ts'
import { detailOf, enqueueAllInPage, enqueueInPage } from '../kit/commands.ts'
import { goInApp, openPage, type OpenOptions, type OpenPage } from '../kit/session.ts'
import { returnNetwork } from '../kit/network.ts'
import { clickIfShown } from '../kit/click-if-shown.ts'
import { slow, slower } from '../kit/patience.ts'

const [lon, lat] = [-122.4194, 37.7599]
const sampled = payloads.filter((_, index) => index % 10 === 3)

/** As `sendCommands`; throws for the first that was not applied. */
async function applyEach(client: SupabaseClient, commands: NamedCommand[]): Promise<void> {
  const receipts = await sendCommands(client, commands)
  const at = receipts.findIndex(({ outcome }) => outcome !== 'applied')
  if (at >= 0) throw new Error(`${JSON.stringify(commands[at])}: ${JSON.stringify(receipts[at])}`)
}

/** Runs in the page: tells of policy violations and of `__xss`. */
function watchThisPage(): void {
  const report = (what: string): void =>
    (window as unknown as { __sawXss(what: string): void }).__sawXss(what)
  Object.defineProperty(window, '__xss', { set: () => report('ran'), get: () => undefined })
  document.addEventListener('securitypolicyviolation', (event) =>
    report(`policy: ${event.violatedDirective} ${event.sample}`),
  )
}

/** Watches the page from now on, and what it loads from the first line on. */
async function watchPages(context: BrowserContext, page: Page): Promise<string[]> {
  const seen: string[] = []
  await context.exposeBinding('__sawXss', (_source, what: string) => void seen.push(what))
  await context.addInitScript(watchThisPage)
  await page.evaluate(watchThisPage)
  page.on('dialog', (dialog) => {
    seen.push(`dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  context.on('page', () => seen.push('a new page'))
  return seen
}

/** The texts of a list that draws only the rows in sight, scrolled until all payloads came. */
async function scrollThrough(page: Page, row: string): Promise<string> {
  await page.getByTestId(row).first().waitFor(slow)
  return page.evaluate(
    async ([selector, wanted, limitMs]) => {
      const texts = new Set<string>()
      const missing = new Set(wanted)
      const list = document.querySelector(selector)!.closest('[role=listbox]')!
      const deadline = performance.now() + limitMs
      while (missing.size > 0 && performance.now() < deadline) {
        for (const { textContent } of document.querySelectorAll(selector)) {
          texts.add(textContent)
          for (const payload of missing) if (textContent.includes(payload)) missing.delete(payload)
        }
        // rows that came late, or a list that began anew, are met in the next round
        const isAtEnd = list.scrollTop + list.clientHeight >= list.scrollHeight - 1
        list.scrollTop = isAtEnd ? 0 : list.scrollTop + list.clientHeight
        for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame)
      }
      return [...texts].join('\n')
    },
    [`[data-testid=${row}]`, payloads, slower.timeout] as const,
  )
}

const missingIn = (text: string, wanted: readonly string[] = payloads): string[] =>
  wanted.filter((payload) => !text.includes(payload))
const textOf = (page: Page, testId: string): Promise<string> =>
  page
    .getByTestId(testId)
    .evaluateAll((found) => found.map(({ textContent }) => textContent).join('\n'))

describe('text is text', () => {
  let server: AppServer
  let browser: Browser
  let field: SupabaseClient
  const ids = payloads.map(() => randomUUID())
  /** One incident each with 200 entries of a kind in its log. */
  const logs = { note: '', photo: '', confirmed: '', corrected: '' }

  beforeAll(async () => {
    // of its own: the others count incidents and look for what is near
    server = await startAppServer()
    browser = await flowBrowser()
    field = await apiClient(server.url, 'field')
    const report = (incidentId: string, more: Record<string, unknown>): NamedCommand => [
      'report_incident',
      { incidentId, categoryCode: 'noise', lon, lat, ...more },
    ]
    for (const kind of Object.keys(logs) as (keyof typeof logs)[]) logs[kind] = randomUUID()
    await applyEach(
      field,
      Object.entries(logs).map(([kind, id]) => report(id, { description: `log of ${kind}` })),
    )
    await applyEach(
      field,
      payloads.map((text, index) => report(ids[index]!, { description: text, addressLabel: text })),
    )
    const photo = (index: number) => ({
      hash: index.toString(16).padStart(64, '0'),
      mediaType: 'image/jpeg',
      bytes: 1000,
      width: 10,
      height: 10,
    })
    await applyEach(
      field,
      payloads.map((note) => ['add_note', { incidentId: logs.note, note }]),
    )
    await applyEach(
      field,
      payloads.map((note, n) => [
        'add_photo',
        { incidentId: logs.photo, note, photos: [photo(n)] },
      ]),
    )
    await applyEach(
      field,
      payloads.map((note) => ['confirm_duplicate', { incidentId: logs.confirmed, note, lon, lat }]),
    )
    await applyEach(
      field,
      payloads.map((text, index) => [
        'correct_incident',
        {
          incidentId: logs.corrected,
          baseVersion: index + 1,
          changes: { description: text, addressLabel: text },
        },
      ]),
    )
  })
  afterAll(async () => {
    await browser?.close()
    await server?.stop()
  })

  /** Names the person who reported all of it; names are given by commands of the server. */
  async function callReporter(name: string): Promise<void> {
    const db = await openDatabase({ DATA_DIR: server.dataDir })
    await db.query(
      `update public.profiles set display_name = $1 where user_id =
         (select reported_by from public.incidents where id = $2::uuid)`,
      [name, ids[0]!],
    )
    await db.close()
  }

  interface WatchedPage extends OpenPage {
    seen: string[]
    /** Says what is wrong with the page so far. */
    clean: () => Promise<void>
  }
  async function watched(options: Partial<OpenOptions>): Promise<WatchedPage> {
    const opened = await openPage(browser, {
      url: server.url,
      path: '/account',
      // of the city's own archive: no text of anybody
      streets: false,
      ...options,
    })
    const { page, context, problems } = opened
    const seen = await watchPages(context, page)
    const clean = async (): Promise<void> => {
      expect(seen).toEqual([])
      expect(await page.locator('[data-xss]').count()).toBe(0)
      expect(problems.filter((one) => !one.includes('ERR_INTERNET_DISCONNECTED'))).toEqual([])
    }
    return { ...opened, seen, clean }
  }
  const pages = new Map<string, Promise<WatchedPage>>()
  /** The one page of a role: opened by the first case that needs it, it goes on from case to case. */
  async function open(role: 'field' | 'leader', path: string): Promise<WatchedPage> {
    const opening = pages.get(role) ?? watched({ role })
    pages.set(role, opening)
    const opened = await opening
    await goInApp(opened.page, path)
    return opened
  }

  it('would notice: the same payloads as HTML become elements and break the policy', async () => {
    const { page, context, seen } = await watched({ path: '/sign-in' })
    // those would lead the page away
    const staying = payloads.filter((text) => !text.includes('http-equiv'))
    const elements = await page.evaluate((texts) => {
      const place = document.body.appendChild(document.createElement('div'))
      place.hidden = true
      // one that ends an outer element would take the next ones with it
      return texts.filter((text) => {
        const one = place.appendChild(document.createElement('div'))
        // eslint-disable-next-line no-restricted-syntax -- what the app must not do
        one.innerHTML = text
        return one.querySelector('[data-xss]') !== null
      }).length
    }, staying)
    expect(elements).toBeGreaterThan(120)
    await expect.poll(() => seen.length, slow).toBeGreaterThan(20)
    await context.close()
  })

  it('keeps what was sent to the letter, and refuses a NUL alone', async () => {
    const [refused, taken] = await sendCommands(field, [
      ['add_note', { incidentId: logs.note, note: nulPayload }],
      ['add_note', { incidentId: logs.note, note: payloads[0]! }],
    ])
    expect(refused).toMatchObject({ outcome: 'rejected' })
    expect(taken).toMatchObject({ outcome: 'applied' })
    expect((await detailOf(field, ids[7]!)).incident.description).toBe(payloads[7])
  })

  it('shows all of them in the table', async () => {
    const { page, clean } = await open('field', '/table')
    await page.getByTestId('list-row').first().waitFor(slow)
    await expect
      .poll(async () => {
        await clickIfShown(page.getByTestId('more-rows'))
        const bodies = await page
          .locator('tbody')
          .evaluateAll((found) => found.map(({ textContent }) => textContent))
        return missingIn(bodies.join('\n'))
      }, slow)
      .toEqual([])
    await clean()
  })

  it('shows them in the log: notes, photos, confirmations, corrections', async () => {
    for (const kind of ['note', 'photo', 'confirmed', 'corrected'] as const) {
      // the reporter would ask for the photos that were never uploaded
      const { page, clean } = await open('leader', `/table?incident=${logs[kind]}`)
      await page
        .getByTestId(`log-${kind}`)
        .nth(payloads.length - 1)
        .waitFor(slow)
      if (kind !== 'corrected') {
        expect(missingIn(await textOf(page, `log-${kind}`)), kind).toEqual([])
        await clean()
        continue
      }
      const after = await page.getByTestId('log-corrected').evaluateAll((entries) =>
        entries.map((entry) =>
          [...entry.querySelectorAll('dd')].map((place) => {
            const copy = place.cloneNode(true) as HTMLElement
            for (const gone of copy.querySelectorAll('del, .sr-only')) gone.remove()
            return copy.textContent
          }),
        ),
      )
      expect(after).toEqual(payloads.map((text) => [text, text]))
      await clean()
    }
  })

  it('shows them in the map page: list, point, choice and twenty details', async () => {
    const { page, clean } = await open('field', `/map?at=18/${lat}/${lon}`)
    for (const text of sampled) {
      await callReporter(text.slice(0, 100))
      await goInApp(page, `/map?at=18/${lat}/${lon}&incident=${ids[payloads.indexOf(text)]}`)
      const timesShown = async (what: string): Promise<number> =>
        (await textOf(page, 'incident-detail')).split(what).length - 1
      await expect.poll(() => timesShown(text), slow).toBeGreaterThan(1)
      // a name beside the description and the address
      await expect.poll(() => timesShown(text.slice(0, 100)), slow).toBeGreaterThan(2)
    }
    await page.getByTestId('detail-close').click()
    expect(missingIn(await scrollThrough(page, 'list-row'))).toEqual([])
    const box = (await page.getByTestId('map').boundingBox())!
    // all reports lie at one place: a tooltip there, and a choice among them
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2]
    await expect
      .poll(async () => {
        await page.mouse.move(x + 1, y)
        await page.mouse.move(x, y)
        return page.getByTestId('map-tooltip').isVisible()
      }, slow)
      .toBe(true)
    await page.mouse.click(x, y)
    await expect.poll(() => page.locator('[role=dialog]').count(), slow).toBeGreaterThan(0)
    await clean()
  })

  it('shows them as names of areas in their table and in the popup of the map, and of a category', async () => {
    // as many in one name as its 200 characters hold
    const names = ['']
    for (const text of payloads) {
      if (names.at(-1)!.length + text.length >= 200) names.push('')
      names[names.length - 1] += `${text} `
    }
    const zoom = 13
    const { page, clean } = await open('leader', `/map?at=${zoom}/${lat}/${lon}`)
    // room for as many areas as there are names
    await page.setViewportSize({ width: 1440, height: 1000 })
    await page.getByTestId('legend').locator('li').nth(4).waitFor(slow)
    const box = (await page.getByTestId('map').boundingBox())!
    const world = 512 * 2 ** zoom
    const northing = (at: number): number => Math.asinh(Math.tan((at * Math.PI) / 180))
    const pixelOf = (at: { lon: number; lat: number }): { x: number; y: number } => ({
      x: box.x + box.width / 2 + ((at.lon - lon) / 360) * world,
      y: box.y + box.height / 2 - ((northing(at.lat) - northing(lat)) / (2 * Math.PI)) * world,
    })
    const legend = (await page.getByTestId('legend').boundingBox())!
    /** Buttons lie at the right, the legend below at the left. */
    const isClear = (at: { x: number; y: number }): boolean => {
      const [x, y] = [at.x - box.x, at.y - box.y]
      const onMap = x > 20 && x < box.width - 70 && y > 20 && y < box.height - 40
      return onMap && !(at.x < legend.x + legend.width + 20 && at.y > legend.y - 20)
    }

    const db = await openDatabase({ DATA_DIR: server.dataDir })
    const grids = await db.query<{ code: string; lon: number; lat: number }>(
      `select code, extensions.st_x(at) as lon, extensions.st_y(at) as lat
       from public.areas, lateral (select extensions.st_pointonsurface(geom) as at) as inside
       where level = 'grid'`,
    )
    const places = grids.filter((grid) => isClear(pixelOf(grid))).slice(0, names.length)
    expect(places).toHaveLength(names.length)
    await db.query(
      `update public.areas a set name = named.name
       from unnest($1::text[], $2::text[]) as named (code, name) where named.code = a.code`,
      [places.map(({ code }) => code), names],
    )
    await db.query(`update public.categories set name_zh = $1, name_en = $1 where code = 'noise'`, [
      payloads[0]!,
    ])
    await db.close()
    await page.reload()

    async function expectPopup({ x, y }: { x: number; y: number }, text: string): Promise<void> {
      // resting: what lies under a pointer that keeps moving is not looked up
      let rested = 0
      await expect
        .poll(
          async () => {
            if (rested++ % 8 === 0) {
              await page.mouse.move(x + 1, y)
              await page.mouse.move(x, y)
            }
            return textOf(page, 'map-tooltip')
          },
          { ...slow, interval: 60 },
        )
        .toContain(text)
      await clean()
    }
    // any name takes the same way into the popup; the table shows all of them at once
    for (const [index, name] of names.entries())
      if (index % 5 === 0) await expectPopup(pixelOf(places[index]!), name)
    await goInApp(page, '/table?level=grid')
    await expect.poll(async () => missingIn(await textOf(page, 'area-row')), slow).toEqual([])
    await clean()
    await goInApp(page, `/map?at=18/${lat}/${lon}`)
    await expectPopup(pixelOf({ lon, lat }), payloads[0]!)
  })

  it('shows them in My day and among what is nearby while capturing', async () => {
    const { page, context, clean } = await open('field', '/my-day')
    await page.setViewportSize({ width: 390, height: 844 })
    await page.getByTestId('open-item').first().waitFor(slow)
    await page.getByTestId('open-items').locator('> button').click()
    await expect.poll(async () => missingIn(await textOf(page, 'open-item')), slow).toEqual([])
    await clean()
    await context.grantPermissions(['geolocation'])
    await context.setGeolocation({ longitude: lon, latitude: lat, accuracy: 5 })
    await goInApp(page, '/capture')
    await page.getByTestId('category-all').click(slow)
    await page.getByTestId('category-search').fill('noise')
    await page.getByTestId('category-picker').locator('[data-code=noise]').click()
    await page.getByTestId('duplicate').first().waitFor(slow)
    const offered = await textOf(page, 'duplicate')
    expect(payloads.filter((text) => offered.includes(text)).length).toBeGreaterThan(0)
    await page.locator('[data-testid=save-status][data-state=saved]').waitFor(slow)
    await clean()
  })

  it('shows them in the outbox: waiting, in detail, refused and in the merge screen', async () => {
    const { page, context, clean } = await open('field', '/outbox?show=waiting')
    await page.setViewportSize({ width: 1280, height: 844 })
    await page.getByTestId('sync-line').waitFor(slow)
    await context.setOffline(true)
    // away from the list, which would be drawn anew for each
    await goInApp(page, '/account')
    await page.getByTestId('sync-line').waitFor({ state: 'detached', ...slow })
    const items = await enqueueAllInPage(
      page,
      payloads.map((text) => [
        'report_incident',
        {
          incidentId: randomUUID(),
          categoryCode: 'noise',
          lon,
          lat,
          description: text,
          addressLabel: text,
        },
      ]),
    )
    await goInApp(page, '/outbox?show=waiting')
    expect(missingIn(await scrollThrough(page, 'outbox-row'))).toEqual([])
    const show = (item: string): Promise<void> => goInApp(page, `/outbox?item=${item}`)
    for (const text of sampled) {
      await show(items[payloads.indexOf(text)]!)
      await expect
        .poll(async () => (await textOf(page, 'command-facts')).split(text).length, slow)
        .toBeGreaterThan(2)
    }
    await returnNetwork(context)
    for (const [index, text] of sampled.slice(0, 4).entries()) {
      const other = sampled[index + 4]!
      await show(
        await enqueueInPage(page, 'correct_incident', {
          incidentId: logs.corrected,
          baseVersion: 1,
          changes: { description: text, addressLabel: other },
        }),
      )
      const mine = page.getByTestId('merge-description').filter({ hasText: /\S/ })
      await expect.poll(() => mine.evaluate((one) => one.textContent), slow).toContain(text)
      expect(await textOf(page, 'merge-addressLabel')).toContain(other)
      await clean()
      // later ones of the same incident wait for this one
      await page.getByTestId('item-discard').click()
      await page.getByTestId('discard-confirm').click()
    }
  })

  it('disarms them as cells of a spreadsheet', () => {
    const text = csvFromTable(
      ['text'],
      payloads.map((one) => [one]),
    )
    const { data } = Papa.parse<string[]>(text.replace('\uFEFF', ''), { newline: '\r\n' })
    const cells = data.slice(1, -1).map(([cell]) => cell!)
    expect(
      cells.map((cell, index) => cell === payloads[index] || cell === `'${payloads[index]}`),
    ).not.toContain(false)
    expect(cells.filter((cell) => /^[=+\-@\t\r\n＝＋－＠]/.test(cell))).toEqual([])
    expect(cells.filter((cell) => /^'[=+\-@\t\r\n＝＋－＠]/.test(cell)).length).toBeGreaterThan(8)
  })
})
