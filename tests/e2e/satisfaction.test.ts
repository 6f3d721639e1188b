import type { Browser, Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { apiClient, call } from '../kit/api.ts'
import { launchChromium } from '../kit/browser.ts'
import { slow } from '../kit/patience.ts'
import { openPage } from '../kit/session.ts'

interface Packed {
  month: string
  count: number
  runs: { isExempt: boolean; count: number; way: string }[]
  area: string
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
  month: string
  area: Area
  byte: number
  isExempt: boolean
}

/** One row for each closing that was asked about, read from the server's answer by hand. */
function answersOf(packed: Packed[], areas: Map<number, Area>): Answer[] {
  return packed.flatMap(({ month, count, runs, area, answer }) => {
    const [places, bytes] = [Buffer.from(area, 'base64'), Buffer.from(answer, 'base64')]
    const exempt = runs.flatMap((run) => Array.from({ length: run.count }, () => run.isExempt))
    return Array.from({ length: count }, (_, row) => ({
      month,
      area: areas.get(places[row]! * 256 + places[count + row]!)!,
      byte: bytes[row]!,
      isExempt: exempt[row]!,
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
const percent = (share: number): string => `${Number((share * 100).toFixed(1))}%`

describe('the page of satisfaction', () => {
  const url = inject('appUrl')
  let browser: Browser
  let page: Page
  let problems: string[]
  let areas: Area[]
  let rows: Answer[]

  beforeAll(async () => {
    browser = await launchChromium()
    const leader = await apiClient(url, 'leader')
    areas = await call<Area[]>(leader, 'area_list')
    const { months } = await call<{ months: { month: string }[] }>(leader, 'rating_months', {
      p_cursor: null,
    })
    const packed = await call<Packed[]>(leader, 'rating_columns', {
      p_months: months.map(({ month }) => month),
    })
    rows = answersOf(packed, new Map(areas.map((area) => [area.idx, area])))
    ;({ page, problems } = await openPage(browser, {
      ...{ url, role: 'leader', webGl: false },
      path: '/satisfaction?from=all',
    }))
    await page.getByTestId('chart-satisfaction-ranking').locator('svg').first().waitFor(slow)
  })
  afterAll(() => browser?.close())

  /** Header first. */
  async function tableOf(name: string): Promise<string[][]> {
    const card = page.getByTestId(`chart-${name}`)
    await card.getByRole('button', { name: 'Show as table' }).click()
    return card
      .locator('tr')
      .evaluateAll((all) =>
        all.map((row) => [...row.children].map((cell) => (cell as HTMLElement).innerText.trim())),
      )
  }
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
    expect(await text('satisfaction-solved')).toContain(percent(count / n))
    expect(await text('satisfaction-unsolved')).toContain(String(n - count))

    const byArea = new Map(
      areas
        .filter(({ level }) => level === 'community')
        .map((area) => [
          area.name,
          satisfied(counted.filter((row) => row.area.path.startsWith(area.path))),
        ]),
    )
    const [, ...ranking] = await tableOf('satisfaction-ranking')
    const answered = [...byArea].filter(([, one]) => one.n > 0)
    expect(ranking.length).toBe(answered.length)
    for (const [name, group, , with_, of, share] of ranking) {
      const own = byArea.get(name!)!
      if (own.n < 10) expect([name, group, of]).toEqual([name, 'Too few to judge', '–'])
      else
        expect([name, Number(with_), Number(of), Number(share)]).toEqual([
          name,
          own.count,
          own.n,
          Number(((own.count / own.n) * 100).toFixed(1)),
        ])
    }
    // those too few to judge stand after all others, without a rank
    const judged = answered.filter(([, one]) => one.n >= 10).length
    expect(ranking.slice(judged).every(([, group]) => group === 'Too few to judge')).toBe(true)

    const first = ranking[0]![0]!
    await page
      .getByTestId('chart-satisfaction-ranking')
      .getByRole('button', { name: first })
      .click()
    const own = byArea.get(first)!
    await expect
      .poll(() => text('satisfaction-satisfied'), slow)
      .toContain(`${own.count} of ${own.n} answers`)
    await page.locator('main').getByRole('button', { name: 'San Francisco' }).click()
    await expect.poll(() => text('satisfaction-satisfied'), slow).toContain(tile.split('\n')[1]!)
    expect(problems).toEqual([])
  })
})
