import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import type { Browser } from 'playwright'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import type { PublicFigures } from '../../src/domain/publish/figures.ts'
import { apiClient, call } from '../kit/api.ts'
import { axeProblems } from '../kit/axe.ts'
import { flowBrowser } from '../kit/flow-browser.ts'
import { sidewaysOverflow } from '../kit/overflow.ts'
import { patient, slow, slower } from '../kit/patience.ts'
import { chooseLanguage, openPage } from '../kit/session.ts'

const run = promisify(execFile)

describe('the public page', () => {
  const url = inject('appUrl')
  let browser: Browser
  beforeAll(async () => {
    browser = await flowBrowser()
  })
  afterAll(() => browser?.close())

  it(
    'shows what the command published, to people who have no account',
    async () => {
      const leader = await apiClient(url, 'leader')
      const { months } = await call<{ months: { month: string; count: number }[] }>(
        leader,
        'incident_months',
      )
      // the newest may not be over yet
      const [, newest, older, third] = months.toSorted((a, b) => (a.month < b.month ? 1 : -1))
      const env = { ...process.env, DATA_DIR: inject('dataDir') }
      const period = ['--from', older!.month, '--to', newest!.month, '--level', 'community']
      const command = 'supabase/server/commands/publish.ts'
      const { stdout } = await run(process.execPath, [command, ...period], { env })
      expect(stdout).toContain('hides')

      const figuresOf = () =>
        fetch(`${url}/figures.json`).then((answer) => answer.status === 200 && answer.json())
      await expect.poll(figuresOf, slow).toMatchObject({ months: [older!.month, newest!.month] })
      const figures = (await figuresOf()) as PublicFigures
      // for a static host: what the door serves
      const file = join(await mkdtemp(join(tmpdir(), 'wangge-figures-')), 'figures.json')
      await run(process.execPath, [command, 'file', file], { env })
      expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(figures)
      await rm(dirname(file), { recursive: true })
      const last = <T>(values: readonly T[]): T => values.at(-1)!
      const total = older!.count + newest!.count
      // rejected ones are left out
      expect(last(figures.reported)! / total).toBeGreaterThan(0.9)
      expect(last(figures.reported)).toBeLessThanOrEqual(total)
      for (const value of [...figures.reported, ...figures.closed])
        expect(value === null || value === 0 || value >= 5).toBe(true)
      for (const path of ['/rest/v1/rpc/area_list', '/rest/v1/publications', '/auth/v1/user'])
        expect((await fetch(url + path, { method: 'POST' })).status, path).toBe(401)

      const { page, problems } = await openPage(browser, { url, path: '/public', width: 1100 })
      const tile = page.getByTestId('public-reported')
      await expect.poll(() => tile.innerText(), slow).toContain(String(last(figures.reported)))
      const rows = page.getByRole('table').last().locator('tbody tr')
      expect(await rows.count()).toBe(figures.areas.length)
      const perArea = (figures.months.length + 1) * (figures.categories.length + 1)
      const firstHidden = figures.areas.findIndex(
        (_, at) => figures.reported[(at + 1) * perArea - 1] === null,
      )
      expect(await rows.nth(firstHidden).locator('td').first().innerText()).toContain(
        'not published',
      )

      const { name } = figures.areas[firstHidden]!
      await rows.nth(firstHidden).getByRole('button').click()
      expect(await page.getByTestId('public-place').innerText()).toBe(name)
      expect(await tile.innerText()).toContain('·')

      const download = page.waitForEvent('download')
      await page.getByRole('button', { name: 'Save all figures as CSV' }).click()
      const lines = (await readFile(await (await download).path(), 'utf8')).trim().split('\r\n')
      expect(lines).toHaveLength((figures.areas.length + 1) * perArea + 1)
      expect(lines.at(-1)).toContain(`,${last(figures.reported)},${last(figures.closed)},`)
      expect(lines.filter((line) => line.includes('not published')).length).toBeGreaterThan(0)

      await chooseLanguage(page, 'zh-CN')
      expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe('数据公开')
      expect(await axeProblems(page, ['light', 'dark'])).toEqual([])
      await page.setViewportSize({ width: 360, height: 740 })
      expect(await sidewaysOverflow(page)).toEqual([])
      expect(problems).toEqual([])

      const asLeader = await leader.auth.getSession()
      const headers = {
        apikey: (await fetch(`${url}/config.json`).then((answer) => answer.json()))
          .publishableKey as string,
        authorization: `Bearer ${asLeader.data.session!.access_token}`,
      }
      for (const path of ['', '/preview', '/1/withdraw']) {
        const method = path === '' ? 'GET' : 'POST'
        const body = method === 'GET' ? {} : { body: '{}' }
        const answer = (more: object) =>
          fetch(`${url}/publications/v1${path}`, { method, ...body, headers: { ...more } })
        expect((await answer(headers)).status, path).toBe(403)
        expect((await answer({ apikey: headers.apikey })).status, path).toBe(401)
      }
      await publishesByHand(figures, third!.month)
    },
    patient(240_000),
  )

  /** The admin looks at a preview with reasons, publishes, and withdraws. */
  async function publishesByHand(before: PublicFigures, month: string): Promise<void> {
    const figuresOf = (): Promise<PublicFigures> =>
      fetch(`${url}/figures.json`).then((answer) => answer.json())
    const { page, problems } = await openPage(browser, {
      ...{ url, role: 'admin', path: '/publish', webGl: false, width: 1100 },
    })
    const history = page.getByTestId('publication')
    await history.first().waitFor(slow)
    expect(await history.evaluateAll((all) => all.map((one) => one.dataset['stand']))).toEqual([
      'shown',
    ])
    expect(await page.getByTestId('publish-level').isDisabled()).toBe(true)
    // what was told together is offered; a month that nobody has told of hides nothing but its own
    const name = new Intl.DateTimeFormat('en', {
      ...{ year: 'numeric', month: 'short', timeZone: 'UTC' },
    } as const).format(new Date(`${month}-01T00:00:00Z`))
    for (const select of ['publish-from', 'publish-to']) {
      await page.getByTestId(select).click()
      await page.getByRole('option', { name }).click()
    }
    await page.getByTestId('publish-preview').click()
    await page.getByTestId('preview').waitFor(slower)
    const rows = await page
      .getByTestId('hidden-summary')
      .locator('tbody tr')
      .evaluateAll((all) =>
        all.map((row) => [...row.children].slice(1).map((cell) => Number(cell.textContent))),
      )
    const months = 1
    const cells = (before.areas.length + 1) * (months + 1) * (before.categories.length + 1)
    expect(rows.length).toBe(4)
    const [shown, small, protects] = rows[0]!
    expect(shown! + small! + protects!).toBe(cells)
    expect(Math.min(shown!, small!)).toBeGreaterThan(0)
    expect(await page.getByTestId('preview').getByText('too few').count()).toBeGreaterThan(0)
    await page.mouse.move(0, 0)
    // nothing is stored by looking
    expect(await figuresOf()).toEqual(before)
    expect(await axeProblems(page, ['light', 'dark'])).toEqual([])
    await chooseLanguage(page, 'zh-CN')
    await page.setViewportSize({ width: 360, height: 740 })
    expect(await sidewaysOverflow(page)).toEqual([])

    await page.getByTestId('publish-now').click()
    await page.getByTestId('publish-confirm').click()
    await page.getByTestId('publish-done').waitFor(slower)
    await expect.poll(async () => (await figuresOf()).months.length, slow).toBe(months)
    const published = await figuresOf()
    expect(published.reported.filter((value) => value !== null).length).toBe(shown)
    await history.nth(1).waitFor(slow)
    expect(await history.first().innerText()).toContain('正在显示')
    await history.first().getByRole('button').click()
    await page.getByTestId('publish-confirm').click()
    await page.locator('[data-testid=publication][data-stand=withdrawn]').waitFor(slow)
    await expect.poll(figuresOf, slow).toEqual(before)
    expect(problems).toEqual([])
  }
})
