/**
 * The eight tasks of daily use, done by the app's own screens. Each ends when its answer stands on the
 * screen, and that is held against figures from elsewhere.
 */
import { readFileSync } from 'node:fs'
import type { SupabaseClient } from '@supabase/supabase-js'
import readExcel from 'read-excel-file/node'
import type { Browser, Page } from 'playwright'
import { jpegFile } from '../fixtures/photo-files.ts'
import { applyCommand, call, reportIncident } from '../kit/api.ts'
import { detailOf } from '../kit/commands.ts'
import { lookUntil } from '../kit/look-until.ts'
import { slower } from '../kit/patience.ts'
import { openPage, shownCount, type DemoRole } from '../kit/session.ts'
import type { Hands } from './hands.ts'
import { same, type World } from './world.ts'

export interface Task {
  name: string
  role: DemoRole
  onPhone?: boolean
  /** Clicks and seconds of the first walk, November 2026; seconds are its estimates. */
  before: string
  zh: { name: string; before: string }
  /** Prepares what the task is about. @returns what the hands need to know, as from a sheet of paper */
  prepare?: (world: World) => Promise<string>
  /** @returns the answer as it stands on the screen */
  run: (hands: Hands, world: World, given: string) => Promise<string>
  /** Looks elsewhere whether the answer is right; not timed. */
  check?: (world: World, page: Page, browser: Browser, given: string) => Promise<void>
}

const digits = (text: string): number => Number(text.replaceAll(/\D/g, ''))
const days =
  (from: string, to: string) =>
  ({ day }: { day: string }) =>
    day >= from && day <= to
/** The days that a text of the English page names. */
const daysIn = (text: string): string[] =>
  (text.match(/[A-Z][a-z]{2} \d{1,2}, \d{4}/g) ?? []).map((day) =>
    new Date(`${day} UTC`).toISOString().slice(0, 10),
  )
/** The period as the filter of the table or the words of the overview show it. */
async function periodOn(page: Page): Promise<[from: string, to: string]> {
  const words = page.getByTestId('period-text')
  if (await words.isVisible()) return daysIn(await words.innerText()) as [string, string]
  const ends = ['from', 'to'].map((end) => page.getByTestId(`period-${end}`).inputValue())
  return (await Promise.all(ends)) as [string, string]
}

/** Waits until nothing of the page is still being counted. */
export async function isQuiet(page: Page): Promise<void> {
  await page
    .locator('main')
    .getByRole('progressbar')
    .first()
    .waitFor({ state: 'detached', ...slower })
}

const dayMs = 86_400_000
const addDays = (day: string, days: number): string =>
  new Date(Date.parse(day) + days * dayMs).toISOString().slice(0, 10)
/** In the year before. San Francisco's leap days are none of the first days of these periods. */
const yearBefore = (day: string): string => `${Number(day.slice(0, 4)) - 1}${day.slice(4)}`

/** The same days right before, or a year before, up to the counterpart of the last instant with data. */
async function windowBefore(world: World, from: string, to: string, before: 'period' | 'year') {
  const leader = await world.as('leader')
  const { asOf } = await call<{ asOf: string }>(leader, 'incident_months')
  const wall = new Date(asOf).toLocaleString('sv', { timeZone: 'America/Los_Angeles' })
  const lastDay = wall.slice(0, 10)
  const end = to < lastDay ? to : lastDay
  const length = (Date.parse(end) - Date.parse(from)) / dayMs + 1
  const first = before === 'year' ? yearBefore(from) : addDays(from, -length)
  const last = addDays(first, length - 1)
  const shift = (Date.parse(from) - Date.parse(first)) / dayMs
  const instant = `${addDays(lastDay, -shift)}T${wall.slice(11)}`
  return ({ day, reportedAt }: { day: string; reportedAt: string }): boolean =>
    day >= first && day <= last && reportedAt <= instant
}

/** Two Poisson counts of equally long times, exactly: two-sided, by the binomial distribution. */
function isSure(now: number, before: number): boolean {
  const n = now + before
  const logChoose: number[] = [0]
  for (let k = 1; k <= n; k++) logChoose.push(logChoose[k - 1]! + Math.log((n - k + 1) / k))
  const tail = logChoose
    .slice(Math.max(now, before))
    .reduce((sum, log) => sum + Math.exp(log - n * Math.LN2), 0)
  return n >= 6 && 2 * tail <= 0.05
}

/** Rows of the second sheet, below its heading. */
async function rowsIn(path: string): Promise<number> {
  const read = readExcel as unknown as (file: Buffer) => Promise<{ data: unknown[][] }[]>
  const sheets = await read(readFileSync(path))
  return sheets[1]!.data.length - 1
}

export const tasks: readonly Task[] = [
  {
    name: 'Which community got worse this month, and by what',
    role: 'leader',
    before: 'not directly; 12+ clicks, 3 min',
    zh: { name: '本月哪个社区变差、因何变差', before: '不能直接做到；12 次以上点击，3 分钟' },
    async run(hands) {
      const { page } = hands
      await hands.tap(page.getByRole('link', { name: 'Table', exact: true }))
      await hands.choose(page.getByTestId('period-preset'), /^This month/)
      await hands.choose(page.getByTestId('compare-with'), 'Compare: period before')
      await hands.tap(page.getByRole('button', { name: 'Change', exact: true }))
      const area = page
        .locator('tr')
        .filter({ has: page.getByTestId('area-row') })
        .first()
      const worst = area.getByTestId('area-row')
      await area.getByTestId('change').waitFor(slower)
      const said = `${await worst.innerText()}: ${await area.getByTestId('change').innerText()}`
      await hands.tap(worst)
      await page.waitForURL(/[?&]area=/, slower)
      const rows = page.getByTestId('category-row')
      await rows.first().getByTestId('change').waitFor(slower)
      const told = await Promise.all(
        (await rows.all()).map(async (row) => {
          const text = (await row.innerText()).replaceAll(/\s+/g, ' ')
          const now = digits(text.split(' ').at(-1)!)
          return { text, more: now - digits(/before ([\d,]+)/.exec(text)?.[1] ?? '') }
        }),
      )
      // as the eye does: the one that has most more than before
      const [most] = told.toSorted((a, b) => b.more - a.more)
      return `${said.replaceAll(/\s+/g, ' ')}; ${most!.text}`
    },
    async check(world, page) {
      const [from, to] = await periodOn(page)
      const isBefore = await windowBefore(world, from, to, 'period')
      const isNow = days(from, to)
      const counts = (passes: (row: World['rows'][number]) => boolean): [number, number] => [
        world.rows.filter((row) => passes(row) && isNow(row)).length,
        world.rows.filter((row) => passes(row) && isBefore(row)).length,
      ]
      const sure = [...world.communities.keys()]
        .map((code) => [code, ...counts((row) => row.communityCode === code)] as const)
        .filter(([, now, before]) => now > before && isSure(now, before))
        .toSorted((a, b) => b[1] / b[2] - a[1] / a[2])
      const area = sure[0]?.[0] ?? 'none surely'
      same('the area that got worse', new URL(page.url()).searchParams.get('area'), area)
      for (const row of await page.getByTestId('category-row').all()) {
        const category = (await row.getAttribute('data-code'))!
        const [now, before] = counts(
          (one) => one.communityCode === area && one.category === category,
        )
        const told = await row.getByTestId('change').innerText()
        same(`earlier ${category}`, digits(/before ([\d,]+)/.exec(told)?.[1] ?? ''), before)
        same(`now ${category}`, digits((await row.innerText()).split('\n').at(-1)!), now)
      }
    },
  },
  {
    name: 'Open manhole covers near a place, as a link to send',
    role: 'leader',
    before: '6 clicks and panning, 40–60 s; the link from the address bar',
    zh: {
      name: '某地附近未办结的井盖事项，生成链接发送',
      before: '6 次点击并平移地图，40–60 秒；链接取自地址栏',
    },
    async run(hands) {
      const { page } = hands
      await hands.press('/')
      await hands.type(page.getByTestId('search-field'), 'manhole')
      await hands.tap(page.getByTestId('search-categories').first())
      await hands.tap(page.getByTestId('left-out').getByRole('button'))
      await hands.tap(page.getByTestId('open-only'))
      await hands.press('/')
      await hands.type(page.getByTestId('search-field'), 'Mission')
      await hands.tap(page.getByTestId('search-areas').first())
      await page.waitForURL(/(?=.*area=)(?=.*open=)(?=.*category=)/, slower)
      await hands.tap(page.getByTestId('copy-link').first())
      await page.getByText('The link is copied.').first().waitFor(slower)
      return `${await shownCount(page, 'total-count')} open in Mission`
    },
    async check(world, page, browser) {
      const link = await page.evaluate(() => navigator.clipboard.readText())
      const wanted = world.rows.filter(
        (row) => row.open && row.leaf === 'manhole_cover' && row.communityCode === 'SF-N-19',
      ).length
      if (wanted === 0) throw new Error('the demo has no open manhole cover there')
      const { page: other, context } = await openPage(browser, {
        ...{ url: world.url, role: 'manager', path: link.slice(world.url.length), webGl: false },
      })
      const isSame = () => shownCount(other, 'total-count').then((count) => count === wanted)
      if (!(await lookUntil(isSame)))
        same('the link, for somebody else', await shownCount(other, 'total-count'), wanted)
      same('the count', await shownCount(page, 'total-count'), wanted)
      await context.close()
    },
  },
  {
    name: 'Export this month’s incidents',
    role: 'leader',
    before: 'rows: not possible; figures of charts in 4 clicks, 12 s',
    zh: { name: '导出本月事项', before: '不能导出明细；图表数据 4 次点击，12 秒' },
    async run(hands, world) {
      const { page } = hands
      await hands.choose(page.getByTestId('period-preset'), /^This month/)
      await hands.tap(page.getByTestId('export'))
      const saving = page.waitForEvent('download', slower)
      await hands.tap(page.getByTestId('export-save'))
      const file = await saving
      await page.getByTestId('export-saved').waitFor(slower)
      const { rows } = world
      const isNow = days(...(await periodOn(page)))
      const saved = await rowsIn(await file.path())
      same('rows in the file', saved, rows.filter(isNow).length)
      return `${file.suggestedFilename()}, ${saved} rows`
    },
  },
  {
    name: 'Who is slow, by department',
    role: 'leader',
    before: 'by category and area in 30 s; by department not possible',
    zh: { name: '哪个部门慢', before: '按类别和区域 30 秒；不能按部门' },
    async run(hands) {
      const { page } = hands
      const chart = page.getByTestId('chart-departments-in-time')
      await hands.tap(chart.getByRole('button', { name: 'Show as table' }))
      const rows = (await chart.locator('tbody tr').allInnerTexts()).map((row) => row.split('\t'))
      const slowest = rows
        .filter(([, due, , share]) => Number(due) > 0 && share !== '–')
        .toSorted((a, b) => Number(a[3]) - Number(b[3]))[0]
      if (!slowest) throw new Error(`no department with a share: ${JSON.stringify(rows)}`)
      return `${slowest[0]}: ${slowest[3]} % in time of ${slowest[1]} due`
    },
    async check({ as }, page) {
      const chart = page.getByTestId('chart-departments-in-time')
      const told = (await chart.locator('tbody tr').allInnerTexts()).map((row) => {
        const [, due, inTime] = row.split('\t')
        return [Number(due), Number(inTime)]
      })
      const { departments } = await call<{
        departments: { numerator: number; denominator: number }[]
      }>(await as('leader'), 'incident_rates', { p_filter: {} })
      same(
        'due and in time',
        told,
        departments.map(({ numerator, denominator }) => [denominator, numerator]),
      )
    },
  },
  {
    name: 'Compare this year with the year before',
    role: 'leader',
    before: 'not possible; two windows, 8 clicks, 1 min',
    zh: { name: '本年与上年比较', before: '不能；开两个窗口，8 次点击，1 分钟' },
    async run(hands) {
      const { page } = hands
      await hands.choose(page.getByTestId('compare-with'), 'Compare: a year before')
      const change = page.getByTestId('total-count').getByTestId('change')
      await change.waitFor(slower)
      return (await change.innerText()).replaceAll(/\s+/g, ' ')
    },
    async check(world, page) {
      const [from, to] = await periodOn(page)
      const isBefore = await windowBefore(world, from, to, 'year')
      const told = await page.getByTestId('total-count').getByTestId('change').innerText()
      same(
        'the year before',
        digits(/before ([\d,]+)/.exec(told)![1]!),
        world.rows.filter(isBefore).length,
      )
    },
  },
  {
    name: 'One incident’s history, by its number',
    role: 'leader',
    before: 'from a number on paper: not possible; from the list 1 click, 6 s',
    zh: { name: '凭编号查一件事项的经过', before: '凭纸上编号不能；从列表 1 次点击，6 秒' },
    async prepare({ rows, as }) {
      const newest = rows.toSorted((a, b) => (a.reportedAt < b.reportedAt ? 1 : -1))
      const { incident } = await numberedDetail(await as('leader'), newest[5]!.id)
      return incident.caseNumber
    },
    async run(hands, _world, number) {
      const { page } = hands
      await hands.press('/')
      await hands.type(page.getByTestId('search-field'), number)
      await page.getByTestId('search-incidents').filter({ hasText: number }).waitFor(slower)
      await hands.press('Enter')
      await page.locator('[data-testid^=log-]').first().waitFor(slower)
      return `${number}: ${await page.locator('li[data-testid^=log-]').count()} entries`
    },
    async check({ as }, page) {
      const id = new URL(page.url()).pathname.split('/').at(-1)!
      const { log } = await detailOf(await as('leader'), id)
      same('entries', await page.locator('li[data-testid^=log-]').count(), log.length)
    },
  },
  {
    name: 'Report an illegal shed with a photo',
    role: 'field',
    onPhone: true,
    before: '5 taps + camera; 11.3 s by script, of which some 9 s it waited',
    zh: { name: '拍照上报私搭违建', before: '5 次点击加拍照；脚本 11.3 秒，其中约 9 秒为等待' },
    async run(hands) {
      const { page } = hands
      await hands.tap(page.getByRole('link', { name: 'Report', exact: true }).first())
      await hands.photograph(page.getByTestId('photo-camera'), 'shed.jpg', jpegFile({ seed: 5 }))
      await page.getByTestId('photo').first().waitFor(slower)
      await hands.tap(page.locator('[data-testid=category-choice][data-code=illegal_construction]'))
      await hands.tap(page.getByTestId('category-picker').locator('[data-code=shed]'))
      await page.getByTestId('place-name').filter({ hasText: /\S/ }).waitFor(slower)
      await hands.tap(page.getByTestId('send'))
      const none = page.getByTestId('duplicate-none')
      const sent = page.getByTestId('sent')
      await sent.or(none).first().waitFor(slower)
      if (await none.isVisible()) {
        await hands.tap(none)
        await hands.tap(page.getByTestId('send'))
      }
      await page.locator('[data-testid=sent][data-state=received]').waitFor(slower)
      return (await page.getByTestId('sent-number').innerText()).replaceAll(/\s+/g, ' ')
    },
    async check({ as }, page) {
      const href = await page.getByTestId('sent-report').getAttribute('href')
      const id = /[0-9a-f-]{36}/.exec(href ?? '')![0]
      const { incident, photos } = await detailOf(await as('manager'), id)
      same('what arrived', [incident.categoryCode, photos.length], ['shed', 1])
    },
  },
  {
    name: 'Hand an incident to another department',
    role: 'manager',
    before: 'not possible; a note was all',
    zh: { name: '转交其他部门', before: '不能；只能写备注' },
    async prepare({ as }) {
      const manager = await as('manager')
      const id = await reportIncident(await as('field'), undefined, 'manhole_cover')
      const { conditions } = await call<{ conditions: { code: string; categoryCode: string }[] }>(
        manager,
        'workflow_list',
      )
      const condition = conditions.find((one) => one.categoryCode === 'manhole_cover')!.code
      const steps = [
        ['file', { condition }, manager],
        ['dispatch', { department: 'public_works' }, manager],
        ['return', { note: 'Not ours' }, await as('handler')],
      ] as const
      for (const [name, fields, by] of steps) {
        const { version: baseVersion } = (await detailOf(by, id)).incident
        await applyCommand(by, 'transition', { incidentId: id, baseVersion, name, ...fields })
      }
      return (await numberedDetail(manager, id)).incident.caseNumber
    },
    async run(hands, _world, number) {
      const { page } = hands
      await hands.press('/')
      await hands.type(page.getByTestId('search-field'), number)
      await page.getByTestId('search-incidents').filter({ hasText: number }).waitFor(slower)
      await hands.press('Enter')
      await hands.tap(page.getByTestId('step-dispatch'))
      await hands.choose(page.getByTestId('step-department'), 'Transport')
      await hands.tap(page.getByTestId('step-submit'))
      const step = page.getByTestId('log-pending').filter({ hasText: 'Dispatch' })
      await step.waitFor(slower)
      return (await step.innerText()).replaceAll(/\s+/g, ' ')
    },
    async check({ as }, page) {
      const id = new URL(page.url()).pathname.split('/').at(-1)!
      const manager = await as('manager')
      const departmentOf = async () => (await numberedDetail(manager, id)).incident.departmentCode
      // the step can be undone for ten seconds before it is sent
      await lookUntil(async () => (await departmentOf()) === 'transport', slower.timeout)
      same('the department', await departmentOf(), 'transport')
    },
  },
]

const numberedDetail = (client: SupabaseClient, id: string) =>
  call<{ incident: { caseNumber: string; departmentCode: string } }>(client, 'incident_detail', {
    p_id: id,
  })
