import { readFile } from 'node:fs/promises'
import Papa from 'papaparse'
import type { Browser, BrowserContext, Locator, Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import type { FindingMarks } from '../../src/domain/answers/finding-marks.ts'
import { apiClient, applyCommand, call, reportIncident } from '../kit/api.ts'
import { axeFindings, axeProblems, colorsSettle } from '../kit/axe.ts'
import { flowBrowser } from '../kit/flow-browser.ts'
import {
  areaNames,
  areaSizes,
  countBy,
  lastDayOf,
  laterMonth,
  newestFirst,
  oracleRows,
  rowsOfLink,
  wholeYear,
  type Box,
  type OracleRow,
} from '../kit/oracle.ts'
import { repeatSizes } from '../kit/repeat-oracle.ts'
import { addDays } from '../../src/domain/time/calendar.ts'
import {
  colorsAround,
  insidePlaces,
  legendRows,
  pixelOf,
  type LegendRow,
} from '../kit/map-colors.ts'
import { minObserved, minRatio } from '../../src/domain/answers/findings.ts'
import { comeBackToTab, goInApp, openPage, shownCount, type OpenPage } from '../kit/session.ts'
import { slow, slower } from '../kit/patience.ts'

const rows = oracleRows(inject('demoWeeks'))
const { from, to, link: year } = wholeYear(rows)
/** A month in the middle of the year. */
const month = laterMonth(from.slice(0, 7), 4)
const rowHeight = 72
/** High enough for all six top areas. */
const desk = { width: 1280, height: 820 }
/** Nothing here narrows by place on the map. */
const anywhere: Box = [-180, -90, 180, 90]

/** One person signs in once and walks through everything the page offers. */
/** From the top left of the page to its bottom right: clear of legend, tools and edges. */
const clearOf = { left: 320, top: 130, right: 80, bottom: 150 }

const squarePixels = 24

describe('the colours of the map', () => {
  const url = inject('appUrl')
  const size = { width: 1000, height: 640 }
  let browser: Browser
  let opened: OpenPage
  beforeAll(async () => {
    browser = await flowBrowser()
    opened = await openPage(browser, { url, role: 'leader', path: '/account', ...size })
  })
  afterAll(() => browser?.close())

  // a change of the theme draws anew, another place makes another map
  it.each([
    ['community', 12, 'light'],
    ['community', 12, 'dark'],
    ['grid', 16, 'dark'],
    ['grid', 16, 'light'],
  ] as const)(
    'are those of the legend over streets, by %s at zoom %i, %s',
    async (level, zoom, theme) => {
      const { page, problems } = opened
      const legend = page.getByTestId('legend')
      const at = `${zoom}/37.76/-122.42`
      await page.emulateMedia({ colorScheme: theme })
      if (new URL(page.url()).searchParams.get('at') !== at) {
        await goInApp(page, '/account')
        await legend.waitFor({ state: 'detached' })
        await goInApp(page, `/map?${year}&measure=count&at=${at}`)
      }
      await page.locator(`html.${theme}`).waitFor({ state: 'attached' })
      await page.getByTestId('total-count').waitFor(slow)
      const toggle = legend.locator('button').first()
      if ((await toggle.getAttribute('aria-expanded')) === 'false') await toggle.click()
      await legend.locator('li').first().waitFor(slow)
      const expected = rowsOfLink(rows, page.url(), anywhere)
      const counts = countBy(expected, (row) =>
        level === 'grid' ? row.gridCode : row.communityCode,
      )
      const seen: { x: number; y: number; code: string }[] = []
      for (const [code, place] of insidePlaces(level, zoom, squarePixels)) {
        const { x, y } = await pixelOf(page, place)
        const isClear =
          x > clearOf.left &&
          y > clearOf.top &&
          x < size.width - clearOf.right &&
          y < size.height - clearOf.bottom
        if (isClear) seen.push({ x, y, code })
      }
      expect(seen.length).toBeGreaterThan(zoom === 12 ? 5 : 0)
      const swatchOf = (code: string, legendNow: readonly LegendRow[]): string | undefined =>
        legendNow.find(({ label }) => {
          const [low = 0, high = low] = label
            .split('–')
            .map((text) => Number(text.replace(/\D/g, '')))
          const count = counts.get(code) ?? 0
          return count >= low && count <= high
        })?.color
      const differing = async (): Promise<unknown[]> => {
        const [legendNow, colors] = [
          await legendRows(page),
          await colorsAround(page, seen, squarePixels),
        ]
        return seen.flatMap(({ code }, index) => {
          const [shown, wanted] = [colors[index], swatchOf(code, legendNow)]
          return wanted !== undefined && shown === wanted ? [] : [[code, shown, wanted]]
        })
      }
      await expect.poll(differing, slow).toEqual([])
      expect(problems).toEqual([])
    },
  )
})

describe('the map page', () => {
  const url = inject('appUrl')
  let browser: Browser
  let context: BrowserContext
  let page: Page
  let problems: string[]
  const expected = (): OracleRow[] => rowsOfLink(rows, page.url(), anywhere)
  const query = (key: string): string | null => new URL(page.url()).searchParams.get(key)
  const tool = (name: string) =>
    page.getByRole('group', { name: 'Map tools' }).getByRole('button', { name })
  const list = () => page.getByRole('listbox', { name: 'Incidents' })
  const listed = (): Promise<string[]> =>
    page
      .getByTestId('list-row')
      .evaluateAll((all) => all.map((row) => (row as HTMLElement).dataset.key ?? ''))
  const topVisible = (): Promise<string | null> =>
    list().evaluate((element) => {
      const { left, top } = element.getBoundingClientRect()
      const row = document.elementFromPoint(left + 40, top + 10)?.closest('[data-key]')
      return (row as HTMLElement | null)?.dataset.key ?? null
    })

  async function expectCounted(): Promise<void> {
    await expect
      .poll(async () => (await shownCount(page, 'total-count')) - expected().length)
      .toBe(0)
    expect(expected().length).toBeGreaterThan(0)
  }
  beforeAll(async () => {
    browser = await flowBrowser()
    ;({ page, context, problems } = await openPage(browser, {
      url,
      role: 'leader',
      path: `/map?${year}&measure=count`,
      ...desk,
      streets: false,
    }))
    await page.getByTestId('list-row').first().waitFor(slow)
  })
  afterAll(() => browser?.close())

  it('narrows by a preset, by a month of the trend and by a searched area; "back" undoes each', async () => {
    // a part of the city in which nobody reports during the tests
    await page.locator('[data-testid=area-row][data-code="SF-N-36"] button').first().click()
    await expect.poll(() => query('area')).toBe('SF-N-36')
    await page.getByTestId('period-preset').click()
    await page.getByRole('option', { name: 'All time' }).click()
    await expect.poll(() => query('from')).toBe('all')
    await expectCounted()
    await page.goBack()
    await expect.poll(() => query('from')).toBe(from)
    await page.goBack()
    await expect.poll(() => query('area')).toBeNull()

    await page.locator(`[data-testid=trend-month][data-month="${month}"]`).click()
    await expect.poll(() => query('from')).toBe(`${month}-01`)
    expect(query('to')).toBe(lastDayOf(month))
    await expectCounted()
    await page.goBack()
    await expect.poll(() => query('to')).toBe(to)

    const before = query('at')
    await page.getByTestId('area-search').fill('SF-N-1')
    await page.getByTestId('area-search').press('ArrowDown')
    await page.getByTestId('area-search').press('Enter')
    await expect.poll(() => query('area')).toMatch(/^SF-N-1/)
    await expectCounted()
    await expect.poll(() => query('at')).not.toBe(before)
    await page.goBack()
    await expect.poll(() => query('area')).toBeNull()
    await expectCounted()
    await tool('Reset view').click()
  })

  it('goes down the hierarchy and back up by its trail', async () => {
    const trail = page.getByRole('navigation', { name: 'Where you are' })
    const mission = page.locator('[data-testid=area-row][data-code="SF-N-19"]')
    await mission.getByRole('button', { name: /^Go into/ }).click()
    await expect.poll(() => query('in')).toBe('SF-N-19')
    await expectCounted()
    await expect.poll(() => trail.innerText()).toMatch(/San Francisco\s+Mission/)
    // the map went there, and below it are grids
    await expect.poll(() => page.getByTestId('legend-level').innerText()).toBe('Incidents by Grid')
    const codes = await page
      .getByTestId('area-row')
      .evaluateAll((all) => all.map((row) => (row as HTMLElement).dataset.code ?? ''))
    const grids = new Set(expected().map(({ gridCode }) => gridCode))
    expect(codes.length).toBeGreaterThan(3)
    expect(codes.filter((code) => !grids.has(code))).toEqual([])
    await trail.getByRole('button', { name: 'San Francisco' }).click()
    await expect.poll(() => query('in')).toBeNull()
    await expect
      .poll(() => page.getByTestId('legend-level').innerText())
      .toBe('Incidents by Community')
  })

  it('draws heat instead of areas, and levels that follow the zoom', async () => {
    const legend = page.getByTestId('legend-level')
    await page.getByText('Heat', { exact: true }).click()
    await expect.poll(() => legend.innerText()).toBe('Density of incidents')
    expect(query('layer')).toBe('heat')
    await page.getByRole('group', { name: 'Map shows' }).getByText('Areas').click()
    await expect.poll(() => legend.innerText()).toBe('Incidents by Community')
    await expect.poll(() => query('layer')).toBeNull()
    for (let step = 0; step < 3; step++) await tool('Zoom in').click()
    await expect.poll(() => legend.innerText()).toBe('Incidents by Grid')
    await tool('Reset view').click()
    await expect.poll(() => legend.innerText()).toBe('Incidents by Community')
  })

  it('compares a month with the same days a year before, side by side in the same classes', async () => {
    await page.getByTestId('legend').locator('li').first().waitFor(slow)
    const start = query('at')
    await tool('Zoom in').click()
    await expect.poll(() => query('at')).not.toBe(start)
    const near = query('at')
    await tool('Reset view').click()
    await expect.poll(() => query('at')).not.toBe(near)
    const at = query('at')!
    await goInApp(page, `/map?from=${month}-01&to=${lastDayOf(month)}&measure=open&at=${at}`)
    const bar = page.getByTestId('compare-bar')
    const second = page.getByTestId('compared-map')
    await page.getByTestId('compare').click()
    await expect.poll(() => query('compare')).toBe('period_before')
    await bar.getByText('A year before').click()
    await expect.poll(() => query('compare')).toBe('year_before')
    // due times of closed incidents are not kept here: "due within a day" then is not known
    await page.getByTestId('measure').click()
    const offered = (name: string) => page.getByRole('option', { name, exact: true })
    await offered('Overdue').waitFor(slow)
    expect(await offered('Due within a day').count()).toBe(0)
    await page.getByRole('option', { name: 'Incidents', exact: true }).click()
    await expect.poll(() => query('measure')).toBe('count')

    const countsOf = (wanted: string) =>
      countBy(
        rows.filter(({ day }) => day.startsWith(wanted)),
        ({ communityCode }) => communityCode,
      )
    const [earlier, later] = [countsOf(laterMonth(month, -12)), countsOf(month)]
    const codes = [...areaNames('community').keys()]
    const legend = () =>
      page
        .getByTestId('legend')
        .locator('li')
        .evaluateAll((all) =>
          all.map((row) => {
            const [label = '', ...areas] = (row as HTMLElement).innerText.split('\n')
            const [low = 0, high = low] = label.split('–').map(Number)
            const { backgroundColor } = getComputedStyle(row.querySelector('[data-testid=swatch]')!)
            return { low, high, areas: areas.map(Number), color: backgroundColor }
          }),
        )
    const isIn = ({ low, high }: { low: number; high: number }, count = 0): boolean =>
      count >= low && count <= high
    await expect
      .poll(async () => {
        const classes = await legend()
        const areasIn = (counts: Map<string, number>, one: (typeof classes)[number]): number =>
          codes.filter((code) => isIn(one, counts.get(code))).length
        return (
          classes.length > 2 &&
          classes.every(
            (one) =>
              one.areas.join() === [areasIn(earlier, one), areasIn(later, one)].join() &&
              one.high >= one.low,
          )
        )
      })
      .toBe(true)

    const day = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeZone: 'UTC' })
    const daysOf = (wanted: string): string =>
      [`${wanted}-01`, lastDayOf(wanted)].map((one) => day.format(new Date(one))).join(' – ')
    expect(await page.getByTestId('compare-left').innerText()).toBe(daysOf(laterMonth(month, -12)))
    expect(await page.getByTestId('compare-right').innerText()).toBe(daysOf(month))

    const divider = page.getByTestId('compare-divider')
    const frame = (await page.getByTestId('map').boundingBox())!
    const middle = async (): Promise<number> => {
      const box = (await divider.boundingBox())!
      return box.x + box.width / 2
    }
    const side = 10
    /** Colours on the screen against those of the legend, away from what lies over the map. */
    const expectPainted = async (): Promise<{ x: number; y: number; code: string }[]> => {
      const classes = await legend()
      const end = await middle()
      const seen: { x: number; y: number; code: string }[] = []
      for (const [code, place] of insidePlaces('community', Number(at.split('/')[0]), side)) {
        const { x, y } = await pixelOf(page, place)
        const isClear =
          x > frame.x + (y > frame.y + frame.height - 330 ? 250 : 10) &&
          y > frame.y + 110 &&
          x < frame.x + frame.width - 60 &&
          y < frame.y + frame.height - 40 &&
          Math.abs(x - end) > 20
        if (isClear) seen.push({ x, y, code })
      }
      const colors = await colorsAround(page, seen, side)
      expect(seen.map(({ code }, index) => [code, colors[index]])).toEqual(
        seen.map(({ code, x }) => {
          const count = (x < end ? earlier : later).get(code)
          return [code, classes.find((one) => isIn(one, count))?.color]
        }),
      )
      expect(seen.length).toBeGreaterThan(5)
      return seen
    }
    const seen = await expectPainted()
    await divider.focus()
    await page.keyboard.press('Home')
    expect(await divider.getAttribute('aria-valuenow')).toBe('0')
    await expectPainted()
    await page.keyboard.press('End')
    await expectPainted()
    await page.keyboard.press('PageDown')
    expect(await divider.getAttribute('aria-valuetext')).toContain('90%')
    await page.mouse.move(await middle(), frame.y + 300)
    await page.mouse.down()
    await page.mouse.move(frame.x + frame.width * 0.4, frame.y + 320, { steps: 4 })
    await page.mouse.up()
    await expect.poll(() => divider.getAttribute('aria-valuenow')).toBe('40')
    expect(query('at')).toBe(at)

    const { code, ...place } = seen.find((one) => (earlier.get(one.code) ?? 0) > 2)!
    await page.mouse.move(place.x, place.y)
    const tip = await page.getByTestId('map-tooltip').innerText()
    const [before = 0, now = 0] = [earlier.get(code), later.get(code)]
    const change = Math.round((now / before - 1) * 100)
    expect(tip.split('\n').filter(Boolean).slice(2, 8)).toEqual([
      daysOf(laterMonth(month, -12)),
      String(before),
      daysOf(month),
      String(now),
      'Change',
      `${change < 0 ? '−' : '+'}${Math.abs(change)}%`,
    ])
    expect(await axeProblems(page, ['light', 'dark'])).toEqual([])

    await second.locator('canvas').evaluate((canvas: HTMLCanvasElement) => {
      canvas.dataset.lost = 'yes'
      canvas.getContext('webgl2')?.getExtension('WEBGL_lose_context')?.loseContext()
    })
    await second.locator('canvas:not([data-lost])').first().waitFor(slow)

    await page.getByTestId('compare-end').click()
    await expect.poll(() => query('compare')).toBeNull()
    await second.waitFor({ state: 'detached' })
    expect((await legend())[0]!.areas).toHaveLength(1)
    await goInApp(page, `/map?${year}&measure=count&at=${at}`)
    await expectCounted()
  })

  it('leaves the pile of the demo city out of every count by one click, and brings it back', async () => {
    const notice = page.getByTestId('quality')
    await page.getByTestId('period-preset').click()
    await page.getByRole('option', { name: 'All time' }).click()
    await expect.poll(() => query('from')).toBe('all')
    const points = countBy(expected(), ({ lng, lat }) => `${lng} ${lat}`)
    const pile = Math.max(...points.values())
    await notice.getByText(`Incidents: ${pile} of`).waitFor()
    const before = await shownCount(page, 'total-count')
    await notice.getByRole('button', { name: 'Leave out' }).click()
    await expect.poll(() => shownCount(page, 'total-count')).toBe(before - pile)
    expect(query('except')).toMatch(/^\d+\.\d+$/)
    await page.locator('[data-testid=chip][data-key=exceptPoints]').waitFor()
    await notice.getByRole('button', { name: 'Bring back' }).click()
    await expect.poll(() => shownCount(page, 'total-count')).toBe(before)
    await page.goBack()
    await page.goBack()
    await page.goBack()
    await expect.poll(() => query('from')).toBe(from)
  })

  it('finds the person and fills the screen', async () => {
    await tool('Full screen').click()
    await tool('Leave full screen').click()
    await tool('Full screen').waitFor()

    await tool('Where am I').click()
    await page.getByText('The browser may not use your position').waitFor()
    await page.getByRole('button', { name: 'Dismiss' }).click()
    await context.grantPermissions(['geolocation'], { origin: url })
    await context.setGeolocation({ longitude: -122.42, latitude: 37.76, accuracy: 30 })
    await tool('Where am I').click()
    await expect.poll(() => query('at')).toMatch(/^16\/37\.7600\d\/-122\.4200\d$/)
    await tool('Reset view').click()
  })

  it('sorts the list, which a link shows the same', async () => {
    await page.getByTestId('list-sort').click()
    await page.getByRole('option', { name: 'Oldest first' }).click()
    await expect.poll(() => query('sort')).toBe('reported_asc')
    const oldest = newestFirst(expected()).toReversed()
    await expect.poll(async () => (await listed())[0]).toBe(oldest[0])
    await page.reload()
    await page.getByTestId('list-row').first().waitFor()
    const first = await listed()
    expect(first).toEqual(oldest.slice(0, first.length))
  })

  it('keeps the place in the list, the neighbours and the incident when others change data', async () => {
    const [firstBefore] = await listed()
    await goInApp(page, `/map?from=${from}&to=2099-12-31`)
    await expect.poll(async () => (await listed())[0], slow).not.toBe(firstBefore)
    // past the first page
    for (const pages of [1, 2]) {
      await list().evaluate((element) => element.scrollTo(0, element.scrollHeight))
      await expect
        .poll(() => list().evaluate((element) => element.scrollHeight))
        .toBe((pages + 1) * 100 * rowHeight)
    }
    await list().evaluate((element, to) => element.scrollTo(0, to), 230 * rowHeight)
    await expect.poll(topVisible).not.toBeNull()
    const place = await topVisible()
    await page.locator(`[data-key="${place}"]`).click()
    await page.getByTestId('incident-detail').getByText('Number', { exact: true }).waitFor()
    const mark = await topVisible()

    const total = await shownCount(page, 'total-count')
    const reported = await reportIncident(await apiClient(url, 'field'))
    await expect
      .poll(async () => (await comeBackToTab(page), shownCount(page, 'total-count')), slow)
      .toBe(total + 1)
    await expect
      .poll(() => page.locator('[role=option]').first().getAttribute('aria-setsize'))
      .toBe(String(total + 1))
    await page.waitForFunction(
      () => !document.querySelector('[aria-label=Incidents] .animate-spin'),
    )
    await expect.poll(topVisible).toBe(mark)
    expect(await page.locator('[data-key][aria-selected=true]').getAttribute('data-key')).toBe(
      place,
    )
    for (const step of ['detail-next', 'detail-previous']) {
      const id = query('incident')
      await page.getByTestId(step).click()
      await expect.poll(() => query('incident')).not.toBe(id)
    }
    expect(query('incident')).toBe(place)
    await list().evaluate((element) => element.scrollTo(0, 0))
    await expect.poll(async () => (await listed())[0]).toBe(reported)
    await page.getByTestId('detail-close').click()
  })

  it('opens an incident by keys, clean under axe and on paper, and gives the focus back', async () => {
    await list().focus()
    await page.keyboard.press('End')
    await page.keyboard.press('Home')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    const detail = page.getByTestId('incident-detail')
    await detail.getByText('Number', { exact: true }).waitFor()
    await expect
      .poll(() => detail.evaluate((element) => element === document.activeElement))
      .toBe(true)
    await page.emulateMedia({ colorScheme: 'dark' })
    await page.locator('html.dark').waitFor({ state: 'attached' })
    await colorsSettle(page)
    expect(await axeFindings(page, { part: '[data-testid=incident-detail]' })).toEqual([])

    await page.emulateMedia({ colorScheme: 'dark', media: 'print' })
    await page.locator('html.light').waitFor({ state: 'attached' })
    expect(await page.getByTestId('map').isVisible()).toBe(false)
    expect(await page.getByTestId('detail-close').isVisible()).toBe(false)
    const number = detail.getByText(/^\d{4}-\d{6}/)
    const paper = await number.evaluate((element) => {
      const [ink, ground] = [element, document.body].map((of) => getComputedStyle(of))
      const canvas = new OffscreenCanvas(1, 1).getContext('2d')!
      canvas.fillStyle = ink!.color
      canvas.fillRect(0, 0, 1, 1)
      const [red = 255] = canvas.getImageData(0, 0, 1, 1).data
      return {
        isDark: red < 80,
        ground: ground!.backgroundColor,
        pixels: element.getBoundingClientRect().height,
      }
    })
    expect(paper).toMatchObject({ isDark: true, ground: 'rgb(255, 255, 255)' })
    expect(paper.pixels).toBeGreaterThan(0)
    // upright paper is narrower than the layout of a desk: it was blank
    const pdf = (await page.pdf({ format: 'A4' })).toString('latin1')
    expect(pdf.match(/\/Type \/Page\b/g)).toHaveLength(1)
    expect(pdf.length).toBeGreaterThan(10_000)
    await page.emulateMedia({ colorScheme: 'light', media: 'screen' })

    await page.keyboard.press('Escape')
    await detail.waitFor({ state: 'detached' })
    expect(await list().evaluate((element) => element === document.activeElement)).toBe(true)
  })

  it('keeps the place in the list of a phone, which an incident covers', async () => {
    await page.setViewportSize({ width: 390, height: 844 })
    await page.getByTestId('tab-list').click()
    await page.getByTestId('list-row').first().waitFor()
    await list().evaluate((element, to) => element.scrollTo(0, to), 30 * rowHeight)
    await expect.poll(topVisible).not.toBeNull()
    const place = (await topVisible())!
    await page.locator(`[data-key="${place}"]`).click()
    await page.getByTestId('incident-detail').getByText('Number', { exact: true }).waitFor()
    expect(await page.getByTestId('tab-list').isVisible()).toBe(false)
    await page.getByTestId('detail-close').click()
    await page.getByTestId('tab-list').waitFor()
    await expect.poll(topVisible).toBe(place)
    await page.setViewportSize(desk)
  })

  it('draws again by itself where it stood when the graphics stop, and asks when they stay away', async () => {
    const at = query('at')
    const stopped = page.getByText('This device cannot draw the map')
    const canvas = page.getByTestId('map').locator('canvas.maplibregl-canvas')
    // the width has just changed: the map that is there may be about to give way to another
    const loseContext = async (): Promise<void> => {
      await canvas.first().evaluate((element) => {
        ;(element as HTMLCanvasElement).dataset.lost = 'yes'
        ;(element as HTMLCanvasElement)
          .getContext('webgl2')
          ?.getExtension('WEBGL_lose_context')
          ?.loseContext()
      })
    }
    const isNew = () => page.locator('[data-testid=map] canvas:not([data-lost])')
    await loseContext()
    await isNew().first().waitFor(slow)
    expect(await stopped.isVisible()).toBe(false)
    await expect.poll(() => query('at')).toBe(at)
    // as on a device without WebGL 2
    await page.evaluate(() => {
      const { getContext } = HTMLCanvasElement.prototype
      Object.assign(window, {
        drawAgain: () => (HTMLCanvasElement.prototype.getContext = getContext),
      })
    })
    await loseContext()
    await page.evaluate(() => (HTMLCanvasElement.prototype.getContext = () => null))
    await stopped.waitFor(slow)
    await page.evaluate('window.drawAgain()')
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByTestId('map').locator('canvas').waitFor()
    await tool('Zoom out').click()
    await expect.poll(() => query('at')).not.toBe(at)
  })

  it('makes a follow-up from the top finding, and puts one aside that is not of interest', async () => {
    await goInApp(page, `/map?${year}&measure=count&layer=hotspots`)
    const cards = page.getByTestId('finding')
    const titles = (): Promise<string[]> => cards.locator('h3').allTextContents()
    const button = (name: string) => page.getByRole('button', { name, exact: true })
    await cards.first().waitFor(slow)
    const [top, second] = await titles()
    const form = page.getByTestId('mark-dialog')

    await button(`Make a follow-up task: ${top}`).click()
    expect(await axeProblems(page, ['light'])).toEqual([])
    await page.getByTestId('mark-submit').click()
    await form.getByText('Fill this in.').waitFor()
    await form.getByLabel('To do').fill('Go there <b>twice</b>')
    await page.getByTestId('mark-submit').click()
    await cards.first().getByText('Follow-up by you').waitFor()

    await button(`Not of interest: ${second}`).click()
    await form.getByLabel('Reason').fill('A fair')
    await page.getByTestId('mark-submit').click()
    const aside = page.getByTestId('dismissed')
    await aside.waitFor()
    expect(await titles()).not.toContain(second)
    // the undo opens the form as it was
    await page.getByRole('button', { name: 'Undo' }).last().click()
    await aside.waitFor({ state: 'detached' })
    expect(await titles()).toContain(second)
    expect(await form.getByLabel('Reason').inputValue()).toBe('A fair')
    await page.getByTestId('mark-submit').click()
    await aside.locator('summary').click()

    const marks = await apiClient(url, 'leader')
    const kept = () => call<FindingMarks>(marks, 'finding_marks')
    await expect.poll(async () => (await kept()).dismissals, slower).toHaveLength(1)
    const { followUps } = await kept()
    expect(followUps).toMatchObject([
      { note: 'Go there <b>twice</b>', facts: { from, to }, madeByName: 'Leader' },
    ])
    await cards.first().getByText('Follow-up by Leader').waitFor()
    expect(await axeProblems(page, ['light', 'dark'])).toEqual([])

    await button(`Take back: ${second}`).click()
    await aside.waitFor({ state: 'detached' })
    expect(await titles()).toContain(second)
    await applyCommand(marks, 'finish_follow_up', { id: followUps[0]!.id, note: 'Done' })
    await expect.poll(async () => (await kept()).dismissals, slower).toEqual([])
    expect(problems).toEqual([])
  })

  it('shows as tables what the map shows, at the level and in the order of a link', async () => {
    await goInApp(page, `/table?${year}&measure=count&level=grid&rank=code_asc&sort=area_asc`)
    await page.getByTestId('map').waitFor({ state: 'detached' })
    const row = page.getByTestId('list-row')
    await row.first().waitFor()
    const codes = [...new Set(rows.map(({ gridCode }) => gridCode))].toSorted()
    expect(await page.getByTestId('area-row').first().getAttribute('data-code')).toBe(codes[0])
    const byArea = expected()
      .map(({ gridCode }) => gridCode)
      .toSorted()
    const firstArea = await page.getByTestId('list-row').first().getAttribute('data-key')
    expect(rows.find(({ id }) => id === firstArea)?.gridCode).toBe(byArea[0])

    await page.getByText('Community', { exact: true }).click()
    await expect.poll(() => query('level')).toBeNull()
    await page.getByRole('button', { name: 'Received' }).first().click()
    await expect.poll(() => query('rank')).toBe('count_desc')
    await page.getByRole('button', { name: 'Reported' }).click()
    await expect.poll(() => query('sort')).toBeNull()
    await expect.poll(listed).toEqual(newestFirst(expected()).slice(0, 100))
    await page.getByTestId('more-rows').click()
    await expect.poll(listed).toEqual(newestFirst(expected()).slice(0, 200))

    // The file has all rows of the filter, and its name says city, period and filter.
    await page.getByTestId('export').first().click()
    await page.getByTestId('export-csv').check()
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByTestId('export-save').click(),
    ])
    expect(download.suggestedFilename()).toMatch(
      /^San Francisco.* Incidents \d{4}-\d\d-\d\d \d{4}-\d\d-\d\d.*\.csv$/,
    )
    const saved = await readFile(await download.path(), 'utf8')
    expect(saved.trimEnd().split('\r\n').length - 1).toBe(expected().length)
    const [lastId] = newestFirst(expected()).slice(-1)
    expect(saved).toContain(lastId)
    await page.keyboard.press('Escape')

    // One field on every page finds the number of a row.
    const shown = await page
      .locator('tr', { has: page.getByTestId('list-row') })
      .nth(3)
      .innerText()
    const [caseNumber = ''] = /\d{4}-\d{6}/.exec(shown) ?? []
    await page.locator('body').press('/')
    // typed at once: the field has the focus, so that a space belongs to it
    await expect
      .poll(() => page.evaluate(() => document.activeElement?.getAttribute('data-testid')))
      .toBe('search-field')
    await page.keyboard.type(caseNumber.replace(/-0*/, ' '))
    await expect
      .poll(() =>
        page
          .getByTestId('search-incidents')
          .first()
          .innerText()
          .catch(() => ''),
      )
      .toContain(caseNumber)
    await page.keyboard.press('Escape')

    await row.nth(120).click()
    const detail = page.getByTestId('incident-detail')
    await detail.getByText('Number', { exact: true }).waitFor()
    await page.keyboard.press('Escape')
    await detail.waitFor({ state: 'detached' })
    expect(await row.nth(120).evaluate((element) => element === document.activeElement)).toBe(true)
    expect(problems).toEqual([])
  })

  it('prints every row of the filter, or says on the paper how many of how many', async () => {
    const counts = [...countBy(expected(), ({ leaf }) => leaf)]
    const [category, count] = counts.find(([, many]) => many > 150 && many < 500)!
    await goInApp(page, `/table?${year}&category=${category}`)
    await expect.poll(async () => (await listed()).length, slow).toBe(100)
    await expect.poll(() => shownCount(page, 'total-count'), slow).toBe(count)
    const part = page.getByTestId('print-part')
    const loaded = newestFirst(expected()).slice(0, 100)

    // the browser's own menu waits for nothing
    await page.emulateMedia({ media: 'print' })
    await expect.poll(() => part.innerText(), slow).toContain(`The first 100 of ${count}.`)
    // the days are in the filters, which paper leaves out
    expect(await page.getByTestId('print-filter').innerText()).toMatch(
      /^\w+ \d+, \d{4} – \w+ \d+, \d{4} · .+ · Data as of /,
    )
    await page.emulateMedia({ media: 'screen' })
    expect(await part.isVisible()).toBe(false)

    // the dialog of the browser would wait for a person
    await page.evaluate(() => {
      window.print = () => (document.body.dataset.printed = 'yes')
    })
    await page.getByTestId('print-list').click()
    await page.locator('body[data-printed]').waitFor(slow)
    expect(await listed()).toEqual(newestFirst(expected()))
    expect(await part.count()).toBe(0)
    await page.evaluate(() => dispatchEvent(new Event('afterprint')))
    await expect.poll(listed).toEqual(loaded)
    expect(problems).toEqual([])
  })
})

/** The text inside a PNG. */
function parametersOf(png: Buffer): unknown {
  const head = 'iTXtParameters\0\0\0\0\0'
  const at = png.indexOf(head, 0, 'latin1')
  const length = png.readUInt32BE(at - 4)
  return JSON.parse(png.toString('utf8', at + head.length, at + 4 + length))
}

/** @param color `rgb(…)` */
const pixelsOf = (page: Page, png: Buffer, color: string): Promise<number> =>
  page.evaluate(
    async ({ data, wanted }) => {
      const bytes = Uint8Array.from(atob(data), (char) => char.charCodeAt(0))
      const image = await createImageBitmap(new Blob([bytes], { type: 'image/png' }))
      const context = new OffscreenCanvas(image.width, image.height).getContext('2d')!
      context.drawImage(image, 0, 0)
      const { data: pixels } = context.getImageData(0, 0, image.width, image.height)
      let count = 0
      for (let i = 0; i < pixels.length; i += 4)
        if (`rgb(${pixels[i]}, ${pixels[i + 1]}, ${pixels[i + 2]})` === wanted) count++
      return count
    },
    { data: png.toString('base64'), wanted: color },
  )

describe('hotspots', () => {
  const url = inject('appUrl')
  let browser: Browser
  beforeAll(async () => void (browser = await flowBrowser()))
  afterAll(() => browser?.close())

  /** Area and category with the most incidents beyond the city's rate by km², from the file alone. */
  function topFinding(own: readonly OracleRow[], sizes: Map<string, number>) {
    const whole = [...sizes.values()].reduce((sum, size) => sum + size, 0)
    const totals = countBy(own, ({ leaf }) => leaf)
    return [...countBy(own, ({ gridCode, leaf }) => `${gridCode} ${leaf}`)]
      .map(([pair, observed]) => {
        const [code = '', leaf = ''] = pair.split(' ')
        const expected = (totals.get(leaf)! * sizes.get(code)!) / whole
        return { code, leaf, observed, expected }
      })
      .filter(
        ({ observed, expected }) => observed >= minObserved && observed >= minRatio * expected,
      )
      .toSorted((a, b) => b.observed - b.expected - (a.observed - a.expected))[0]!
  }

  it('say what the file says, follow the question and take their parameters along', async () => {
    const { page, context, problems } = await openPage(browser, {
      url,
      role: 'manager',
      path: `/map?layer=hotspots&${year}`,
      ...desk,
      streets: false,
    })
    const query = (key: string): string | null => new URL(page.url()).searchParams.get(key)
    const card = page.getByTestId('finding').first()
    await card.waitFor(slow)
    const inScope = rowsOfLink(rows, page.url(), anywhere).filter(
      ({ communityCode }) => communityCode === 'SF-N-19',
    )
    const grids = new Set(
      rows.flatMap((row) => (row.communityCode === 'SF-N-19' ? row.gridCode : [])),
    )
    const sizes = new Map([...areaSizes('grid')].filter(([code]) => grids.has(code)))
    const top = topFinding(inScope, sizes)
    const isTop = ({ gridCode, leaf }: OracleRow): boolean =>
      gridCode === top.code && leaf === top.leaf
    const open = inScope.filter((row) => isTop(row) && row.open).length
    const text = await card.innerText()
    expect(text).toContain(areaNames('grid').get(top.code))
    expect(text).toContain(`${(top.observed / top.expected).toFixed(1)} × expected`)
    expect(text).toContain(`${top.observed.toLocaleString('en')} incidents`)
    expect(text).toContain(`${open.toLocaleString('en')} still open`)

    // of the finding's area against all that the manager sees
    const share = (channel: string, own: readonly OracleRow[]): string =>
      (own.filter((row) => row.channel === channel).length / own.length).toLocaleString('en', {
        style: 'percent',
        maximumFractionDigits: 1,
      })
    const there = inScope.filter(({ gridCode }) => gridCode === top.code)
    expect(there.length).toBeGreaterThan(0)
    await expect
      .poll(() => page.getByTestId('channels').innerText(), slow)
      .toContain(`Phone\n${share('phone', there)} here, ${share('phone', inScope)} in the city`)

    // the link shows the finding's area, category and days, whatever day it is opened on
    await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: url })
    await expect
      .poll(async () => {
        await card.getByTestId('copy-link').click()
        const link = URL.parse(await page.evaluate(() => navigator.clipboard.readText()))
        return ['area', 'category', 'from', 'to', 'layer'].map((key) => link?.searchParams.get(key))
      }, slow)
      .toEqual([top.code, top.leaf, from, to, 'hotspots'])

    const legend = page.getByTestId('hotspot-legend')
    const classes = (): Promise<[key: string, areas: number, incidents: number][]> =>
      legend
        .locator('tbody tr')
        .evaluateAll((all) =>
          all.map((row) => [
            (row as HTMLElement).dataset.class ?? '',
            ...([...row.querySelectorAll('td')].map((cell) =>
              Number(cell.innerText.replaceAll(/\D/g, '')),
            ) as [number, number]),
          ]),
        )
    const sums = async (): Promise<[areas: number, incidents: number]> => {
      const found = await classes()
      return [1, 2].map((at) => found.reduce((sum, row) => sum + Number(row[at]), 0)) as [
        number,
        number,
      ]
    }
    expect(await sums()).toEqual([sizes.size, inScope.length])

    const saved = async (name: RegExp): Promise<string> => {
      const [file] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name }).click(),
      ])
      return readFile(await file.path(), 'utf8')
    }
    const csv = await saved(/\(CSV\)/)
    // one byte-order mark: a second one would belong to the first heading
    expect(csv).toMatch(/^\uFEFFArea,/)
    const { data } = Papa.parse<Record<string, string>>(csv.slice(1), { header: true })
    expect(data[0]).toMatchObject({
      Code: top.code,
      Incidents: String(top.observed),
      Open: String(open),
      From: from,
      To: to,
      'Judged by': 'per_square_km',
    })
    expect(Math.abs(Number(data[0]!.Expected) / top.expected - 1)).toBeLessThan(1e-3)
    const geojson = JSON.parse(await saved(/GeoJSON/)) as {
      parameters: Record<string, unknown>
      features: { properties: { code: string; count: number } }[]
    }
    expect(geojson.parameters).toMatchObject({
      view: 'chance',
      method: 'chance',
      level: 'grid',
      period: { from, to },
      value: 'per_square_km',
      correction: 'benjamini_hochberg',
    })
    const pictured = async (button: Locator) => {
      const [file] = await Promise.all([page.waitForEvent('download'), button.click()])
      const png = await readFile(await file.path())
      return { name: file.suggestedFilename(), png, parameters: parametersOf(png) }
    }
    const listed = await pictured(page.getByRole('button', { name: 'Save findings as a picture' }))
    expect(listed.name).toBe(`San Francisco findings ${from} ${to}.png`)
    expect(listed.parameters).toMatchObject({ period: { from, to }, value: 'per_square_km' })
    const map = await pictured(page.getByTestId('save-map'))
    expect(map.name).toBe(`San Francisco hotspots ${from} ${to}.png`)
    const { view, method, level, period, value, correction, asOf } = geojson.parameters
    expect(map.parameters).toMatchObject({
      ...{ layer: 'hotspots', city: 'San Francisco', filter: { from, to } },
      ...{ view, method, level, period, value, correction, asOf },
    })
    // the swatch alone would be some hundred pixels
    const swatch = legend.getByTestId('swatch').first()
    const color = await swatch.evaluate((one) => getComputedStyle(one).backgroundColor)
    expect(await pixelsOf(page, map.png, color)).toBeGreaterThan(1_000)

    const byGrid = countBy(inScope, ({ gridCode }) => gridCode)
    expect(geojson.features.map(({ properties: { code, count } }) => [code, count]).sort()).toEqual(
      [...sizes.keys()].map((code) => [code, byGrid.get(code) ?? 0]).sort(),
    )

    for (const [name, unit] of [
      ['Squares', 'square'],
      ['Hexagons', 'hexagon'],
    ] as const) {
      await legend.getByText(name, { exact: true }).click()
      await expect.poll(() => query('unit')).toBe(unit)
      await legend.getByText('Cells', { exact: true }).waitFor()
      await expect.poll(async () => (await sums())[1]).toBe(inScope.length)
      // 30 to 60 across, of which this part of the city fills most
      const [cells] = await sums()
      expect(cells).toBeGreaterThan(500)
      expect(cells).toBeLessThan(3_600)
      const byCell = JSON.parse(await saved(/GeoJSON/)) as {
        parameters: object
        features: { properties: { count: number } }[]
      }
      expect(byCell.parameters).toMatchObject({ unit, period: { from, to } })
      expect(byCell.features.length).toBe(cells)
      expect(byCell.features.reduce((sum, { properties }) => sum + properties.count, 0)).toBe(
        inScope.length,
      )
    }
    await goInApp(page, `${new URL(page.url()).pathname}${new URL(page.url()).search}&cell=3`)
    await page.getByTestId('hotspot-obstacle').waitFor()
    expect(await page.getByTestId('hotspot-obstacle').innerText()).toContain(
      'More than 20,000 cells',
    )
    await page.getByTestId('hotspot-obstacle').getByRole('button').click()
    await expect.poll(() => query('cell')).toBeNull()
    await legend.getByText('Areas', { exact: true }).first().click()
    await expect.poll(sums).toEqual([sizes.size, inScope.length])

    const before = await classes()
    const choose = async (testId: string, name: string): Promise<void> => {
      await page.getByTestId(testId).click()
      await page.getByRole('option', { name }).click()
    }
    await choose('hotspot-view', 'Different from its neighbours')
    await page.getByTestId('whole-map').waitFor()
    await legend.getByText('How this is computed').click()
    await choose('judge-test', 'By shuffling (permutations)')
    await choose('judge-correction', 'Bonferroni (strict)')
    await expect.poll(() => [query('test'), query('correction')]).toEqual(['shuffle', 'bonferroni'])
    await legend.getByText(/p by shuffling the values [0-9,]+ times/).waitFor()
    expect(await sums()).toEqual([sizes.size, inScope.length])

    await choose('hotspot-view', 'Worse than the period before')
    await expect.poll(() => query('hotspots')).toBe('worse')
    await expect.poll(classes).not.toEqual(before)
    expect(await sums()).toEqual([sizes.size, inScope.length])

    await choose('hotspot-view', 'Places that repeat')
    await expect.poll(() => query('hotspots')).toBe('places')
    const lastYear = inScope.filter(({ day }) => day > addDays(to, -365))
    const sizesOf = repeatSizes(lastYear, 50, 3)
    const places = page.getByTestId('place-findings')
    await places.getByTestId('finding').first().waitFor(slow)
    expect(sizesOf.length).toBeGreaterThan(3)
    const told = async (): Promise<[places: number, incidents: number]> => {
      const cells = await legend
        .getByTestId('place-class')
        .evaluateAll((all) =>
          all.map((row) =>
            [...row.querySelectorAll('td')].map((cell) =>
              Number(cell.innerText.replaceAll(/\D/g, '')),
            ),
          ),
        )
      return [0, 1].map((at) => cells.reduce((sum, row) => sum + row[at]!, 0)) as [number, number]
    }
    expect(await told()).toEqual([sizesOf.length, sizesOf.reduce((sum, size) => sum + size, 0)])
    expect(await places.getByTestId('finding').first().innerText()).toContain(
      `${sizesOf[0]} incidents`,
    )
    const listedPlaces = Papa.parse<Record<string, string>>((await saved(/places.*CSV/)).slice(1), {
      header: true,
      skipEmptyLines: true,
    }).data.map((row) => Number(row['Incidents']))
    expect(listedPlaces).toEqual(sizesOf)
    await legend.getByText('How this is computed').click()
    await choose('places-times', '5 reports')
    await expect.poll(() => query('times')).toBe('5')
    await expect.poll(async () => (await told())[0]).toBe(repeatSizes(lastYear, 50, 5).length)
    await choose('hotspot-view', 'Worse than the period before')
    await page.getByTestId('outbreaks').waitFor()

    // too many days for shuffling, or an answer: never nothing
    await page.getByTestId('outbreaks').locator('summary').first().click()
    await page
      .getByTestId('near-repeat')
      .or(page.getByTestId('outbreak-obstacle'))
      .first()
      .waitFor(slow)
    // nothing passes: each part says so, and the map is not broken
    await goInApp(page, `/map?layer=hotspots&${year}&bbox=-122.52~37.7~-122.519~37.701`)
    await page.getByTestId('hotspot-obstacle').waitFor()
    await expect
      .poll(() => page.getByTestId('hotspot-obstacle').innerText())
      .toContain('No incidents match the filters')
    expect(await page.getByText('NaN').count()).toBe(0)
    expect(problems).toEqual([])
    await context.close()
  })

  it('move through time by steps, a drag and a playing, each one step of "back"', async () => {
    const { page, context, problems } = await openPage(browser, {
      url,
      role: 'leader',
      path: `/map?layer=hotspots&${year}`,
      ...desk,
      streets: false,
    })
    const query = (key: string): string | null => new URL(page.url()).searchParams.get(key)
    const days = (): string => `${query('from')} ${query('to')}`
    const monthDays = (at: string): string => `${at}-01 ${lastDayOf(at)}`
    const lastMonth = to.slice(0, 7)
    const slider = page.getByTestId('time-slider')
    /** Totals and classes follow the address, which may still move on from a rest within a drag. */
    const expectFollowed = async (): Promise<void> => {
      const own = (): number => rowsOfLink(rows, page.url(), anywhere).length
      await expect.poll(async () => (await shownCount(page, 'total-count')) - own()).toBe(0)
      await expect
        .poll(async () => {
          const cells = page.getByTestId('hotspot-legend').locator('td:last-child')
          const counts = (await cells.allInnerTexts()).map((text) =>
            Number(text.replaceAll(/\D/g, '')),
          )
          return counts.reduce((sum, count) => sum + count, 0) - own()
        })
        .toBe(0)
    }
    await page.getByTestId('finding').first().waitFor(slow)
    await page.getByTestId('time-length').click()
    await page.getByRole('option', { name: '1 month' }).click()
    await expect.poll(days).toBe(monthDays(lastMonth))
    await page.getByTestId('time-back').click()
    await expect.poll(days).toBe(monthDays(laterMonth(lastMonth, -1)))
    await expectFollowed()
    await page.goBack()
    await expect.poll(days).toBe(monthDays(lastMonth))

    const box = (await slider.boundingBox())!
    const place = (share: number): [number, number] => [
      box.x + 8 + share * (box.width - 16),
      box.y + box.height / 2,
    ]
    const last = Number(await slider.getAttribute('max'))
    await page.mouse.move(...place(Number(await slider.inputValue()) / last))
    await page.mouse.down()
    await page.mouse.move(...place(0.6), { steps: 10 })
    await expect.poll(days).not.toBe(monthDays(lastMonth))
    await expectFollowed()
    await page.mouse.move(...place(0.3), { steps: 10 })
    await page.mouse.up()
    await expect.poll(() => slider.inputValue()).toBe(String(Math.round(0.3 * last)))
    await expectFollowed()
    await page.goBack()
    await expect.poll(days).toBe(monthDays(lastMonth))

    // this browser asks for less motion
    expect(await page.getByTestId('time-play').count()).toBe(0)
    await page.emulateMedia({ reducedMotion: 'no-preference' })
    await slider.focus()
    for (let n = 0; n < 3; n++) await page.keyboard.press('ArrowLeft')
    const start = monthDays(laterMonth(lastMonth, -3))
    await expect.poll(days).toBe(start)
    await page.getByTestId('time-play').click()
    await expect.poll(days).toBe(monthDays(laterMonth(lastMonth, -1)))
    await page.getByTestId('time-play').click()
    await page.goBack()
    await expect.poll(days).toBe(start)
    expect(problems).toEqual([])
    await context.close()
  })
})
