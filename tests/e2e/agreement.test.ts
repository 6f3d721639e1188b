import type { Browser, Page, Response } from 'playwright'
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest'
import { disagreements } from '../kit/agreement.ts'
import { apiClient, reportIncident } from '../kit/api.ts'
import { flowBrowser } from '../kit/flow-browser.ts'
import {
  countBy,
  newestFirst,
  oracleRows,
  lastDayOf,
  laterMonth,
  rowsOfLink,
  wholeYear,
  type Box,
  type OracleRow,
} from '../kit/oracle.ts'
import { goInApp, openPage, shownCount } from '../kit/session.ts'
import { slow } from '../kit/patience.ts'

const rows = oracleRows(inject('demoWeeks'))
const { from, to, link: year } = wholeYear(rows)
/** The month `months` after the first one of the year. */
const monthAt = (months: number): string => laterMonth(from.slice(0, 7), months)
let city: Box

/** Rows that pass the filter in a URL, read and counted here from the CSV. */
const expectedRows = (href: string): OracleRow[] => rowsOfLink(rows, href, city)

/** Tiles, list, legend, top areas, trend and histogram of the map page must all say the same. */
async function expectAgreement(page: Page): Promise<OracleRow[]> {
  await expect.poll(() => disagreements(page, rows, city), { ...slow, interval: 200 }).toEqual([])
  const expected = expectedRows(page.url())
  expect(expected.length).toBeGreaterThan(0)
  return expected
}

/** The same link on the overview: tiles, and the months' received added up from the table. */
async function expectOverviewAgreement(page: Page): Promise<void> {
  await goInApp(page, `/overview${new URL(page.url()).search}`)
  await page.getByTestId('chart-flow').locator('svg').first().waitFor()
  const expected = expectedRows(page.url())
  await expect.poll(() => shownCount(page, 'total-count'), slow).toBe(expected.length)
  await page.getByTestId('chart-flow').getByRole('button').first().click()
  const received = await page
    .getByTestId('chart-flow')
    .locator('tbody tr td:nth-child(2)')
    .allInnerTexts()
  expect(received.reduce((sum, text) => sum + Number(text), 0)).toBe(expected.length)
}

describe('every view agrees with a count made from the CSV', () => {
  const url = inject('appUrl')
  let browser: Browser
  let page: Page
  let problems: string[]
  beforeAll(async () => {
    browser = await flowBrowser()
    const config = (await (await fetch(`${url}/config.json`)).json()) as { city: { bbox: Box } }
    city = config.city.bbox
    const opened = await openPage(browser, {
      url,
      role: 'leader',
      path: '/account',
      // high enough for all six top areas
      width: 1280,
      height: 820,
      streets: false,
    })
    ;({ page, problems } = opened)
  })
  afterEach(() => expect(problems.splice(0)).toEqual([]))
  afterAll(() => browser?.close())

  /** A map of its own for each case: another page of the app lies between. */
  async function showMap(query = year): Promise<void> {
    await goInApp(page, '/account')
    await page.getByTestId('map').waitFor({ state: 'detached' })
    await goInApp(page, `/map?${query}&measure=count`)
    await page.getByTestId('list-row').first().waitFor(slow)
  }

  it('says how many older ones the default period leaves out, and shows them on a click', async () => {
    await page.goto(`${url}/map`)
    await page.getByTestId('list-row').first().waitFor(slow)
    const start = new URL(page.url()).searchParams.get('from')!
    const older = rows.filter(({ day }) => day < start).length
    expect(older).toBeGreaterThan(10_000)
    await expect.poll(() => shownCount(page, 'left-out')).toBe(older)
    await page.getByTestId('left-out').getByRole('button').click()
    await expect.poll(() => page.url()).toContain('from=all')
    await expect.poll(() => page.getByTestId('left-out').count()).toBe(0)
    await goInApp(page, '/overview')
    const weeks = await shownCount(page, 'demo-note')
    expect(weeks).toBe(inject('demoWeeks'))
  })

  it('filtered from the URL', async () => {
    await page.goto(
      `${url}/map?from=${monthAt(-8)}-10&to=${monthAt(1)}-04&category=illegal_parking~aging_facility&area=SF-N-19~SF-N-34&open=1&measure=count`,
    )
    await page.getByTestId('list-row').first().waitFor(slow)
    await expectAgreement(page)
    await expectOverviewAgreement(page)
  })

  it('filtered from the category tree, the stages and a top area, then undone by "back"', async () => {
    await showMap()
    const before = page.url()
    const whole = await expectAgreement(page)
    await page
      .getByTestId('category-row')
      .first()
      .locator('button[role=checkbox], input')
      .first()
      .click()
    await expect.poll(() => page.url()).toContain('category=')
    const byCategory = await expectAgreement(page)
    expect(byCategory.length).toBeLessThan(whole.length)
    await page.getByTestId('area-row').first().locator('button').first().click()
    await expect.poll(() => page.url()).toContain('area=')
    const byArea = await expectAgreement(page)
    expect(byArea.length).toBeLessThan(byCategory.length)
    // the file knows open and closed alone; generated steps give the open ones their states
    await page.locator('[data-testid=stage-row][data-stage=closed] input').click()
    await expect.poll(() => page.url()).toContain('stage=')
    await expectAgreement(page)
    for (let i = 0; i < 3; i++) await page.goBack()
    // where the map stands is in the link too, and is not a part of the filter
    const filterOf = (href: string): string[] =>
      [...new URL(href).searchParams].flatMap(([key, value]) => (key === 'at' ? [] : [key, value]))
    await expect.poll(() => filterOf(page.url())).toEqual(filterOf(before))
    await expectAgreement(page)
  })

  it('filtered from the histogram, by keys and by a drag', async () => {
    await showMap()
    const start = page.getByTestId('histogram').getByRole('slider').first()
    await start.focus()
    for (let i = 0; i < 3; i++) await page.keyboard.press('ArrowRight')
    await expect.poll(() => page.url()).not.toContain(`from=${from}`)
    await expectAgreement(page)
    const box = (await page.getByTestId('histogram').boundingBox())!
    const y = box.y + box.height / 2
    await page.mouse.move(box.x + box.width * 0.2, y)
    await page.mouse.down()
    await page.mouse.move(box.x + box.width * 0.3, y, { steps: 5 })
    await page.mouse.move(box.x + box.width * 0.4, y, { steps: 5 })
    await page.mouse.up()
    await expect.poll(() => page.url()).not.toContain(`to=${to}`)
    await expectAgreement(page)
  })

  it('filtered by a click on the map', async () => {
    await showMap()
    const box = (await page.getByTestId('map').boundingBox())!
    const [x, y] = [box.x + box.width * 0.55, box.y + box.height * 0.55]
    const tooltip = page.getByTestId('map-tooltip')
    await expect
      .poll(
        async () => {
          await page.mouse.move(x - 3, y)
          await page.mouse.move(x, y)
          return tooltip.isVisible()
        },
        { ...slow, interval: 300 },
      )
      .toBe(true)
    const code = (await tooltip.innerText()).match(/ · (\S+)/)?.[1]
    const [received, open] = await tooltip.locator('dd').allInnerTexts()
    const inArea = expectedRows(page.url()).filter(({ communityCode }) => communityCode === code)
    expect([received, open]).toEqual(
      [inArea, inArea.filter((row) => row.open)].map(({ length }) => String(length)),
    )
    await page.mouse.click(x, y)
    await expect.poll(() => page.url(), slow).toContain(`area=${code}`)
    await expectAgreement(page)
    await expectOverviewAgreement(page)
  })

  it('filtered to what the map shows, which from zoom 14 on is every incident of its tiles', async () => {
    const tiles = new Map<string, number>()
    const hear = async (response: Response): Promise<void> => {
      if (!response.url().endsWith('/rpc/incident_points')) return
      const { p_z, p_x, p_y } = response.request().postDataJSON() as Record<string, number>
      // one that the map no longer wants has no body
      const body = (await response.json().catch(() => null)) as { total: number } | null
      if (body) tiles.set([p_z, p_x, p_y].join('/'), body.total)
    }
    page.on('response', hear)
    await showMap(`${year}&at=14/37.76/-122.42`)
    await expectAgreement(page)
    await expect.poll(() => tiles.size).toBeGreaterThan(1)
    const inTiles = countBy(expectedRows(page.url()), ({ lng, lat }) => tileOf(lng, lat, 14))
    for (const [tile, total] of tiles) expect([tile, total]).toEqual([tile, inTiles.get(tile) ?? 0])

    tiles.clear()
    await page.getByTestId('in-view').click()
    await expect.poll(() => page.url()).toContain('bbox=')
    const inView = await expectAgreement(page)
    expect(inView.length).toBeLessThan(expectedRows(page.url().replace(/&bbox=[^&]*/, '')).length)
    // the map moves, and what counts moves along
    const before = page.url()
    await page.getByTestId('map').locator('canvas').focus()
    await page.keyboard.press('ArrowRight')
    await expect
      .poll(() => new URL(page.url()).searchParams.get('bbox'))
      .not.toBe(new URL(before).searchParams.get('bbox'))
    await expectAgreement(page)
    await expect.poll(() => tiles.size, slow).toBeGreaterThan(0)
    page.off('response', hear)
  })

  it('filtered from the list: the category and area of one incident, all pages of it', async () => {
    await showMap(`from=${monthAt(6)}-01&to=${to}`)
    // of those in sight, one of the smallest category that fills more than one page
    const shown = expectedRows(page.url())
    const byLeaf = countBy(shown, ({ leaf }) => leaf)
    const leafOf = new Map(shown.map(({ id, leaf }) => [id, leaf]))
    const countOf = (id: string): number => byLeaf.get(leafOf.get(id)!)!
    const [newest] = newestFirst(shown)
      .slice(0, 8)
      .filter((id) => countOf(id) > 100)
      .toSorted((a, b) => countOf(a) - countOf(b))
    await page.locator(`[data-testid=list-row][data-key="${newest}"]`).click()
    await page.getByTestId('incident-detail').waitFor()
    await page.getByTestId('narrow-category').click()
    await expect.poll(() => page.url()).toContain('category=')
    await page.getByTestId('detail-close').click()
    const wanted = newestFirst(await expectAgreement(page))
    expect(wanted.length).toBeGreaterThan(100)
    const seen = new Set<string>()
    const list = page.getByRole('listbox', { name: 'Incidents' })
    await expect
      .poll(
        async () => {
          const keys = await page
            .getByTestId('list-row')
            .evaluateAll((all) => all.map((row) => (row as HTMLElement).dataset.key ?? ''))
          for (const key of keys) seen.add(key)
          await list.evaluate((element) => element.scrollBy(0, element.clientHeight))
          return seen.size
        },
        { ...slow, interval: 100 },
      )
      .toBe(wanted.length)
    expect([...seen]).toEqual(wanted)

    await page.getByTestId('list-row').last().click()
    await page.getByTestId('narrow-area').click()
    await expect.poll(() => page.url()).toMatch(/area=SF-/)
    await page.getByTestId('detail-close').click()
    await expectAgreement(page)
  })

  it('filtered from a chart of the overview', async () => {
    await goInApp(page, `/overview?${year}`)
    const bars = page.getByTestId('chart-areas').locator('svg path[fill="#009e73"]')
    await bars.nth(2).waitFor(slow)
    await bars.nth(2).click()
    await expect.poll(() => page.url()).toMatch(/area=SF-N-/)
    const expected = expectedRows(page.url())
    expect(expected.length).toBeGreaterThan(0)
    await expect.poll(() => shownCount(page, 'total-count')).toBe(expected.length)
  })

  it('closed a month and backlog count every incident, whenever reported', async () => {
    await goInApp(page, `/overview?from=${monthAt(-24)}-01&to=${lastDayOf(monthAt(-13))}`)
    await page.getByTestId('chart-flow').locator('svg').first().waitFor(slow)
    // the backlog needs all months, not only those of the period
    await page.getByRole('progressbar').waitFor({ state: 'hidden', ...slow })
    await page.getByTestId('chart-flow').getByRole('button').first().click()
    const wanted = (month: string): number[] => [
      rows.filter((row) => row.day.startsWith(month)).length,
      rows.filter((row) => row.closedMonth === month).length,
      rows.filter(
        (row) =>
          row.day.slice(0, 7) <= month && (row.closedMonth === null || row.closedMonth > month),
      ).length,
    ]
    const months = Array.from({ length: 12 }, (_, index) => monthAt(index - 24))
    const inWords = (month: string): string =>
      new Date(`${month}-01`).toLocaleDateString('en', {
        ...{ month: 'short', year: 'numeric', timeZone: 'UTC' },
      })
    const lines = page.getByTestId('chart-flow').locator('tbody tr')
    await expect
      .poll(async () => {
        const told = await lines.allInnerTexts()
        return told.map((line) => line.split(/\s+/).slice(0, 5).join(' '))
      }, slow)
      .toEqual(months.map((month) => [inWords(month), ...wanted(month)].join(' ')))
  })

  it('filtered to what is due within a day, which a new report is', async () => {
    await reportIncident(await apiClient(url, 'field'))
    await goInApp(page, '/map?from=all&measure=within_day')
    const choice = page.locator('[data-testid=due-row][data-due=within_day]')
    await expect.poll(async () => digits(await choice.innerText()), slow).toBeGreaterThan(0)
    await choice.click()
    await expect.poll(() => page.url()).toContain('due=within_day')
    // other tests report meanwhile
    await expect
      .poll(async () => {
        const told = [digits(await choice.innerText())]
        for (const id of ['total-count', 'open-count', 'list-total'])
          told.push(await shownCount(page, id))
        return new Set(told).size === 1 && told[0]! > 0
      }, slow)
      .toBe(true)
    const [most] = await page.getByTestId('area-count').allInnerTexts()
    expect(digits(most!)).toBeGreaterThan(0)
  })

  it('filtered to what has no deadline, on the map, in the list and in the chart of months', async () => {
    await goInApp(page, '/map?from=all&due=none')
    const choice = page.locator('[data-testid=due-row][data-due=none]')
    let count = 0
    await expect
      .poll(async () => {
        count = digits(await choice.innerText())
        const told = [count]
        for (const id of ['total-count', 'open-count', 'list-total'])
          told.push(await shownCount(page, id))
        return new Set(told).size === 1 && count > 0
      }, slow)
      .toBe(true)
    await goInApp(page, '/overview?from=all&due=none')
    await page.getByTestId('chart-flow').locator('svg').first().waitFor()
    await page.getByTestId('chart-flow').getByRole('button').first().click()
    const received = page.getByTestId('chart-flow').locator('tbody tr td:nth-child(2)')
    await expect
      .poll(async () => {
        const all = await received.allInnerTexts()
        return all.reduce((sum, text) => sum + digits(text), 0)
      }, slow)
      .toBe(count)
  })
})

const digits = (text: string): number => Number(text.replace(/\D/g, ''))

/** Column and row of the web-mercator tile that holds a place. */
function tileOf(lng: number, lat: number, zoom: number): string {
  const tiles = 2 ** zoom
  const radians = (lat * Math.PI) / 180
  const row = ((1 - Math.asinh(Math.tan(radians)) / Math.PI) / 2) * tiles
  return [zoom, Math.floor(((lng + 180) / 360) * tiles), Math.floor(row)].join('/')
}
