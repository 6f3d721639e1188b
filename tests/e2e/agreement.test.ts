import type { Browser, Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { launchChromium } from '../support/browser.ts'
import { oracleRows, type OracleRow } from '../support/oracle.ts'
import { openPage, shownCount } from '../support/session.ts'

const rows = oracleRows()
/** A period inside the demo's data: what other tests report lies outside it. */
const year = 'from=2015-02-01&to=2016-01-31'

/** What passes the filter in a URL, read and counted here from the CSV. */
function expectedRows(href: string): OracleRow[] {
  const query = new URL(href).searchParams
  const list = (key: string): string[] => query.get(key)?.split('~').filter(Boolean) ?? []
  const areas = list('area').length > 0 ? list('area') : list('in')
  const categories = list('category')
  const stages = list('stage')
  const [from, to] = [query.get('from') ?? '0000', query.get('to') ?? '9999']
  const box = query.get('bbox')
  if (box) throw new Error('the box is checked by its own test')
  return rows.filter(
    (row) =>
      row.day >= from &&
      row.day <= to &&
      (areas.length === 0 ||
        areas.some((code) => ['SF', row.communityCode, row.gridCode].includes(code))) &&
      (categories.length === 0 || categories.includes(row.category)) &&
      (stages.length === 0 || stages.includes(row.open ? 'dispatched' : 'closed')) &&
      (!query.has('open') || row.open),
  )
}

/** Totals, list, top areas and, on the overview, tiles and months must all say the same. */
async function expectAgreement(page: Page): Promise<OracleRow[]> {
  let expected: OracleRow[] = []
  await expect
    .poll(
      async () => {
        expected = expectedRows(page.url())
        return (
          (await shownCount(page, 'total-count')) - expected.length ||
          (await shownCount(page, 'list-total')) - expected.length
        )
      },
      { timeout: 15_000, interval: 200 },
    )
    .toBe(0)
  expect(await shownCount(page, 'open-count')).toBe(expected.filter((row) => row.open).length)
  return expected
}

/** The same link on the overview: tiles, and the months' received added up from the table. */
async function expectOverviewAgreement(page: Page): Promise<void> {
  const link = new URL(page.url())
  link.pathname = '/overview'
  await page.goto(link.href)
  await page.getByTestId('chart-flow').locator('svg').first().waitFor()
  const expected = expectedRows(page.url())
  await expect.poll(() => shownCount(page, 'total-count'), { timeout: 15_000 }).toBe(expected.length)
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
  beforeAll(async () => void (browser = await launchChromium()))
  afterAll(() => browser?.close())

  async function openMap(query = year) {
    const opened = await openPage(browser, { url, role: 'leader', path: `/map?${query}` })
    await opened.page.getByTestId('list-row').first().waitFor({ timeout: 30_000 })
    return opened
  }

  it('filtered from the URL', async () => {
    const { page, context, problems } = await openMap(
      'from=2014-06-10&to=2015-03-04&category=illegal_parking~aging_facility&area=SF-N-19~SF-N-34&open=1',
    )
    const expected = await expectAgreement(page)
    expect(expected.length).toBeGreaterThan(0)
    await expectOverviewAgreement(page)
    expect(problems).toEqual([])
    await context.close()
  })

  it('filtered from the category tree, the stages and a top area, then undone by "back"', async () => {
    const { page, context } = await openMap()
    const before = page.url()
    const whole = await expectAgreement(page)
    await page.getByTestId('category-row').first().locator('button[role=checkbox], input').first().click()
    await expect.poll(() => page.url()).toContain('category=')
    const byCategory = await expectAgreement(page)
    expect(byCategory.length).toBeLessThan(whole.length)
    await page.getByTestId('area-row').first().locator('button').first().click()
    await expect.poll(() => page.url()).toContain('area=')
    const byArea = await expectAgreement(page)
    expect(byArea.length).toBeLessThan(byCategory.length)
    await page.getByTestId('stage-row').first().locator('button[role=checkbox], input').first().click()
    await expect.poll(() => page.url()).toContain('stage=')
    await expectAgreement(page)
    for (let i = 0; i < 3; i++) await page.goBack()
    // where the map stands is in the link too, and is not a part of the filter
    const filterOf = (href: string): string[] =>
      [...new URL(href).searchParams].flatMap(([key, value]) => (key === 'at' ? [] : [key, value]))
    await expect.poll(() => filterOf(page.url())).toEqual(filterOf(before))
    await expectAgreement(page)
    await context.close()
  })

  it('filtered from the histogram, by keys and by a drag', async () => {
    const { page, context } = await openMap()
    const start = page.getByTestId('histogram').getByRole('slider').first()
    await start.focus()
    for (let i = 0; i < 3; i++) await page.keyboard.press('ArrowRight')
    await expect.poll(() => page.url()).not.toContain('from=2015-02-01')
    const byKeys = await expectAgreement(page)
    expect(byKeys.length).toBeGreaterThan(0)
    const box = (await page.getByTestId('histogram').boundingBox())!
    const y = box.y + box.height / 2
    await page.mouse.move(box.x + box.width * 0.2, y)
    await page.mouse.down()
    await page.mouse.move(box.x + box.width * 0.3, y, { steps: 5 })
    await page.mouse.move(box.x + box.width * 0.4, y, { steps: 5 })
    await page.mouse.up()
    await expect.poll(() => page.url()).not.toContain('to=2016')
    const byDrag = await expectAgreement(page)
    expect(byDrag.length).toBeGreaterThan(0)
    await context.close()
  })

  it('filtered by a click on the map', async () => {
    const { page, context, problems } = await openMap()
    await page.waitForTimeout(3000)
    const box = (await page.getByTestId('map').boundingBox())!
    await page.mouse.click(box.x + box.width * 0.55, box.y + box.height * 0.55)
    await expect.poll(() => page.url(), { timeout: 10_000 }).toMatch(/area=SF-/)
    const expected = await expectAgreement(page)
    expect(expected.length).toBeGreaterThan(0)
    await expectOverviewAgreement(page)
    expect(problems).toEqual([])
    await context.close()
  })

  it('filtered from the list: the category and area of one incident', async () => {
    const { page, context } = await openMap()
    await page.getByTestId('list-row').nth(2).click()
    await page.getByTestId('incident-detail').waitFor()
    await page.getByTestId('narrow-category').click()
    await expect.poll(() => page.url()).toContain('category=')
    await page.getByTestId('narrow-area').click()
    await expect.poll(() => page.url()).toMatch(/area=SF-/)
    const shown = await shownCount(page, 'total-count')
    expect(shown).toBeGreaterThan(0)
    await expect.poll(() => shownCount(page, 'list-total')).toBe(shown)
    await context.close()
  })

  it('filtered from a chart of the overview', async () => {
    const { page, context } = await openPage(browser, { url, role: 'leader', path: `/overview?${year}` })
    const bars = page.getByTestId('chart-areas').locator('svg path[fill="#009e73"]')
    await bars.nth(2).waitFor({ timeout: 30_000 })
    await bars.nth(2).click()
    await expect.poll(() => page.url()).toMatch(/area=SF-N-/)
    const expected = expectedRows(page.url())
    expect(expected.length).toBeGreaterThan(0)
    await expect.poll(() => shownCount(page, 'total-count')).toBe(expected.length)
    await context.close()
  })

  it('closed a month and backlog count every incident, whenever reported', async () => {
    const { page, context } = await openPage(browser, {
      url,
      role: 'leader',
      path: '/overview?from=2014-01-01&to=2014-12-31',
    })
    await page.getByTestId('chart-flow').locator('svg').first().waitFor({ timeout: 30_000 })
    // the backlog needs all months, not only those of the period
    await page.getByRole('progressbar').waitFor({ state: 'hidden', timeout: 30_000 })
    await page.getByTestId('chart-flow').getByRole('button').first().click()
    const table = await page.getByTestId('chart-flow').locator('tbody tr').allInnerTexts()
    expect(table).toHaveLength(12)
    for (const line of table) {
      const [month = '', received, closed, backlog] = line.split(/\s+/)
      expect([month, received, closed, backlog].map(String)).toEqual([
        month,
        ...[
          rows.filter((row) => row.day.startsWith(month)).length,
          rows.filter((row) => row.closedMonth === month).length,
          rows.filter(
            (row) =>
              row.day.slice(0, 7) <= month && (row.closedMonth === null || row.closedMonth > month),
          ).length,
        ].map(String),
      ])
    }
    await context.close()
  })
})
