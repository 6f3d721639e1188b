import type { Browser, Page, Response } from 'playwright'
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest'
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
  /**
   * The newest answers the page got, by board. Figures go on while clocks of the city run out, so that a test's own
   * question would get another answer.
   */
  const boards = new Map<string, Board>()
  const boardOf = (name: string): Board => boards.get(name) ?? { rows: [] }

  beforeAll(async () => {
    browser = await flowBrowser()
    const note = async (answer: Response): Promise<void> => {
      if (!answer.url().endsWith('/rpc/evaluation_board')) return
      const asked = answer.request().postDataJSON() as { p_board: string }
      // one that the page no longer wants has no body
      const board = (await answer.json().catch(() => null)) as Board | null
      if (board) boards.set(asked.p_board, board)
    }
    ;({ page, problems } = await openPage(browser, {
      ...{ url, role: 'leader', webGl: false },
      path: '/evaluations?from=all&board=departments',
      before: async (context) => context.on('response', (answer) => void note(answer)),
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
    const byHand = () =>
      new Map(
        boardOf('departments').rows.map(({ key, values: v }) => {
          const names = ['handling', 'handling_in_time', 'rework', 'overdue_pending', 'extension']
          const [done, inTime, rework, pending, extended] = names.map((name) => share(v[name]!))
          const score =
            30 * done! +
            20 * inTime! +
            20 * (1 - rework!) +
            20 * (1 - pending!) +
            10 * (1 - extended!)
          const least = Math.min(...names.map((name) => v[name]![1]))
          const name = departments.find(({ code }) => code === key)!.nameEn
          return [name, { key, score, least, v }] as const
        }),
      )
    const judged = () => [...byHand().values()].filter(({ least }) => least >= 10)
    // counted by another function of the server, while no clock runs out between the two
    await expect
      .poll(async () => {
        const { rows } = await call<Board>(leader, 'evaluation_board', {
          ...{ p_board: 'departments', p_filter: {} },
        })
        const rates = await call<{
          departments: { departmentCode: string; numerator: number; denominator: number }[]
        }>(leader, 'incident_rates', { p_filter: {} })
        expect(rates.departments.length).toBeGreaterThan(0)
        return rates.departments.filter(({ departmentCode, numerator, denominator }) => {
          const own = rows.find(({ key }) => key === departmentCode)!.values['handling_in_time']!
          return own[0] !== numerator || own[1] !== denominator
        })
      }, slow)
      .toEqual([])

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
    await vi.waitFor(async () => {
      const [first] = await rowsOf('ranking-change')
      const best = judged().toSorted((a, b) => b.score - a.score)[0]!
      expect([first?.[2], first?.[5]]).toEqual(['1', shown(best.score)])
    }, slow)
    await page.getByTestId('formula-reason').fill('First formula')
    await page.getByTestId('formula-save').click()

    await page.getByTestId('score-row').first().waitFor(slow)
    await vi.waitFor(async () => {
      const table = await rowsOf('score-table')
      const known = byHand()
      expect(table.length).toBe(known.size)
      for (const [rank, name, points, ...parts] of table) {
        const own = known.get(name!)!
        if (own.least === 0) expect([rank, points!.slice(0, 1)]).toEqual(['–', '–'])
        else expect(points!.split('\n')[0], name).toBe(shown(own.score))
        if (own.least < 10) expect(rank, name).toBe('–')
        const [done, due] = own.v['handling']!
        expect(parts[0]!.split('\n').at(-1)).toBe(`${done} of ${due}`)
      }
      // those without a rank stand last, and no rank is a place that its range leaves out
      const ranks = table.map(([rank]) => rank!)
      const ranked = judged().length
      expect(ranked).toBeGreaterThan(0)
      expect(ranks.slice(ranked).every((rank) => rank === '–')).toBe(true)
      ranks.slice(0, ranked).forEach((rank, at) => {
        const [low, high] = [Number(rank.split('–')[0]), Number(rank.split('–').at(-1))]
        expect(at + 1 >= low && at + 1 <= high, `${rank} at ${at + 1}`).toBe(true)
      })
    }, slow)
    expect(await page.getByTestId('formula-in-force').innerText()).toBe(formula)

    // a second version: what changes is said before it is saved
    await page.getByTestId('formula-edit').click()
    await text.fill('100 × (1 − rework)')
    await vi.waitFor(async () => {
      // it judges by fewer rates, so that a department without a score may get one
      const then = [...byHand().values()]
        .filter(({ v }) => v['rework']![1] >= 10)
        .map(({ score, least, v }) => [
          least >= 10 ? shown(score) : '–',
          shown(100 * (1 - share(v['rework']!))),
        ])
        .toSorted(([, x], [, y]) => Number(y) - Number(x))
      expect((await rowsOf('ranking-change')).map((row) => row.slice(4))).toEqual(then)
    }, slow)
    await page.getByRole('button', { name: 'Drop the draft' }).click()

    // another board, in the address: residents' answers by area
    await page.getByRole('radio', { name: 'Areas' }).check({ force: true })
    await page.getByTestId('example-three-rates').click()
    await vi.waitFor(async () => {
      const scores = boardOf('areas')
        .rows.filter(({ values: v }) =>
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
      expect((await rowsOf('ranking-change')).map((row) => row[5])).toEqual(scores.map(shown))
    }, slow)
    expect(page.url()).not.toContain('board=')
    expect(problems).toEqual([])
  })
})
