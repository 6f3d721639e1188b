import type { Browser, Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest'
import { apiClient, call } from '../kit/api.ts'
import { coveredTexts } from '../kit/covered-texts.ts'
import { flowBrowser } from '../kit/flow-browser.ts'
import { slow, slower } from '../kit/patience.ts'
import { openPage } from '../kit/session.ts'

type Result = [
  area: string,
  month: string,
  item: string,
  n: number,
  mean: number,
  sd: number,
  satisfied: number,
  dissatisfied: number,
  important: number | null,
]
interface Surveys {
  surveys: {
    code: string
    items: { code: string; nameEn: string; sense: string | null }[]
    waves: { month: string; isGenerated: boolean }[]
  }[]
}

/** The roots of (p̂ − p)² = z² p (1 − p) / n: Wilson's limits by their definition. */
function limits(share: number, n: number): [number, number] {
  const z2 = 1.959963984540054 ** 2
  const [a, b, c] = [1 + z2 / n, -(2 * share + z2 / n), share ** 2]
  const root = Math.sqrt(b * b - 4 * a * c)
  return [(-b - root) / (2 * a), (-b + root) / (2 * a)]
}
const percent = (share: number): string => `${Number((share * 100).toFixed(1))}%`
const signed = (value: number): string => {
  const rounded = Number((value * 100).toFixed(1))
  return `${rounded > 0 ? '+' : rounded < 0 ? '−' : '±'}${Math.abs(rounded).toFixed(1).replace(/\.0$/, '')}`
}

describe('the page of surveys', () => {
  const url = inject('appUrl')
  let browser: Browser
  beforeAll(async () => {
    browser = await flowBrowser()
  })
  afterAll(() => browser?.close())

  const rowsOf = (page: Page, id: string): Promise<string[][]> =>
    page
      .getByTestId(id)
      .locator('tbody tr')
      .evaluateAll((all) =>
        all.map((row) => [...row.children].map((cell) => (cell as HTMLElement).innerText.trim())),
      )

  it('compares waves, names what to work on first, and sets the senses beside cases', async () => {
    const leader = await apiClient(url, 'leader')
    const areas = await call<{ code: string; name: string; level: string }[]>(leader, 'area_list')
    const city = areas.find(({ level }) => level === 'city')!
    const { surveys } = await call<Surveys>(leader, 'survey_list')
    const survey = surveys.find(({ code }) => code === 'demo_residents')!
    const [now, before] = survey.waves.map(({ month }) => month)
    const results = await call<Result[]>(leader, 'survey_results', {
      ...{ p_survey: survey.code, p_area: city.code },
    })
    const figure = (area: string, month: string, item: string) =>
      results.find((row) => row[0] === area && row[1] === month && row[2] === item)!

    const { page, problems } = await openPage(browser, {
      ...{ url, role: 'leader', webGl: false },
      path: '/surveys?survey=demo_residents',
    })
    await page.getByTestId('wave-table').waitFor(slow)
    expect(await page.locator('main header').getByTestId('generated').count()).toBe(1)
    const table = await rowsOf(page, 'wave-table')
    expect(table.length).toBe(survey.items.length)
    for (const [at, item] of survey.items.entries()) {
      const [name, earlier, later, change] = table[at]!
      const [then, last] = [
        figure(city.code, before!, item.code),
        figure(city.code, now!, item.code),
      ]
      expect(name).toBe(item.nameEn)
      for (const [cell, row] of [
        [earlier, then],
        [later, last],
      ] as const) {
        const [low, high] = limits(row[6], row[3])
        expect(cell).toContain(percent(row[6]))
        expect(cell).toContain(`${percent(low)} – ${percent(high)}`)
      }
      // Newcombe's limits
      const [[l1, u1], [l2, u2]] = [limits(last[6], last[3]), limits(then[6], then[3])]
      const difference = last[6] - then[6]
      const low = difference - Math.hypot(last[6] - l1, u2 - then[6])
      const high = difference + Math.hypot(u1 - last[6], then[6] - l2)
      expect(change).toContain(`${signed(difference)} points (${signed(low)} to ${signed(high)})`)
      expect(change).toContain(low > 0 ? 'Better' : high < 0 ? 'Worse' : 'Not distinguishable')
    }

    const worst = survey.items
      .filter(({ sense }) => sense === null)
      .map(({ code, nameEn }) => ({ nameEn, row: figure(city.code, now!, code) }))
      .toSorted((a, b) => b.row[8]! * (1 - b.row[6]) - a.row[8]! * (1 - a.row[6]))[0]!
    const chart = page.getByTestId('chart-survey-quadrant')
    await chart.locator('svg').last().waitFor(slow)
    expect(await chart.innerText()).toContain(`Work on this first: ${worst.nameEn}`)

    await expect.poll(() => page.getByTestId('senses-table').innerText(), slow).toContain('due')
    const senses = await rowsOf(page, 'senses-table')
    const own = survey.items.filter(({ sense }) => sense !== null)
    expect(senses.length).toBe(areas.filter(({ level }) => level === 'community').length)
    // where most was due
    const dueOf = (row: string[]): number => Number(/(\d+) due/.exec(row[4]!)?.[1] ?? 0)
    const [busy] = senses.toSorted((a, b) => dueOf(b) - dueOf(a))
    const community = areas.find(({ name, level }) => name === busy![0] && level === 'community')!
    for (const [at, item] of own.entries()) {
      const [, , , n, , , satisfied] = figure(community.code, now!, item.code)
      expect(busy![at + 1]).toContain(n < 10 ? 'Too few to judge' : percent(satisfied))
    }
    const [year, month] = now!.split('-').map(Number)
    const day = (monthsOn: number, of: number) =>
      new Date(Date.UTC(year!, month! - 1 + monthsOn, of)).toISOString().slice(0, 10)
    // a clock that runs out between the page's question and this one is seen by a later page
    await vi.waitFor(async () => {
      const rowNow = (await rowsOf(page, 'senses-table')).find(([name]) => name === busy![0])!
      const { rates } = await call<{
        rates: { rate: string; numerator: number; denominator: number }[]
      }>(leader, 'incident_rates', {
        p_filter: { from: day(-2, 1), to: day(1, 0), areas: [community.code] },
      })
      const { numerator, denominator } = rates.find(({ rate }) => rate === 'closing_in_time')!
      expect(denominator).toBeGreaterThan(0)
      if (dueOf(rowNow) !== denominator) {
        await page.reload()
        await page.getByTestId('senses-table').getByText('due').first().waitFor(slow)
      }
      expect(dueOf(rowNow)).toBe(denominator)
      expect(rowNow[4]).toContain(
        denominator < 10 ? 'Too few to judge' : percent(numerator / denominator),
      )
    }, slower)

    await page
      .getByTestId('senses-table')
      .getByRole('button', { name: community.name, exact: true })
      .click()
    await expect
      .poll(() => page.getByTestId('wave-table').innerText(), slow)
      .toContain(`${figure(community.code, now!, 'happiness')[3]} answers`)
    expect(problems).toEqual([])
    await page.close()
  })

  it('fits a phone: no name in the chart lies on another, each area is a card', async () => {
    const { page, problems, context } = await openPage(browser, {
      ...{ url, role: 'leader', webGl: false, width: 360, height: 780, touch: true },
      path: '/surveys?survey=demo_residents',
    })
    const chart = page.getByTestId('chart-survey-quadrant')
    await chart.scrollIntoViewIfNeeded()
    await chart.locator('svg text').first().waitFor(slow)
    expect(await coveredTexts(page)).toEqual([])
    const cards = page.getByTestId('senses-table')
    await cards.locator('td').first().waitFor(slow)
    expect(
      await cards.evaluate(({ parentElement: box }) => box!.scrollWidth - box!.clientWidth),
    ).toBe(0)
    expect(problems).toEqual([])
    await context.close()
  })

  it('takes a file whole or tells its faults by line', async () => {
    const admin = await apiClient(url, 'admin')
    const areas = await call<{ code: string; level: string }[]>(admin, 'area_list')
    const [first, second] = areas.filter(({ level }) => level === 'community')
    const { page, problems } = await openPage(browser, {
      ...{ url, role: 'admin', webGl: false },
      path: '/surveys',
    })
    await page.getByTestId('survey-import').click()
    const choose = (...lines: string[]) =>
      page.getByTestId('survey-file').setInputFiles({
        ...{ name: 'own.csv', mimeType: 'text/csv' },
        buffer: Buffer.from(['area_id,period,item,n,mean,pct_satisfied', ...lines].join('\n')),
      })
    await choose(`${first!.code},2020-01,parks,40,3.5,50`, 'nowhere,2020-01,parks,40,8.1,120')
    const faults = () => page.getByTestId('survey-faults').innerText()
    await expect.poll(faults, slow).toContain('3 faults: nothing is stored.')
    expect(await faults()).toContain('Line 3 · area_id · nowhere · The city has no such area.')
    expect(await faults()).toContain('Line 3 · mean · 8.1 · This value lies outside')
    expect(await page.getByTestId('survey-send').isDisabled()).toBe(true)
    await choose(
      `${first!.code},2020-01,parks,40,3.5,50`,
      `${second!.code},2020-01,parks,60,3.1,40`,
    )
    await expect
      .poll(() => page.getByTestId('survey-summary').innerText(), slow)
      .toBe('2 rows · 1 wave · 1 item · 2 areas')
    await page.getByTestId('survey-send').click()
    await page.getByTestId('survey-form').waitFor({ state: 'detached', ...slow })
    const { surveys } = await call<Surveys>(admin, 'survey_list')
    expect(surveys.find(({ code }) => code === 'own')?.waves).toMatchObject([
      { month: '2020-01', isGenerated: false },
    ])
    // the same wave again is the server's to refuse
    await page.getByTestId('survey-import').click()
    await choose(`${first!.code},2020-01,parks,40,3.5,50`)
    await page.getByTestId('survey-send').click()
    await expect.poll(faults, slow).toContain('Line 2 · This wave is stored already')
    expect(problems).toEqual([])
    await page.close()
  })
})
