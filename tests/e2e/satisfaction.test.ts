import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Browser, Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { addDays } from '../../src/domain/time/calendar.ts'
import { apiClient, call } from '../kit/api.ts'
import { findChromium } from '../kit/browser.ts'
import { flowBrowser } from '../kit/flow-browser.ts'
import { oracleRows } from '../kit/oracle.ts'
import { clickIfShown } from '../kit/click-if-shown.ts'
import { coveredTexts } from '../kit/covered-texts.ts'
import { routeWhileOpen } from '../kit/route-while-open.ts'
import { slow } from '../kit/patience.ts'
import { goInApp, openPage } from '../kit/session.ts'

interface Packed {
  month: string
  count: number
  runs: {
    department: string | null
    isExempt: boolean
    count: number
    way: string
    days: number[]
  }[]
  area: string
  category: string
  answer: string
}
interface Area {
  idx: number
  code: string
  name: string
  level: string
  path: string
}
interface Answer {
  /** Of closing. */
  day: string
  area: Area
  /** `Category.idx`. */
  category: number
  byte: number
  isExempt: boolean
  /** Drawn for a call-back; else by link. */
  isCall: boolean
  department: string | null
}

/** One row for each closing that was asked about, read from the server's answer by hand. */
function answersOf(packed: Packed[], areas: Map<number, Area>): Answer[] {
  return packed.flatMap(({ month, count, runs, area, category, answer }) => {
    const [places, bytes] = [Buffer.from(area, 'base64'), Buffer.from(answer, 'base64')]
    const kinds = Buffer.from(category, 'base64')
    const days = runs.flatMap((run) =>
      run.days.flatMap((rows, at) =>
        Array.from({ length: rows }, () => `${month}-${String(at + 1).padStart(2, '0')}`),
      ),
    )
    const ofRun = runs.flatMap((run) => Array.from({ length: run.count }, () => run))
    return Array.from({ length: count }, (_, row) => ({
      isCall: ofRun[row]!.way === 'callback',
      department: ofRun[row]!.department,
      day: days[row]!,
      category: kinds[row]!,
      area: areas.get(places[row]! * 256 + places[count + row]!)!,
      byte: bytes[row]!,
      isExempt: ofRun[row]!.isExempt,
    }))
  })
}
const satisfied = (rows: Answer[]) => {
  const said = rows.filter(({ byte }) => byte < 128 && byte % 8 > 0)
  return { count: said.filter(({ byte }) => byte % 8 >= 4).length, n: said.length }
}
const solved = (rows: Answer[]) => {
  const said = rows.filter(({ byte }) => byte < 128 && byte >= 32)
  return { count: said.filter(({ byte }) => byte >= 64).length, n: said.length }
}
/** The roots of (p̂ − p)² = z² p (1 − p) / n: Wilson's limits by their definition. */
function limits({ count, n }: { count: number; n: number }): [number, number] {
  const [share, z2] = [count / n, 1.959963984540054 ** 2]
  const [a, b, c] = [1 + z2 / n, -(2 * share + z2 / n), share ** 2]
  const root = Math.sqrt(b * b - 4 * a * c)
  return [(-b - root) / (2 * a), (-b + root) / (2 * a)]
}
/** Monday of the week. */
function mondayOf(day: string): string {
  const date = new Date(`${day}T00:00:00Z`)
  date.setUTCDate(date.getUTCDate() - ((date.getUTCDay() + 6) % 7))
  return date.toISOString().slice(0, 10)
}
/** `npm run report` beside the running server: exit code and output. */
const reportCommand = (args: string[]): Promise<[code: number, output: string]> =>
  new Promise((resolve) => {
    const env = { ...process.env, DATA_DIR: inject('dataDir'), CHROMIUM_PATH: findChromium() }
    const command = ['supabase/server/commands/report.ts', ...args]
    execFile(process.execPath, command, { env }, (error, out, err) =>
      resolve([typeof error?.code === 'number' ? error.code : 0, out + err]),
    )
  })
const percent = (share: number): string => `${Number((share * 100).toFixed(1))}%`

describe('the page of satisfaction', () => {
  const url = inject('appUrl')
  let browser: Browser
  let page: Page
  let problems: string[]
  let areas: Area[]
  let rows: Answer[]
  /** Of the data, in the city. */
  let lastDay: string

  beforeAll(async () => {
    browser = await flowBrowser()
    const leader = await apiClient(url, 'leader')
    areas = await call<Area[]>(leader, 'area_list')
    const { months } = await call<{ months: { month: string }[] }>(leader, 'rating_months', {
      p_cursor: null,
    })
    const packed = await call<Packed[]>(leader, 'rating_columns', {
      p_months: months.map(({ month }) => month),
    })
    const { asOf } = await call<{ asOf: string }>(leader, 'incident_months')
    lastDay = new Intl.DateTimeFormat('sv-SE', { timeZone: 'America/Los_Angeles' }).format(
      new Date(asOf),
    )
    rows = answersOf(packed, new Map(areas.map((area) => [area.idx, area])))
    ;({ page, problems } = await openPage(browser, {
      ...{ url, role: 'leader', webGl: false },
      path: '/satisfaction?from=all',
    }))
    await page.getByTestId('chart-satisfaction-ranking').locator('svg').first().waitFor(slow)
  })
  afterAll(() => browser?.close())

  /** Header first. */
  async function tableOf(name: string, on: Page = page): Promise<string[][]> {
    const card = on.getByTestId(`chart-${name}`)
    await clickIfShown(card.getByRole('button', { name: 'Show as table' }))
    // each card has an answer of its own to wait for
    await card.locator('tbody tr').first().waitFor(slow)
    return card
      .locator('tr')
      .evaluateAll((all) =>
        all.map((row) => [...row.children].map((cell) => (cell as HTMLElement).innerText.trim())),
      )
  }
  /** Near the screen: a card far from it has no inner text. */
  const text = (id: string): Promise<string> => page.getByTestId(id).innerText()

  it('tells the rates, the ranking and the area that a click narrows to', async () => {
    const counted = rows.filter(({ isExempt }) => !isExempt)
    const all = satisfied(counted)
    expect(all.n).toBeGreaterThan(100)
    await expect.poll(() => text('satisfaction-satisfied'), slow).toContain('%')
    const tile = await text('satisfaction-satisfied')
    const [low, high] = limits(all)
    for (const words of [percent(all.count / all.n), `${percent(low)} – ${percent(high)}`])
      expect(tile).toContain(words)
    const { count, n } = solved(counted)
    // beside each rate: of those called, how many answered; 128 still waits
    const called = counted.filter(({ isCall, byte }) => isCall && byte !== 128)
    const replied = called.filter(({ byte }) => byte < 128)
    const numbers = [replied.length, called.length].map((one) => one.toLocaleString('en'))
    const response = `${percent(replied.length / called.length)} of those called answered (${numbers.join(' of ')})`
    for (const rate of ['responded', 'solved', 'satisfied'])
      expect(await text(`satisfaction-${rate}`)).toContain(response)
    expect(await text('satisfaction-solved')).toContain(percent(count / n))
    expect(await text('satisfaction-unsolved')).toContain(String(n - count))

    const byArea = new Map(
      areas
        .filter(({ level }) => level === 'community')
        .map((area) => [
          area.name,
          {
            ...satisfied(counted.filter((row) => row.area.path.startsWith(area.path))),
            called: called.filter((row) => row.area.path.startsWith(area.path)).length,
            replied: replied.filter((row) => row.area.path.startsWith(area.path)).length,
          },
        ]),
    )
    const [, ...ranking] = await tableOf('satisfaction-ranking')
    const answered = [...byArea].filter(([, one]) => one.n > 0)
    expect(ranking.length).toBe(answered.length)
    for (const [name, group, , with_, of, share, , , , asked, answer] of ranking) {
      const own = byArea.get(name!)!
      if (own.n < 10) expect([name, group, of]).toEqual([name, 'Too few to judge', '–'])
      else
        expect([name, ...[with_, of, share, asked, answer].map(Number)]).toEqual([
          ...[name, own.count, own.n, Number(((own.count / own.n) * 100).toFixed(1))],
          ...[own.called, Number(((own.replied / own.called) * 100).toFixed(1))],
        ])
    }
    // those too few to judge stand after all others, without a rank
    const judged = answered.filter(([, one]) => one.n >= 10).length
    expect(ranking.slice(judged).every(([, group]) => group === 'Too few to judge')).toBe(true)

    // those called, and of them those who answered
    const lines = page.getByTestId('who-answered').locator('tbody tr')
    await lines.first().waitFor(slow)
    const groups = await lines.evaluateAll((all) =>
      all.map((row) =>
        [...row.querySelectorAll('td')]
          .slice(0, 3)
          .map((cell) => Number(cell.textContent.replaceAll(',', ''))),
      ),
    )
    expect(groups.length).toBeGreaterThan(2)
    expect([0, 1, 2].map((at) => groups.reduce((sum, group) => sum + group[at]!, 0))).toEqual([
      called.length,
      called.filter(({ byte }) => byte !== 130).length,
      called.filter(({ byte }) => byte < 128).length,
    ])

    // left out, with who decided; the area that looks coached; words that tell happy from unhappy
    const leftOut = page.getByTestId('satisfaction-exclusions').locator('li')
    expect(await leftOut.count()).toBe(rows.length - counted.length)
    expect(await leftOut.filter({ hasText: /Reason: .*Granted by /s }).count()).toBe(
      rows.length - counted.length,
    )
    const since = new Date(Date.parse(lastDay) - 300 * 86_400_000).toISOString().slice(0, 10)
    const coached = [...byArea.keys()].filter((name) => {
      const answers = counted
        .filter(({ area, day, byte }) => {
          const { path } = areas.find((one) => one.level === 'community' && one.name === name)!
          return area.path.startsWith(path) && day > since && byte < 128 && byte % 8 > 0
        })
        .map(({ byte }) => byte % 8)
      return answers.length >= 25 && new Set(answers).size === 1
    })
    expect(coached.length).toBe(1)
    await page
      .getByTestId('answer-signs')
      .locator('li', { hasText: 'all equally satisfied' })
      .getByText(coached[0]!)
      .waitFor(slow)
    const comments = page.getByTestId('satisfaction-comments')
    const term = comments.getByRole('button').first()
    const [, held] = /: (\d+) comment/.exec((await term.getAttribute('aria-label'))!)!
    await term.click()
    await expect.poll(() => comments.locator('q').count(), slow).toBe(Math.min(30, Number(held)))

    const first = ranking[0]![0]!
    await page
      .getByTestId('chart-satisfaction-ranking')
      .getByRole('button', { name: first })
      .click()
    const own = byArea.get(first)!
    await expect
      .poll(() => text('satisfaction-satisfied'), slow)
      .toContain(`${own.count} of ${own.n} answers`)
    // on to a grid of it by a click, back by another, and to the city by the trail
    const { path } = areas.find(({ level, name }) => level === 'community' && name === first)!
    const grids = areas.filter((one) => one.level === 'grid' && one.path.startsWith(path))
    const names = page.getByTestId('chart-satisfaction-ranking').locator('tbody tr button')
    await expect
      .poll(async () => {
        const shown = await names.allInnerTexts()
        return shown.length > 0 && shown.every((name) => grids.some((one) => one.name === name))
      }, slow)
      .toBe(true)
    const chosen = await names.first().innerText()
    const within = grids.filter(({ name }) => name === chosen).map((grid) => grid.path)
    const inGrid = satisfied(counted.filter(({ area }) => within.includes(area.path)))
    for (const { count: good, n: of } of [inGrid, own]) {
      await names.first().click()
      await expect
        .poll(() => text('satisfaction-satisfied'), slow)
        .toContain(`${good} of ${of} answer`)
    }
    await page.locator('main').getByRole('button', { name: 'San Francisco' }).click()
    await expect.poll(() => text('satisfaction-satisfied'), slow).toContain(tile.split('\n')[1]!)
    expect(problems).toEqual([])
  })

  it('tells the change of the period, weeks, adjusted shares and totals as counted by hand', async () => {
    const counted = rows.filter(({ isExempt }) => !isExempt)
    await goInApp(page, '/satisfaction?from=all&step=week&adjust=1')
    await page.getByTestId('clear-all').click()
    await expect.poll(() => text('satisfaction-span'), slow).toContain('Closed from')
    // the demo's usual period has a period before it with enough answers
    await expect
      .poll(
        () => page.getByTestId('satisfaction-satisfied').getByTestId('change').first().innerText(),
        slow,
      )
      .toContain('points')
    const query = new URL(page.url()).searchParams
    const [from, to] = [query.get('from')!, query.get('to')!]
    const within = (first: string, last: string) =>
      counted.filter(({ day }) => day >= first && day <= last)
    const own = within(from, to)
    const now = satisfied(own)
    expect(await text('satisfaction-satisfied')).toContain(
      `${now.count.toLocaleString('en')} of ${now.n.toLocaleString('en')} answers`,
    )
    const dayMs = 86_400_000
    const end = to < lastDay ? to : lastDay
    const length = (Date.parse(end) - Date.parse(from)) / dayMs + 1
    const back = (days: number) =>
      new Date(Date.parse(from) - days * dayMs).toISOString().slice(0, 10)
    const then = satisfied(within(back(length), back(1)))
    const points = (now.count / now.n - then.count / then.n) * 100
    const sign = points > 0 ? '+' : '−'
    expect(await text('satisfaction-satisfied')).toContain(
      `Change ${sign}${Math.abs(Math.round(points * 10) / 10)} points`,
    )

    await expect
      .poll(async () => (await tableOf('satisfaction-trend')).length, slow)
      .toBeGreaterThan(50)
    const [, ...weeks] = await tableOf('satisfaction-trend')
    const byWeek = Map.groupBy(counted, ({ day }) => mondayOf(day))
    for (const [week, share, n] of weeks.slice(1, -1)) {
      const all = satisfied(byWeek.get(week!)!)
      expect([week, share, Number(n)]).toEqual([week, percent(all.count / all.n), all.n])
    }

    // directly standardised: each category weighs what it weighs in the whole city
    const categories = [...new Set(own.map(({ category }) => category))]
    const weight = new Map(
      categories.map((one) => [one, satisfied(own.filter((row) => row.category === one)).n]),
    )
    const adjusted = (name: string): number => {
      const area = areas.find((one) => one.level === 'community' && one.name === name)!
      const inside = own.filter((row) => row.area.path.startsWith(area.path))
      const strata = categories.flatMap((one) => {
        const { count, n } = satisfied(inside.filter((row) => row.category === one))
        return n > 0 ? [{ share: count / n, weight: weight.get(one)! }] : []
      })
      const sum = strata.reduce((total, one) => total + one.weight, 0)
      return strata.reduce((total, one) => total + (one.share * one.weight) / sum, 0) * 100
    }
    const unlike = async (): Promise<string[]> => {
      const [, ...ranking] = await tableOf('satisfaction-ranking')
      const judged = ranking.filter(([, group]) => group !== 'Too few to judge')
      expect(judged.length).toBeGreaterThan(5)
      return judged.flatMap(([name, , , , , share]) =>
        Math.abs(Number(share) - adjusted(name!)) > 0.051 ? [`${name} ${share}`] : [],
      )
    }
    await expect.poll(unlike, slow).toEqual([])
    const table = await tableOf('satisfaction-table')
    expect(table.at(-1)!.slice(0, 4)).toEqual([
      ...['All categories', 'All areas', percent(now.count / now.n), String(now.n)],
    ])
    // a click on a cell, and on a week, gives exactly the incidents that it counts
    const click = async (chart: string, row: number, of: string | number): Promise<void> => {
      await page
        .getByTestId(`chart-${chart}`)
        .locator('tbody tr')
        .nth(row)
        .getByRole('button')
        .click()
      const shown = `${Number(of).toLocaleString('en')} incident`
      await expect
        .poll(() => page.getByTestId('satisfaction-rows-total').textContent(), slow)
        .toContain(shown)
    }
    const cells = table.slice(1)
    const inOthers = cells.findIndex(([, area]) => /\bother\b/i.test(area!))
    await click('satisfaction-table', inOthers, cells[inOthers]![3]!)
    await page.goBack()
    await expect.poll(() => tableOf('satisfaction-table'), slow).toEqual(table)
    await click('satisfaction-table', 0, cells[0]![3]!)
    await page.goBack()
    const [week, , ofWeek] = weeks.at(-2)!
    expect(satisfied(byWeek.get(week!)!).n).toBe(Number(ofWeek))
    await click('satisfaction-trend', weeks.length - 2, ofWeek!)
    expect(problems).toEqual([])
  })

  it('tells bad luck, spread beyond chance and a real improvement apart', async () => {
    await goInApp(page, '/satisfaction?from=all')
    await page.getByTestId('clear-all').click()
    await expect.poll(() => text('satisfaction-span'), slow).toContain('Closed from')
    const note = (chart: string): Promise<string | null> =>
      page.getByTestId(`chart-${chart}`).locator('header p').textContent()
    // the city got better in the demo's second year, of which its usual period is a part
    await expect.poll(() => note('satisfaction-trend'), slow).toMatch(/Improvement at \d+ points/)
    await expect.poll(() => note('satisfaction-funnel'), slow).toContain('limits are widened')
    // the small community with bad luck: one of 13 was not satisfied
    const query = new URL(page.url()).searchParams
    const within = rows.filter(
      ({ isExempt, day }) => !isExempt && day >= query.get('from')! && day <= query.get('to')!,
    )
    const unlucky = areas
      .filter(({ level, path }) => {
        const { count, n } = satisfied(within.filter(({ area }) => area.path.startsWith(path)))
        return level === 'community' && count === 12 && n === 13
      })
      .map(({ name }) => name)
    expect(unlucky.length).toBeGreaterThan(0)
    const [, ...ranking] = await tableOf('satisfaction-ranking')
    const judged = ranking.filter(([, group]) => group !== 'Too few to judge').length
    const [, ...funnel] = await tableOf('satisfaction-funnel')
    for (const name of unlucky) {
      expect(ranking.find(([area]) => area === name)![2]).toBe(`1 to ${judged}`)
      expect(funnel.find(([area]) => area === name)![3]).toContain('no more than chance')
    }
    expect(funnel.some(([, , , place]) => place!.startsWith('Below'))).toBe(true)

    // the largest community swings from week to week, the second one got better than a year ago
    const bySize = areas
      .filter(({ level }) => level === 'community')
      .map((area) => ({
        area,
        own: rows.filter((row) => !row.isExempt && row.area.path.startsWith(area.path)),
      }))
      .toSorted((a, b) => b.own.length - a.own.length)
    const [swinging, improving] = bySize
    await goInApp(page, `/satisfaction?from=all&step=week&in=${swinging!.area.code}`)
    const weeks = [...Map.groupBy(swinging!.own, ({ day }) => mondayOf(day))]
      .map(([week, all]) => ({ week, ...satisfied(all) }))
      .filter(({ week, n }) => n >= 10 && week > addDays(lastDay, -3 * 365))
      .toSorted((a, b) => (a.week < b.week ? -1 : 1))
    expect(weeks.length).toBeGreaterThan(2)
    const sum = (of: (one: { count: number; n: number }) => number): number =>
      weeks.reduce((total, one) => total + of(one), 0)
    const mean = sum(({ count }) => count) / sum(({ n }) => n)
    const z = weeks.map(({ count, n }) => (count / n - mean) / Math.sqrt((mean * (1 - mean)) / n))
    const ranges = z.slice(1).reduce((total, one, at) => total + Math.abs(one - z[at]!), 0)
    // Laney's: the mean range over 2/√π
    const sigma = (ranges / (z.length - 1) / 2) * Math.sqrt(Math.PI)
    expect(sigma).toBeGreaterThan(1.2)
    await expect
      .poll(() => note('satisfaction-p-chart'), slow)
      .toContain(`Shares vary ${sigma.toFixed(2)} times as much as chance alone`)
    await goInApp(
      page,
      `/satisfaction?from=${addDays(lastDay, -180)}&to=${lastDay}&in=${improving!.area.code}`,
    )
    const changes = page.getByTestId('satisfaction-satisfied').getByTestId('change')
    await expect
      .poll(async () => (await changes.allInnerTexts()).join(' '), slow)
      .toMatch(/better than a year ago/i)
    expect(problems).toEqual([])
  })

  it('leads from a figure to exactly its incidents, in the list and by keyboard', async () => {
    const counted = rows.filter(({ isExempt }) => !isExempt)
    await goInApp(page, '/satisfaction?from=all')
    const { count, n } = solved(counted)
    await expect.poll(() => text('satisfaction-unsolved'), slow).toContain(String(n - count))
    // the keyboard's cursor reads the first area and narrows to it
    const card = page.getByTestId('chart-satisfaction-ranking')
    await card.getByRole('button', { name: 'Show as chart' }).click()
    const chart = card.getByRole('application')
    await chart.focus()
    await page.keyboard.press('ArrowRight')
    const spoken = chart.getByTestId('chart-cursor')
    await expect.poll(() => spoken.innerText(), slow).toContain('Area: ')
    const name = /Area: (.*?) · /.exec(await spoken.innerText())![1]!
    await page.keyboard.press('Enter')
    const area = areas.find((one) => one.level === 'community' && one.name === name)!
    const own = counted.filter((row) => row.area.path.startsWith(area.path))
    const all = satisfied(own)
    await expect
      .poll(() => page.getByTestId('satisfaction-rows-total').textContent(), slow)
      .toBe(`${all.n.toLocaleString('en')} incidents`)
    const bad = solved(own)
    await expect.poll(() => text('satisfaction-unsolved'), slow).toContain(`of ${bad.n} answers`)
    await page.getByTestId('satisfaction-unsolved').click()
    await expect
      .poll(() => page.getByTestId('list-total').innerText(), slow)
      .toBe(String(bad.n - bad.count))
    await expect.poll(() => page.getByTestId('list-row').count(), slow).toBe(bad.n - bad.count)
    await page.locator('[data-testid=chip][data-key=answers]').waitFor()

    // of a department: those that it closed
    await goInApp(page, '/satisfaction?from=all')
    const department = page.getByTestId('satisfaction-departments').locator('tbody tr').first()
    await department.waitFor(slow)
    const [link] = await department.getByRole('link').all()
    const [, good, of] = /([\d,]+) of ([\d,]+)/.exec((await link!.textContent())!)!
    const byDepartment = [...Map.groupBy(counted, (row) => row.department).values()].map((all) => {
      const said = all.filter(({ byte }) => byte < 128 && (byte >> 3) % 4 > 0)
      return `${said.filter(({ byte }) => (byte >> 3) % 4 === 2).length} of ${said.length}`
    })
    expect(byDepartment).toContain(`${good} of ${of}`.replaceAll(',', ''))
    await link!.click()
    await expect
      .poll(() => page.getByTestId('list-total').innerText(), slow)
      .toBe(Number(of!.replaceAll(',', '')).toLocaleString('en'))
    expect(problems).toEqual([])
  })

  it('opens the rows that a department had to handle, and those that the curve saw open', async () => {
    const listed = (): Promise<string> => page.getByTestId('list-total').innerText()
    const openFrom = async (chart: string, act: () => Promise<void>, count: number) => {
      await act()
      await expect.poll(listed, slow).toBe(count.toLocaleString('en'))
      // all of them by scrolling, or as many as the list draws at once
      await expect
        .poll(() => page.getByTestId('list-row').count(), slow)
        .toBeGreaterThan(Math.min(count, 5) - 1)
      await page.locator(`[data-testid=chip][data-key=${chart}]`).waitFor(slow)
      await page.goBack()
      await page.getByTestId('satisfaction-span').waitFor(slow)
    }
    await goInApp(page, '/satisfaction?from=all')
    const handled = page.getByTestId('chart-departments-in-time')
    await expect
      .poll(async () => (await handled.scrollIntoViewIfNeeded(), handled.count()), slow)
      .toBe(1)
    const [, ...departments] = await tableOf('departments-in-time')
    expect(departments.length).toBeGreaterThan(1)
    const leader = await apiClient(url, 'leader')
    for (const at of [0, departments.length - 1]) {
      const due = Number(departments[at]![1])
      expect(due).toBeGreaterThan(0)
      await handled.scrollIntoViewIfNeeded()
      await tableOf('departments-in-time')
      await openFrom(
        'handling',
        () => handled.locator('tbody tr').nth(at).getByRole('button').click(),
        due,
      )
    }
    const { departments: told } = await call<{ departments: { denominator: number }[] }>(
      leader,
      'incident_rates',
      { p_filter: {} },
    )
    expect(departments.map(([, due]) => Number(due))).toEqual(told.map((one) => one.denominator))

    const curve = page.getByTestId('chart-still-open')
    // until all months are there the curve still grows
    const { months } = await call<{ months: { month: string }[] }>(leader, 'incident_months')
    const packed = await call<{ stage: string }[]>(leader, 'incident_columns', {
      p_months: months.slice(0, 120).map(({ month }) => month),
    })
    // rejected and merged ones are 5 and 6
    const n = packed
      .flatMap(({ stage }) => [...Buffer.from(stage, 'base64')])
      .filter((byte) => byte % 16 < 5).length
    await expect
      .poll(() => curve.locator('header p').textContent(), slow)
      .toContain(`${n.toLocaleString('en')} incidents`)
    const [, ...days] = await tableOf('still-open')
    const longer = days.map((row) => Number(row[4]!.replaceAll(',', '')))
    expect(longer.some((count) => count > 5)).toBe(true)
    await openFrom(
      'openLonger',
      () => curve.locator('tbody tr').nth(1).getByRole('button').click(),
      longer[1]!,
    )
    // a click into the chart opens what its tooltip counts
    await curve.scrollIntoViewIfNeeded()
    const show = curve.getByRole('button', { name: 'Show as chart' })
    if (await show.isVisible()) await show.click()
    const drawn = curve.locator('x-vue-echarts')
    await drawn.waitFor(slow)
    const box = (await drawn.boundingBox())!
    const [x, y] = [box.x + box.width * 0.6, box.y + box.height * 0.4]
    await page.mouse.move(x, y)
    const tip = drawn.locator('text', { hasText: /seen open for longer$/ })
    await tip.waitFor(slow)
    const [, count] = /^([\d,]+) incidents? /.exec((await tip.textContent())!)!
    await openFrom('openLonger', () => page.mouse.click(x, y), Number(count!.replaceAll(',', '')))
    expect(problems).toEqual([])
  })

  it('lets an admin set a target, and go into an area by a click on the map', async () => {
    const admin = await openPage(browser, {
      ...{ url, role: 'admin', path: '/satisfaction?from=all', streets: false },
    })
    const targets = admin.page.getByTestId('satisfaction-targets')
    await admin.page.getByText('Targets of the city').click()
    const field = targets.locator('input[name=solved]')
    const save = async (text: string, answer: string): Promise<void> => {
      await field.fill(text)
      await targets.getByRole('button').click()
      await targets.getByText(answer).waitFor(slow)
    }
    await save('101', 'Write numbers from 0.1 to 100')
    expect(await field.inputValue()).toBe('101')
    await save('87,5', 'Saved.')
    const shown = admin.page.getByTestId('satisfaction-solved').getByTestId('target')
    await expect.poll(() => shown.innerText(), slow).toContain('87.5%')
    // a leader has no form, and nobody is left with a target of this case
    expect(await page.getByTestId('satisfaction-targets').count()).toBe(0)
    await save('', 'Saved.')
    await shown.waitFor({ state: 'detached', ...slow })

    const map = admin.page.getByTestId('satisfaction-map')
    const communities = areas.filter(({ level }) => level === 'community')
    // the pointer reads the area in the middle of the city, as soon as it is drawn
    let area: Area | undefined
    await expect
      .poll(async () => {
        await map.locator('canvas').hover()
        const [name] = (await map.locator('p').first().innerText()).split(' · ')
        area = communities.find((one) => one.name === name)
        return area !== undefined
      }, slow)
      .toBe(true)
    const own = satisfied(
      rows.filter((row) => !row.isExempt && row.area.path.startsWith(area!.path)),
    )
    const before = admin.page.url()
    const narrowed = admin.page.getByTestId('satisfaction-satisfied')
    await expect
      .poll(async () => {
        if (admin.page.url() === before) {
          await map.locator('canvas').click()
          await admin.page.waitForURL((to) => to.href !== before, slow)
        }
        return narrowed.innerText()
      }, slow)
      .toContain(`${own.count} of ${own.n} answers`)
    await expect
      .poll(async () => (await tableOf('satisfaction-table', admin.page)).at(-1)!.at(-1), slow)
      .toBe(String(own.n))
    expect(admin.problems).toEqual([])
    await admin.context.close()
  })

  it('writes no text of a chart over another on a phone, and turns rows of tables into cards', async () => {
    const phone = await openPage(browser, {
      ...{ url, role: 'leader', webGl: false, width: 390, height: 844, touch: true },
      path: '/satisfaction?from=all',
    })
    const charts = ['trend', 'p-chart', 'ranking', 'funnel', 'table']
    for (const name of charts) {
      const chart = phone.page.getByTestId(`chart-satisfaction-${name}`)
      await chart.scrollIntoViewIfNeeded()
      await chart.locator('svg text').first().waitFor(slow)
    }
    expect(await coveredTexts(phone.page)).toEqual([])
    for (const table of ['satisfaction-departments', 'who-answered']) {
      const place = phone.page.getByTestId(table).getByRole('group').last()
      await place.scrollIntoViewIfNeeded()
      const cell = place.locator('td').first()
      await cell.waitFor(slow)
      expect(await place.evaluate((box) => box.scrollWidth - box.clientWidth)).toBe(0)
      const head = (await place.locator('thead th').nth(1).textContent())!.trim()
      expect(await cell.evaluate((td) => getComputedStyle(td, '::before').content)).toBe(
        `"${head}"`,
      )
    }
    // the rows of before stay while others are asked for
    const list = phone.page.getByTestId('satisfaction-rows')
    await list.scrollIntoViewIfNeeded()
    const row = list.getByTestId('satisfaction-row')
    await row.first().waitFor(slow)
    const former = await row.allTextContents()
    let answer = (): void => {}
    const asked = new Promise<void>((resolve) => (answer = resolve))
    await routeWhileOpen(phone.page, '**/rpc/incident_list*', async (route) => {
      await asked
      await route.continue()
    })
    await list.locator('label').nth(2).click()
    await list.locator('ul[aria-busy=true]').waitFor(slow)
    expect(await row.allTextContents()).toEqual(former)
    answer()
    await list.locator('ul[aria-busy=false]').waitFor(slow)
    expect(await row.allTextContents()).not.toEqual(former)
    expect(phone.problems).toEqual([])
    await phone.context.close()
  })

  it('reports a month with the figures of the demo’s own file, and prints it on A4', async () => {
    const source = oracleRows(inject('demoWeeks'))
    const monthBack = (months: number): string => {
      const [year, at] = lastDay.split('-').map(Number)
      return new Date(Date.UTC(year!, at! - 1 - months, 1)).toISOString().slice(0, 7)
    }
    const month = monthBack(1)
    const name = new Intl.DateTimeFormat('en', {
      ...{ year: 'numeric', month: 'short', timeZone: 'UTC' },
    } as const).format(new Date(`${month}-01T00:00:00Z`))
    const counted = rows.filter(({ day, isExempt }) => day.startsWith(month) && !isExempt)
    const reported = (of: string): number => source.filter(({ day }) => day.startsWith(of)).length
    await goInApp(page, `/report?period=${month}`)
    await page.locator('[data-report-state=ready]').waitFor(slow)
    const lines = await page
      .getByTestId('report-headlines')
      .locator('tbody tr')
      .evaluateAll((all) =>
        all.map((row) => [...row.children].map((cell) => (cell as HTMLElement).innerText.trim())),
      )
    const [counts, , told, answered] = lines
    expect(counts!.slice(0, 3)).toEqual([
      ...['Reported incidents', String(reported(month)), String(reported(monthBack(2)))],
    ])
    const own = satisfied(counted)
    const [low, high] = limits(own)
    for (const words of [
      percent(own.count / own.n),
      `${own.count} of ${own.n}`,
      `${percent(low)} to ${percent(high)}`,
    ])
      expect(answered![1]).toContain(words)
    const { count, n } = solved(counted)
    expect(told![1]).toContain(`${count} of ${n}`)
    const summary = await text('report-summary')
    expect(summary).toContain(`In ${name}, ${reported(month)} incidents were reported.`)
    expect(summary).toContain(
      `${percent(own.count / own.n)} were satisfied (${own.count} of ${own.n};`,
    )
    await page.getByTestId('report-generated').waitFor()
    for (const chart of ['flow', 'report-satisfied', 'report-still-open'])
      await page.getByTestId(`chart-${chart}`).locator('x-vue-echarts svg').first().waitFor(slow)

    await page.locator('[data-testid=report-places][data-maps=drawn]').waitFor(slow)
    // repeat places look at the 365 days that end with the month
    const end = Date.UTC(Number(month.slice(0, 4)), Number(month.slice(5)), 0)
    const [first, last] = [364, 0].map((days) =>
      new Date(end - days * 86_400_000).toISOString().slice(0, 10),
    )
    const year = source.filter(({ day }) => day >= first! && day <= last!).length
    expect(await text('report-summary')).toMatch(
      new RegExp(`incidents there: [\\d,]+ of ${year.toLocaleString('en')}\\.`),
    )
    const spots = await page
      .getByTestId('report-repeats')
      .locator('tbody tr')
      .evaluateAll((all) =>
        all.map((row) => [...row.children].map((cell) => (cell as HTMLElement).innerText.trim())),
      )
    const repeats = spots.map(([, count]) => Number(count))
    expect(repeats).toEqual(repeats.toSorted((a, b) => b - a))
    expect(repeats.every((count) => count >= 3)).toBe(true)

    const file = join(await mkdtemp(join(tmpdir(), 'wangge-report-')), 'report.pdf')
    const print = (...more: string[]) => reportCommand(['--out', file, '--lang', 'en', ...more])
    expect(await print('--period', month)).toEqual([0, expect.stringContaining(file)])
    const pdf = await readFile(file, 'latin1')
    expect(pdf.match(/\/Type \/Page\b/g)!.length).toBeGreaterThanOrEqual(4)
    expect(pdf).toContain('/Lang (en)')
    // A4 in points
    const boxes = new Set(pdf.match(/\/MediaBox \[[^\]]*\]/g))
    expect([...boxes].join()).toMatch(/^\/MediaBox \[0 0 59[45]\S* 84[12]\S*\]$/)
    expect(await print('--period', month)).toEqual([1, expect.stringContaining('already')])
    await rm(dirname(file), { recursive: true })
    expect(await print('--period', '2026-13')).toEqual([2, expect.stringContaining('2026-13')])
    expect(await print('--period', month, '--area', 'NOWHERE')).toEqual([
      ...[1, expect.stringContaining('NOWHERE')],
    ])

    await goInApp(page, '/report?period=2031-01')
    await page.locator('[data-report-state=unknown-period]').waitFor(slow)
    await goInApp(page, `/report?period=${month}&area=NOWHERE`)
    await page.locator('[data-report-state=unknown-area]').waitFor(slow)
    expect(problems).toEqual([])
  })
})
