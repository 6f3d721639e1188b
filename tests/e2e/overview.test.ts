import { readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import Papa from 'papaparse'
import readSheets from 'read-excel-file/node'
import type { Browser, Download, Page } from 'playwright'
import { Temporal } from 'temporal-polyfill'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { fileName } from '../../src/domain/export/file-name.ts'
import { createFormat } from '../../src/domain/time/format.ts'
import { apiClient, call, reportIncident } from '../kit/api.ts'
import { axeProblems } from '../kit/axe.ts'
import { flowBrowser } from '../kit/flow-browser.ts'
import {
  areaNames,
  laterMonth,
  oracleRows,
  rowsOfLink,
  wholeYear,
  type Box,
  type OracleRow,
} from '../kit/oracle.ts'
import { lookUntil } from '../kit/look-until.ts'
import { goInApp, openPage, shownCount } from '../kit/session.ts'
import { slow } from '../kit/patience.ts'
import { routeWhileOpen } from '../kit/route-while-open.ts'

const rows = oracleRows(inject('demoWeeks'))
const { from, to, link: year } = wholeYear(rows)
/** The months of the year after its first. */
const laterMonths = Array.from({ length: 11 }, (_, i) => laterMonth(from.slice(0, 7), i + 1))
const zone = 'America/Los_Angeles'
const anywhere: Box = [-180, -90, 180, 90]
const withinDays = 7

interface Sample {
  /** Whole hours to the close, or of age while open. */
  hours: number
  closed: boolean
  age: number
}

/** Kaplan and Meier by the book: at each close, who is still at risk is counted anew. */
function quantile(sample: Sample[], share: number): number | null {
  let open = 1
  const times = [...new Set(sample.filter((one) => one.closed).map((one) => one.hours))]
  for (const time of times.toSorted((a, b) => a - b)) {
    const atRisk = sample.filter((one) => one.hours >= time).length
    const closed = sample.filter((one) => one.closed && one.hours === time).length
    open *= 1 - closed / atRisk
    if (open <= 1 - share + 1e-9) return time
  }
  return null
}

const duration = (hours: number | null): string =>
  hours === null ? 'no median yet' : createFormat('en', 'America/Los_Angeles').duration(hours)
const days = (hours: number | null): string =>
  hours === null ? '–' : String(Number((hours / 24).toFixed(2)))

/** One person signs in once and reads, narrows and saves every chart. */
describe('the overview', () => {
  const url = inject('appUrl')
  let browser: Browser
  let page: Page
  let problems: string[]
  /** The last minute the data is known for, on the city's clock. */
  let asOf: Temporal.PlainDateTime
  let names: Map<string, string>
  const expected = (): OracleRow[] => rowsOfLink(rows, page.url(), anywhere)
  const query = (key: string): string | null => new URL(page.url()).searchParams.get(key)
  /** The city's day now: what is reported by a test is of this day. */
  const dayAgo = (days: number): string =>
    Temporal.Now.zonedDateTimeISO(zone).toPlainDate().subtract({ days }).toString()
  const asOfDay = (): string => dayAgo(0)
  const card = (name: string) => page.getByTestId(`chart-${name}`)

  const sampleOf = (row: OracleRow): Sample => {
    const from = Temporal.PlainDateTime.from(row.reportedAt)
    const age = Math.floor(
      from.round({ smallestUnit: 'minute', roundingMode: 'floor' }).until(asOf).total('minutes') /
        60,
    )
    if (row.closedAt === null) return { hours: age, closed: false, age }
    const to = Temporal.PlainDateTime.from(row.closedAt)
    const took = from.toZonedDateTime(zone).until(to.toZonedDateTime(zone)).total('hours')
    return { hours: Math.floor(took), closed: true, age }
  }
  const inTime = (sample: Sample[]): { judged: number; closed: number } => {
    const judged = sample.filter(({ age }) => age >= withinDays * 24)
    return {
      judged: judged.length,
      closed: judged.filter((one) => one.closed && one.hours < withinDays * 24).length,
    }
  }

  /** The cells of the table behind a chart, header first; the chart is back afterwards. */
  async function tableOf(name: string): Promise<string[][]> {
    const table = card(name)
    await table.getByRole('button', { name: 'Show as table' }).click()
    const cells = await table
      .locator('tr')
      .evaluateAll((all) =>
        all.map((row) => [...row.children].map((cell) => (cell as HTMLElement).innerText.trim())),
      )
    await table.getByRole('button', { name: 'Show as chart' }).click()
    return cells
  }
  /** `Feb 2026` as `2026-02`; any other text as it is. */
  function monthByNumber(text: string): string {
    if (!/^[A-Z][a-z]{2} \d{4}$/.test(text)) return text
    const day = new Date(`1 ${text} 12:00 UTC`)
    return day.toISOString().slice(0, 7)
  }
  const sum = (cells: string[][], column: number): number =>
    cells.slice(1).reduce((total, row) => total + Number(row[column]), 0)

  /** The tiles, and through their tables all charts, count what passes the link. */
  async function expectCounted(): Promise<void> {
    await expect
      .poll(async () => (await shownCount(page, 'total-count')) - expected().length)
      .toBe(0)
    expect(expected().length).toBeGreaterThan(0)
    await expect.poll(async () => sum(await tableOf('flow'), 1)).toBe(expected().length)
    await expect.poll(async () => sum(await tableOf('time-to-close'), 1)).toBe(expected().length)
    const judged = inTime(expected().map(sampleOf)).judged
    await expect.poll(async () => sum(await tableOf('share-by-category'), 1)).toBe(judged)
    await expect.poll(async () => sum(await tableOf('share-by-area'), 1)).toBe(judged)
  }

  beforeAll(async () => {
    browser = await flowBrowser()
    const leader = await apiClient(url, 'leader')
    const months = await call<{ asOf: string }>(leader, 'incident_months')
    asOf = Temporal.Instant.from(months.asOf)
      .toZonedDateTimeISO(zone)
      .toPlainDateTime()
      .round({ smallestUnit: 'minute', roundingMode: 'floor' })
    const categories = await call<{ code: string; nameEn: string }[]>(leader, 'category_list')
    names = new Map(categories.map(({ code, nameEn }) => [code, nameEn]))
    const opened = await openPage(browser, {
      url,
      role: 'leader',
      path: `/overview?${year}`,
    })
    ;({ page, problems } = opened)
    await card('share-by-area').locator('svg path').first().waitFor(slow)
    await page
      .locator('main')
      .getByRole('progressbar')
      .waitFor({ state: 'detached', ...slow })
  })
  afterAll(() => browser?.close())

  it('tells times to close and shares in time as an estimate made from the file does', async () => {
    const sample = expected().map(sampleOf)
    expect(await page.getByTestId('median').innerText()).toContain(duration(quantile(sample, 0.5)))
    expect(await page.getByTestId('p90').innerText()).toContain(duration(quantile(sample, 0.9)))
    const all = inTime(sample)
    expect(await page.getByTestId('in-time').innerText()).toContain(
      `${Number(((all.closed / all.judged) * 100).toFixed(1))}%`,
    )

    const groups = (of: (row: OracleRow) => string): Map<string, Sample[]> => {
      const found = new Map<string, Sample[]>()
      for (const row of expected())
        found.set(of(row), [...(found.get(of(row)) ?? []), sampleOf(row)])
      return found
    }
    const byCategory = groups((row) => names.get(row.leaf)!)
    const times = (await tableOf('time-to-close')).slice(1)
    expect(times.map(([name, n, open, median, , , p90]) => [name, n, open, median, p90])).toEqual(
      times.map(([name = '']) => {
        const group = byCategory.get(name) ?? []
        const open = group.filter(({ closed }) => !closed).length
        return [
          name,
          String(group.length),
          String(open),
          days(quantile(group, 0.5)),
          days(quantile(group, 0.9)),
        ]
      }),
    )
    expect(times).toHaveLength(byCategory.size)

    const areas = areaNames('community')
    for (const [name, by] of [
      ['share-by-category', byCategory],
      ['share-by-area', groups((row) => areas.get(row.communityCode)!)],
    ] as const) {
      const shares = (await tableOf(name)).slice(1)
      expect(shares.map(([of, judged, closed]) => [of, judged, closed])).toEqual(
        shares.map(([of = '']) => {
          const { judged, closed } = inTime(by.get(of) ?? [])
          return [of, String(judged), String(closed)]
        }),
      )
      expect(shares).toHaveLength(by.size)
    }
  })

  it.each([
    ['flow', 'path[fill="#0072b2"]', 'from', new RegExp(`^(${laterMonths.join('|')})-01$`)],
    ['time-to-close', 'path[fill="#0f766e"]', 'category', /^[a-z_]+$/],
    ['share-by-category', 'path[fill="#0f766e"]', 'category', /^[a-z_]+$/],
    ['share-by-area', 'path[fill="#0f766e"]', 'area', /^SF-N-/],
  ])(
    'a click in %s narrows all the others, "back" widens them again',
    async (name, mark, key, value) => {
      const marks = card(name).locator(`svg ${mark}`)
      // the first ones are the legend's
      const isNarrowed = (): boolean => value.test(query(key) ?? '')
      // a chart that has just been widened still moves its marks
      await expect.poll(() => marks.count()).toBeGreaterThan(8)
      await expect
        .poll(async () => {
          // a click may have missed a mark that moved
          await marks.nth(2).click()
          return lookUntil(isNarrowed, 1_000)
        }, slow)
        .toBe(true)
      await expectCounted()
      await page.goBack()
      await expect.poll(() => query('from')).toBe(from)
      await expect.poll(isNarrowed).toBe(false)
      await expect
        .poll(async () => (await shownCount(page, 'total-count')) - expected().length)
        .toBe(0)
    },
  )

  it('saves every chart as a picture and its table as CSV', async () => {
    const downloads: Download[] = []
    page.on('download', (download) => downloads.push(download))
    const saved = async (name: string, button: string): Promise<Download> => {
      const before = downloads.length
      await expect
        .poll(async () => {
          // a click may have met a chart that was being drawn anew
          await card(name).getByTestId('chart-save').click()
          await page.getByRole('menuitem', { name: button }).click()
          return lookUntil(() => downloads.length > before, 5_000)
        }, slow)
        .toBe(true)
      return downloads[before]!
    }
    /** Without the minute it was saved in. */
    const untimed = (text: string): string => text.replaceAll(/\d{1,2}:\d{2}/g, '')
    /** With the table that is shown before and after: "overdue now" counts on by the minute. */
    const savedWithTable = async (name: string, button: string) => {
      for (;;) {
        const before = await tableOf(name)
        const file = await saved(name, button)
        if (isDeepStrictEqual(await tableOf(name), before))
          // the page says months in words, files by number
          return [file, before.map((row) => row.map(monthByNumber))] as const
      }
    }
    for (const name of ['flow', 'areas', 'time-to-close', 'share-by-category', 'share-by-area']) {
      const picture = await saved(name, 'Save as picture (PNG)')
      const title = await card(name).locator('h2').innerText()
      const named = fileName(['San Francisco', title, from, to])
      expect(picture.suggestedFilename()).toBe(`${named}.png`)
      const bytes = readFileSync(await picture.path())
      const shown = (await card(name).locator('[role=application] svg').boundingBox())!
      expect(bytes.subarray(1, 4).toString()).toBe('PNG')
      // around it stand title, note, city, period and as-of
      const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)]
      expect(width).toBe((Math.round(shown.width) + 24) * 2)
      expect(height).toBeGreaterThan((shown.height + 24 + 28 + 3 * 18) * 2)
      // one colour alone would be a few hundred bytes
      expect(bytes.length).toBeGreaterThan(5000)

      const drawing = await saved(name, 'Save as drawing (SVG)')
      expect(drawing.suggestedFilename()).toBe(`${named}.svg`)
      const drawn = readFileSync(await drawing.path(), 'utf8')
      expect(drawn).toMatch(/^<svg [^>]*xmlns="http:\/\/www.w3.org\/2000\/svg"/)
      // opaque, and whole
      expect(drawn).toContain('<rect width="100%" height="100%"')
      expect(drawn.trimEnd().endsWith('</svg>')).toBe(true)

      const [csv, table] = await savedWithTable(name, 'Save as table (CSV)')
      expect(csv.suggestedFilename()).toBe(`${named}.csv`)
      const text = readFileSync(await csv.path(), 'utf8').replace(/^\uFEFF/, '')
      const parsed = Papa.parse<string[]>(text, { skipEmptyLines: true }).data
      expect(table.length).toBeGreaterThan(3)
      if (name === 'flow') expect(table[1]![0]).toMatch(/^\d{4}-\d{2}$/)
      expect(parsed.slice(0, table.length)).toEqual(
        table.map((row) => row.map((cell) => (cell === '–' ? '' : cell))),
      )
      const about = parsed.slice(table.length).flat().join('\n')
      expect(about).toContain(title)
      expect(about).toContain('San Francisco')
      expect(about).toContain('Data as of')

      const [book, rows] = await savedWithTable(name, 'Save as table (XLSX)')
      expect(book.suggestedFilename()).toBe(`${named}.xlsx`)
      const [figures, said] = await readSheets(readFileSync(await book.path()))
      expect(figures!.data.map((row) => row.map((cell) => String(cell ?? '–')))).toEqual(rows)
      expect(untimed(said!.data.flat().join('\n'))).toBe(untimed(about))
    }
    expect(problems).toEqual([])
  })

  it('says that areas are counted, and not that none are there, while their boundaries load', async () => {
    let release = (): void => undefined
    const released = new Promise<void>((resolve) => (release = resolve))
    const slowly = await openPage(browser, {
      ...{ url, role: 'leader', webGl: false, path: '/table?measure=per_km2' },
      before: (context) =>
        routeWhileOpen(context, '**/rpc/area_features*', async (route) => {
          await released
          await route.continue()
        }),
    })
    const { page: held } = slowly
    await held.getByTestId('list-row').first().waitFor(slow)
    const areas = held.locator('table', { hasText: 'Incidents per km²' })
    await expect.poll(() => areas.innerText(), slow).toContain('Counting …')
    await goInApp(held, '/map?measure=per_km2')
    const top = held.getByRole('region', { name: 'Most incidents per km²' })
    await top.waitFor(slow)
    await held.getByTestId('list-row').first().waitFor(slow)
    expect(await top.innerText()).not.toContain('No area can be judged')
    release()
    await top.getByTestId('area-row').first().waitFor(slow)
    expect(slowly.problems).toEqual([])
    await slowly.context.close()
  })

  it('says why imported incidents have no rates, and shows what the server counts', async () => {
    const rates = page.getByTestId('rates')
    // the demo's steps are younger
    const past = dayAgo(300)
    await goInApp(page, `/overview?from=${past}&to=${dayAgo(290)}`)
    await rates.getByTestId('rates-empty').waitFor(slow)
    expect(await rates.innerText()).toMatch(/incidents were imported or fixed on the spot/)

    await reportIncident(await apiClient(url, 'field'))
    const today = asOfDay()
    await goInApp(page, `/overview?from=${today}&to=${today}`)
    const leader = await apiClient(url, 'leader')
    const counted = async () =>
      (
        await call<{ rates: { rate: string; numerator: number; denominator: number }[] }>(
          leader,
          'incident_rates',
          { p_filter: { from: today, to: today } },
        )
      ).rates.find(({ rate }) => rate === 'not_closed')!
    await expect
      .poll(async () => {
        const { numerator, denominator } = await counted()
        const shown = await rates.getByTestId('rate-not_closed').innerText()
        return denominator > 0 && shown.includes(`${numerator} of ${denominator}`)
      }, slow)
      .toBe(true)
    await rates.getByTestId('chart-stages-in-time').locator('svg path').first().waitFor(slow)
    const cells = await tableOf('stages-in-time')
    expect(cells[0]!.slice(0, 4)).toEqual(['Stage', 'In time', 'Overdue', 'Still running'])
    expect(sum(cells, 1) + sum(cells, 2) + sum(cells, 3)).toBeGreaterThan(0)
    await goInApp(page, '/overview?from=all')
    const monthly = page.getByTestId('monthly-rates')
    await monthly.scrollIntoViewIfNeeded()
    const handling = monthly.getByTestId('chart-rate-months-handling_in_time')
    await handling.locator('svg path').first().waitFor(slow)
    if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/monthly.png` })
    await handling.getByRole('button').first().click()
    // months together are the whole; other tests act meanwhile
    await expect
      .poll(async () => {
        const cells = await handling.locator('tbody td:nth-child(3)').allInnerTexts()
        const due = cells.reduce((sum, text) => sum + Number(text.replaceAll(',', '')), 0)
        return (await rates.getByTestId('rate-handling_in_time').innerText()).includes(`of ${due}`)
      }, slow)
      .toBe(true)
    expect(await axeProblems(page, ['light', 'dark'])).toEqual([])

    // a month narrows the page to what its point counts, by keyboard
    const dues = await handling.locator('tbody td:nth-child(3)').allInnerTexts()
    const most = dues.reduce((best, due, at) => (Number(due) > Number(dues[best]) ? at : best), 0)
    const due = Number(dues[most])
    expect(due).toBeGreaterThan(0)
    await handling.locator('tbody tr').nth(most).getByRole('button').press('Enter')
    await expect
      .poll(() => rates.getByTestId('rate-handling_in_time').innerText(), slow)
      .toContain(`of ${due}`)
    expect(query('from')).toMatch(/-01$/)
    expect(problems).toEqual([])
  })

  it('opens the rows that a department had to handle, and those of all together', async () => {
    const rates = page.getByTestId('rates')
    const link = `from=${dayAgo(150)}&to=${dayAgo(3)}`
    const opens = async (act: () => Promise<void>, count: string) => {
      await act()
      await page.locator('[data-testid=chip][data-key=handling]').waitFor(slow)
      await expect.poll(() => page.getByTestId('list-total').innerText(), slow).toBe(count)
      await page.getByTestId('list-row').first().waitFor(slow)
      await page.goBack()
      await rates.getByTestId('rate-handling_in_time').waitFor(slow)
    }
    // loaded anew: no figures of the former filter stand there meanwhile
    await page.goto(`${url}/overview?${link}`)
    let told: string[][] = []
    await expect
      .poll(async () => {
        told = (await tableOf('departments-in-time')).slice(1)
        return told.length
      }, slow)
      .toBeGreaterThan(1)
    for (const at of [0, told.length - 1]) {
      const due = Number(told[at]![1])
      expect(due).toBeGreaterThan(0)
      const table = card('departments-in-time')
      await table.getByRole('button', { name: 'Show as table' }).click()
      const mark = table.locator('tbody tr').nth(at).getByRole('button')
      await opens(() => mark.press('Enter'), due.toLocaleString('en'))
    }
    const tile = rates.getByTestId('rate-handling_in_time')
    await expect.poll(() => tile.innerText(), slow).toMatch(/of [\d,]+/)
    const [, of] = /of ([\d,]+)/.exec(await tile.innerText())!
    await opens(() => tile.getByRole('link').click(), of!)
    // a filter of outcomes stays, and the tile counts under it
    await goInApp(page, `/overview?${link}&handling=late`)
    await expect.poll(() => tile.innerText(), slow).toMatch(/\b0 of [\d,]+/)
    const [, late] = /\b0 of ([\d,]+)/.exec(await tile.innerText())!
    await opens(() => tile.getByRole('link').click(), late!)
    expect(problems).toEqual([])
  })
})
