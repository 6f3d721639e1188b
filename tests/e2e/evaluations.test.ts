import type { Browser, Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { apiClient, call } from '../kit/api.ts'
import { flowBrowser } from '../kit/flow-browser.ts'
import { slow } from '../kit/patience.ts'
import { openPage } from '../kit/session.ts'

type Pair = [number, number]
interface Board {
  rows: { key: string; values: Record<string, Pair> }[]
}

describe('the page of evaluations', () => {
  const url = inject('appUrl')
  let browser: Browser
  let page: Page
  let problems: string[]

  beforeAll(async () => {
    browser = await flowBrowser()
    ;({ page, problems } = await openPage(browser, {
      ...{ url, role: 'leader', webGl: false },
      path: '/evaluations?from=all&board=departments',
    }))
    await page.getByTestId('no-formula').waitFor(slow)
  })
  afterAll(() => browser?.close())

  const rowsOf = (id: string): Promise<string[][]> =>
    page
      .getByTestId(id)
      .locator('tbody tr')
      .evaluateAll((all) =>
        all.map((row) => [...row.children].map((cell) => (cell as HTMLElement).innerText.trim())),
      )
  const shown = (score: number): string => String(Number(score.toFixed(1)))
  const share = ([numerator, denominator]: Pair): number => numerator / denominator

  it('scores departments by a shipped formula, once its ranking was seen', async () => {
    const leader = await apiClient(url, 'leader')
    const departments = await call<{ code: string; nameEn: string }[]>(leader, 'department_list')
    const { rows } = await call<Board>(leader, 'evaluation_board', {
      ...{ p_board: 'departments', p_filter: {} },
    })
    const byHand = new Map(
      rows.map(({ key, values: v }) => {
        const names = ['handling', 'handling_in_time', 'rework', 'overdue_pending', 'extension']
        const [done, inTime, rework, pending, extended] = names.map((name) => share(v[name]!))
        const score =
          30 * done! +
          20 * inTime! +
          20 * (1 - rework!) +
          20 * (1 - pending!) +
          10 * (1 - extended!)
        const least = Math.min(...names.map((name) => v[name]![1]))
        return [departments.find(({ code }) => code === key)!.nameEn, { key, score, least, v }]
      }),
    )
    const judged = [...byHand.values()].filter(({ least }) => least >= 10)
    expect(judged.length).toBeGreaterThan(0)
    // counted by another function of the server
    const rates = await call<{
      departments: { departmentCode: string; numerator: number; denominator: number }[]
    }>(leader, 'incident_rates', { p_filter: {} })
    for (const { departmentCode, numerator, denominator } of rates.departments)
      expect(rows.find(({ key }) => key === departmentCode)!.values['handling_in_time']).toEqual([
        ...[numerator, denominator],
      ])

    await page.getByTestId('example-composite').click()
    const text = page.getByTestId('formula-text')
    const formula = await text.inputValue()
    await text.fill(`${formula}\n+ 5 × reports`)
    expect(await page.getByTestId('formula-editor').innerText()).toContain(
      'Line 6, character 7: No rate has the name “reports”.',
    )
    expect(await page.getByTestId('ranking-change').count()).toBe(0)
    expect(await page.getByTestId('formula-save').isDisabled()).toBe(true)
    await text.fill(formula)
    const tried = await rowsOf('ranking-change')
    const best = judged.toSorted((a, b) => b.score - a.score)[0]!
    expect([tried[0]![2], tried[0]![5]]).toEqual(['1', shown(best.score)])
    await page.getByTestId('formula-reason').fill('First formula')
    await page.getByTestId('formula-save').click()

    await page.getByTestId('score-row').first().waitFor(slow)
    const table = await rowsOf('score-table')
    expect(table.length).toBe(rows.length)
    for (const [rank, name, points, ...parts] of table) {
      const own = byHand.get(name!)!
      if (own.least === 0) expect([rank, points!.slice(0, 1)]).toEqual(['–', '–'])
      else expect(points!.split('\n')[0], name).toBe(shown(own.score))
      if (own.least < 10) expect(rank, name).toBe('–')
      const [done, due] = own.v['handling']!
      expect(parts[0]!.split('\n').at(-1)).toBe(`${done} of ${due}`)
    }
    // those without a rank stand last, and no rank is a place that its range leaves out
    const ranks = table.map(([rank]) => rank!)
    expect(ranks.slice(judged.length).every((rank) => rank === '–')).toBe(true)
    ranks.slice(0, judged.length).forEach((rank, at) => {
      const [low, high] = [Number(rank.split('–')[0]), Number(rank.split('–').at(-1))]
      expect(at + 1 >= low && at + 1 <= high, `${rank} at ${at + 1}`).toBe(true)
    })
    expect(await page.getByTestId('formula-in-force').innerText()).toBe(formula)

    // a second version: what changes is said before it is saved
    await page.getByTestId('formula-edit').click()
    await text.fill('100 × (1 − rework)')
    // it judges by fewer rates, so that a department without a score may get one
    const then = [...byHand.values()]
      .filter(({ v }) => v['rework']![1] >= 10)
      .map(({ score, least, v }) => [
        least >= 10 ? shown(score) : '–',
        shown(100 * (1 - share(v['rework']!))),
      ])
      .toSorted(([, x], [, y]) => Number(y) - Number(x))
    await expect
      .poll(async () => (await rowsOf('ranking-change')).map((row) => row.slice(4)), slow)
      .toEqual(then)
    await page.getByRole('button', { name: 'Drop the draft' }).click()

    // another board, in the address: residents' answers by area
    await page.getByRole('radio', { name: 'Areas' }).check({ force: true })
    await page.getByTestId('example-three-rates').click()
    const answered = await call<Board>(leader, 'evaluation_board', {
      ...{ p_board: 'areas', p_filter: {}, p_level: 'community' },
    })
    const scores = answered.rows
      .filter(({ values: v }) =>
        ['responded', 'solved', 'satisfied'].every((name) => v[name]![1] >= 10),
      )
      .map(({ values: v }) => {
        const [responded, solved, satisfied] = ['responded', 'solved', 'satisfied'].map((name) =>
          share(v[name]!),
        )
        return 30 * responded! + 35 * solved! + 35 * satisfied!
      })
      .toSorted((x, y) => y - x)
    expect(scores.length).toBeGreaterThan(5)
    await expect
      .poll(async () => (await rowsOf('ranking-change')).map((row) => row[5]), slow)
      .toEqual(scores.map(shown))
    expect(page.url()).not.toContain('board=')
    expect(problems).toEqual([])
  })
})
