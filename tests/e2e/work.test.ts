import type { SupabaseClient } from '@supabase/supabase-js'
import type { Browser, Locator, Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { isQuiet } from '../../src/domain/time/quiet-hours.ts'
import { apiClient, applyCommand, call, reportIncident } from '../kit/api.ts'
import { axeProblems } from '../kit/axe.ts'
import { flowBrowser } from '../kit/flow-browser.ts'
import { holdClock, passHold } from '../kit/held-steps.ts'
import { patient, slow, slower } from '../kit/patience.ts'
import { goInApp, openPage, type OpenPage } from '../kit/session.ts'
import { routeWhileOpen } from '../kit/route-while-open.ts'

interface Row {
  id: string
  version: number
  state: string
  handlerName: string | null
  categoryCode: string
}

describe('the page of work', () => {
  const url = inject('appUrl')
  let browser: Browser
  let manager: SupabaseClient
  let field: SupabaseClient
  beforeAll(async () => {
    browser = await flowBrowser()
    manager = await apiClient(url, 'manager')
    field = await apiClient(url, 'field')
  })
  afterAll(() => browser?.close())

  let desk: OpenPage | undefined
  /** A manager's page that goes on from case to case. */
  async function atDesk(path: string): Promise<OpenPage> {
    if (desk) await goInApp(desk.page, path)
    desk ??= await openPage(browser, { url, role: 'manager', path, streets: false, webGl: false })
    return desk
  }

  const queue = async (client: SupabaseClient, name: string): Promise<Row[]> =>
    (
      await call<{ rows: Row[] }>(client, 'work_queue', {
        p_queue: name,
        p_filter: {},
        p_after: null,
        p_limit: 200,
      })
    ).rows
  async function filed(): Promise<string> {
    const incidentId = await reportIncident(field)
    const { incident } = await call<{ incident: { categoryCode: string } }>(
      manager,
      'incident_detail',
      { p_id: incidentId },
    )
    const { conditions } = await call<{ conditions: { code: string; categoryCode: string }[] }>(
      manager,
      'workflow_list',
    )
    const condition = conditions.find((one) => one.categoryCode === incident.categoryCode)!.code
    await applyCommand(manager, 'transition', {
      incidentId,
      baseVersion: 1,
      name: 'file',
      condition,
    })
    return incidentId
  }
  const rowOf = (page: Page, id: string): Locator => page.locator(`tr[data-row="${id}"]`)
  /** Loads pages until the row is there. */
  async function untilShown(page: Page, id: string): Promise<Locator> {
    const row = rowOf(page, id)
    await page.getByTestId('work-row').first().waitFor(slow)
    while ((await row.count()) === 0) {
      const before = await page.getByTestId('work-row').count()
      await page.getByTestId('work-more').click()
      await expect.poll(() => page.getByTestId('work-row').count(), slow).toBeGreaterThan(before)
    }
    return row
  }
  const focusedRow = (page: Page) =>
    page.evaluate(() => document.activeElement?.getAttribute('data-row') ?? null)
  /** Moves with j until the row has the focus. */
  async function moveTo(page: Page, id: string): Promise<void> {
    await page.keyboard.press('Home')
    for (let at = await focusedRow(page); at !== id; at = await focusedRow(page)) {
      await page.keyboard.press('j')
      const next = await focusedRow(page)
      if (next === at) throw new Error(`no row ${id} below`)
    }
  }
  const stateOf = async (id: string): Promise<string> =>
    (await call<{ incident: { state: string } }>(manager, 'incident_detail', { p_id: id })).incident
      .state

  it(
    'says which year a calendar lacks, and that a due time beyond it is unknown',
    async () => {
      await reportIncident(field)
      const { page, context, problems } = await openPage(browser, {
        ...{ url, role: 'manager', path: '/work?queue=to_file', locale: 'zh-CN' },
        ...{ streets: false, webGl: false },
        // the demo's calendar reaches far: the server's answers are those of its last month
        async before(opened) {
          await opened.route('**/rpc/calendar_notices', (route) =>
            route.fulfill({
              json: [{ calendar: 'cn', nameZh: '中国', nameEn: 'China', year: 2028 }],
            }),
          )
          const area = { code: 'g', name: '东塘', parentCode: 'p', parentName: '左家塘' }
          await opened.route('**/rpc/area_notices', (route) =>
            route.fulfill({ json: [{ ...area, outside: 0.274 }] }),
          )
          await routeWhileOpen(opened, '**/rpc/work_queue', async (route) => {
            const answer = await route.fetch()
            const body = (await answer.json()) as { rows: Record<string, unknown>[] }
            const beyond = { dueAt: null, warnAt: null, dueUnknown: { until: '2027-12-31' } }
            const rows = body.rows.map((row, n) => (n === 0 ? { ...row, ...beyond } : row))
            await route.fulfill({ response: answer, json: { ...body, rows } })
          })
        },
      })
      const notice = page.getByTestId('calendar-notice')
      await notice.getByText('中国 2028 年').waitFor(slow)
      const areas = page.getByTestId('area-notice')
      await areas.getByText('东塘 27.4%').waitFor(slow)
      const first = page.getByTestId('work-clock').first()
      await expect.poll(() => first.innerText(), slow).toContain('2027年12月31日')
      expect(await first.getAttribute('data-look')).toBe('unknown')
      expect(await axeProblems(page, ['light', 'dark'])).toEqual([])
      await notice.getByRole('button').click()
      await notice.waitFor({ state: 'detached' })
      await areas.getByRole('button').click()
      await areas.waitFor({ state: 'detached' })
      expect(problems).toEqual([])
      await context.close()
    },
    slower.timeout,
  )

  it(
    'lets a manager file and dispatch by keyboard alone',
    async () => {
      const id = await reportIncident(field)
      const { page, context, problems } = await openPage(browser, {
        url,
        role: 'manager',
        path: '/work?queue=to_file',
        streets: false,
        webGl: false,
        before: holdClock,
      })
      await untilShown(page, id)
      // one tab stop: after the queues and the head of the page come the rows, then what follows them
      await page.getByTestId('queue-to_file').locator('input').focus()
      const stops: (string | null)[] = []
      while (stops.length < 8 && (await focusedRow(page)) === null) {
        await page.keyboard.press('Tab')
        stops.push(await focusedRow(page))
      }
      expect(await focusedRow(page)).not.toBeNull()
      await page.keyboard.press('Tab')
      expect(await focusedRow(page)).toBeNull()
      await page.keyboard.press('Shift+Tab')

      await moveTo(page, id)
      await page.keyboard.press('?')
      await page.getByTestId('work-keys').waitFor()
      await page.keyboard.press('Escape')
      await page.getByTestId('work-keys').waitFor({ state: 'hidden' })
      expect(await focusedRow(page)).toBe(id)

      await page.keyboard.press('f')
      await page.getByTestId('step-form-file').waitFor(slow)
      const submit = page.getByTestId('step-submit')
      const isOn = (what: string) =>
        page.evaluate((selector) => document.activeElement?.matches(selector) ?? false, what)
      // a category with several conditions asks for one first
      await expect.poll(() => isOn('form input[type=radio], form [type=submit]')).toBe(true)
      if (await isOn('input[type=radio]')) await page.keyboard.press('Space')
      while (!(await isOn('[data-testid=step-submit]'))) await page.keyboard.press('Tab')
      await page.keyboard.press('Enter')
      await passHold(page, rowOf(page, id).getByTestId('tag-underway'))
      await rowOf(page, id).waitFor({ state: 'detached', ...slower })
      expect(await stateOf(id)).toBe('filed')

      await page.getByTestId('queue-to_file').locator('input').focus()
      await page.keyboard.press('ArrowDown')
      await expect.poll(() => new URL(page.url()).searchParams.get('queue')).toBe('to_dispatch')
      await untilShown(page, id)
      // word from the server may come before the receipt: until then the row takes no keys
      await rowOf(page, id)
        .getByTestId('tag-underway')
        .waitFor({ state: 'detached', ...slow })
      while ((await focusedRow(page)) === null) await page.keyboard.press('Tab')
      await moveTo(page, id)
      await page.keyboard.press('d')
      await page.getByTestId('step-form-dispatch').waitFor(slow)
      const department = page.getByTestId('step-department')
      await expect.poll(() => department.evaluate((it) => it === document.activeElement)).toBe(true)
      await page.keyboard.press('Enter')
      await page.getByRole('option').first().waitFor()
      await page.keyboard.type('Public works')
      await page.keyboard.press('Enter')
      while (!(await submit.evaluate((it) => it === document.activeElement)))
        await page.keyboard.press('Tab')
      await page.keyboard.press('Enter')
      await passHold(page, rowOf(page, id).getByTestId('tag-underway'))
      await rowOf(page, id).waitFor({ state: 'detached', ...slower })
      expect(await stateOf(id)).toBe('dispatched')
      expect(problems).toEqual([])
      await context.close()
    },
    patient(240_000),
  )

  it(
    'dispatches three in one go, and their department finds them',
    async () => {
      const ids = [await filed(), await filed(), await filed()]
      // one that somebody else moves meanwhile must be named, and stay
      const moved = await filed()
      const unproposed = await filed()
      const { page, context } = await openPage(browser, {
        ...{ url, role: 'manager', path: '/work?queue=to_dispatch' },
        ...{ streets: false, webGl: false },
        // the demo proposes something for each
        async before(opened) {
          await holdClock(opened)
          await routeWhileOpen(opened, '**/rpc/proposed_dispatches', async (route) => {
            const answer = await route.fetch()
            const rows = (await answer.json()) as { id: string; department: string | null }[]
            const json = rows.map((row) => {
              if (row.id === unproposed) return { ...row, department: null }
              return { ...row, department: row.id === ids[0] ? 'parks' : 'public_works' }
            })
            await route.fulfill({ response: answer, json })
          })
        },
      })
      for (const id of [...ids, moved, unproposed]) {
        const row = await untilShown(page, id)
        await row.getByTestId('work-select').check()
      }
      await applyCommand(manager, 'correct_incident', {
        incidentId: moved,
        baseVersion: 2,
        changes: { description: 'Two mattresses' },
      })
      const asked: string[] = []
      page.on('request', (request) => {
        if (request.url().endsWith('/proposed_dispatches')) asked.push(request.url())
      })
      await page.getByTestId('batch-dispatch').click()
      const department = page.getByTestId('step-department')
      await department.filter({ hasText: 'As proposed for each' }).waitFor(slow)
      expect(asked).toHaveLength(1)
      const form = page.getByTestId('step-form-dispatch')
      await form.getByText('Parks and greenery 1').waitFor()
      await form.getByText('no proposal 1').waitFor()
      expect(await axeProblems(page, ['light'])).toEqual([])
      const waits = page.getByTestId('step-unproposed')
      expect(await waits.locator('li').count()).toBe(1)
      await department.click()
      await page.getByRole('option', { name: 'Public works' }).click()
      await waits.waitFor({ state: 'detached' })
      await department.click()
      await page.getByRole('option', { name: 'As proposed for each' }).click()
      await page.getByTestId('step-submit').click()
      const batch = page.getByTestId('work-batch')
      await passHold(page, batch)
      await page.locator('[data-testid=work-batch][data-waiting="0"]').waitFor(slower)
      expect(await batch.getAttribute('data-failed')).toBe('1')
      for (const id of ids) await rowOf(page, id).waitFor({ state: 'detached', ...slow })
      for (const id of [moved, unproposed])
        expect(await rowOf(page, id).getAttribute('aria-selected')).toBe('true')
      const departments = await Promise.all(
        ids.map(async (id) => {
          const detail = await call<{ incident: { departmentCode: string } }>(
            manager,
            'incident_detail',
            { p_id: id },
          )
          return detail.incident.departmentCode
        }),
      )
      expect(departments).toEqual(['parks', 'public_works', 'public_works'])
      await context.close()

      const handler = await openPage(browser, {
        url,
        role: 'handler',
        path: '/work?queue=department',
        streets: false,
        webGl: false,
      })
      for (const id of ids.slice(1)) await untilShown(handler.page, id)
      // the city's nights are quiet
      const isNight = isQuiet(new Date().toISOString(), 'America/Los_Angeles')
      expect(await handler.page.title()).toMatch(isNight ? /^Work/ : /^\(\d+\+?\) Work/)
      expect(await handler.page.getByTestId('work-badge').first().innerText()).toMatch(/\d/)
      await handler.context.close()
    },
    patient(240_000),
  )

  it(
    'shows the same rows as cards on a phone, and all stages as a board',
    async () => {
      const id = await filed()
      const phone = await openPage(browser, {
        url,
        role: 'manager',
        path: '/work?queue=to_dispatch',
        width: 390,
        height: 740,
        touch: true,
        streets: false,
        webGl: false,
      })
      const cards = phone.page.getByTestId('work-card')
      await cards.first().waitFor(slow)
      const shown = (await queue(manager, 'to_dispatch')).slice(0, 3).map((row) => row.id)
      const first = await cards.evaluateAll((all) =>
        all.slice(0, 3).map((card) => card.getAttribute('data-row')),
      )
      expect(first).toEqual(shown)
      const button = await cards.first().getByTestId('row-step-dispatch').boundingBox()
      expect(button!.height).toBeGreaterThanOrEqual(44)
      await phone.context.close()

      const { page } = await atDesk('/work?look=board')
      const column = page.getByTestId('work-board').locator('section').nth(1)
      await column.getByTestId('board-card').first().waitFor(slow)
      while ((await column.locator(`[data-row="${id}"]`).count()) === 0)
        await column.getByRole('button', { name: 'Show more' }).click()
    },
    patient(180_000),
  )

  it(
    'marks steps and photos that the demo generated, and shows the photos',
    async () => {
      const detailOf = (id: string) =>
        call<{ photos: object[] }>(manager, 'incident_detail', { p_id: id })
      const rows = await queue(manager, 'to_check')
      const details = await Promise.all(rows.map(({ id }) => detailOf(id)))
      const { id } = rows[details.findIndex(({ photos }) => photos.length >= 2)]!
      const { page } = await atDesk(`/table?from=all&incident=${id}`)
      const detail = page.getByTestId('incident-detail')
      await detail.getByTestId('before-after').waitFor(slow)
      await detail.getByTestId('generated').first().waitFor(slow)
      for (const step of ['verify', 'file', 'dispatch', 'handle'])
        expect(await detail.locator(`[data-step=${step}]`).getByTestId('generated').count()).toBe(1)
      expect(await detail.getByTestId('log-imported').getByTestId('generated').count()).toBe(0)
      const thumb = detail.getByTestId('incident-photos').getByTestId('photo-thumb').first()
      expect(await thumb.innerText()).toContain('Generated')
      const width = () => thumb.locator('img').evaluate((img: HTMLImageElement) => img.naturalWidth)
      await expect.poll(width, slow).toBe(480)

      await goInApp(page, '/')
      const waiting = page.getByTestId('work-waiting')
      await waiting.getByRole('link', { name: /^To check/ }).click(slow)
      await expect.poll(() => new URL(page.url()).search, slow).toBe('?queue=to_check')
      const tagged = page.getByTestId('work-row').filter({ has: page.getByTestId('generated') })
      await tagged.first().waitFor(slow)
    },
    patient(120_000),
  )

  it(
    'keeps a narrowed list as a view, by keyboard, and finds it after a reload',
    async () => {
      const [first] = await queue(manager, 'open')
      const { page, problems } = await atDesk(
        `/work?queue=open&category=${first!.categoryCode}&hide=where`,
      )
      await rowOf(page, first!.id).waitFor(slow)
      const views = page.getByTestId('work-views')
      await views.focus()
      await page.keyboard.press('Enter')
      await page.getByRole('menuitem', { name: 'Save this view' }).press('Enter')
      await page.getByTestId('view-name').fill('One kind')
      await page.keyboard.press('Enter')
      const shown = page.locator('[data-testid=work-views][data-view="One kind"]')
      await shown.waitFor(slow)

      await page.goto(`${url}/work?queue=to_file`)
      await page.getByTestId('queue-to_file').waitFor(slow)
      expect(await shown.count()).toBe(0)
      await views.focus()
      await page.keyboard.press('Enter')
      await page.getByRole('menuitem', { name: 'One kind' }).press('Enter')
      await shown.waitFor(slow)
      await rowOf(page, first!.id).waitFor(slow)
      const { searchParams } = new URL(page.url())
      expect(Object.fromEntries(searchParams)).toEqual({
        queue: 'open',
        category: first!.categoryCode,
        hide: 'where',
      })

      await views.click()
      await page.getByRole('menuitem', { name: 'Delete “One kind”' }).click()
      await page.getByRole('button', { name: 'Undo' }).click()
      await shown.waitFor(slow)
      expect(problems).toEqual([])
    },
    patient(180_000),
  )

  it(
    'proposes at dispatch what a rule says, once it was tried and saved, and lets managers put theirs above',
    async () => {
      const id = await filed()
      const { page, context, problems } = await openPage(browser, {
        url,
        role: 'admin',
        path: '/work/rules',
        streets: false,
        webGl: false,
      })
      await page.getByTestId('rule-add').click(slow)
      const save = page.getByTestId('rules-save')
      expect(await save.isDisabled()).toBe(true)
      await page.getByTestId('rule-department').click()
      await page.getByRole('option', { name: 'Parks' }).click()
      expect(await save.isDisabled()).toBe(true)
      await page.getByTestId('rules-try').click()
      await page.getByTestId('rule-trial').waitFor(slow)
      expect(
        Number(await page.getByTestId('rule-trial').getAttribute('data-changed')),
      ).toBeGreaterThan(0)
      expect(await axeProblems(page, ['light'])).toEqual([])
      await save.click()
      await expect
        .poll(
          async () => (await call<{ version: number }>(manager, 'dispatch_rule_list')).version,
          slow,
        )
        .toBe(1)
      expect(problems).toEqual([])
      await context.close()

      const { page: managers } = await atDesk(`/work?queue=to_dispatch&incident=${id}`)
      await managers.getByTestId('step-dispatch').click(slow)
      const form = managers.getByTestId('step-form-dispatch')
      await form.getByText('Proposed by dispatch rule 1').waitFor(slow)
      await form.getByTestId('step-department').filter({ hasText: 'Parks' }).waitFor(slow)

      await goInApp(managers, '/work/rules')
      const locked = managers.getByTestId('rule').filter({ hasText: 'Everywhere' })
      await locked.getByText('Whole city: for its administrators').waitFor(slow)
      expect(await locked.getByRole('button').count()).toBe(0)
      await managers.getByTestId('rule-add').click(slow)
      await managers.getByTestId('rule-area').filter({ hasText: 'Mission' }).waitFor(slow)
      await managers.getByTestId('rule-department').click()
      await managers.getByRole('option', { name: 'Public Works' }).click()
      const up = managers.getByRole('button', { name: 'Move Rule 2 up' })
      await up.click()
      await expect
        .poll(() => managers.getByTestId('rule-summary').first().textContent(), slow)
        .toContain('Mission')
      await managers.getByTestId('rules-try').click()
      await managers.getByTestId('rule-trial').waitFor(slow)
      expect(await axeProblems(managers, ['light'])).toEqual([])
      await managers.getByTestId('rules-save').click()
      await expect
        .poll(async () => {
          const { rules } = await call<{ rules: { areaCode: string | null }[] }>(
            manager,
            'dispatch_rule_list',
          )
          return rules.map(({ areaCode }) => areaCode)
        }, slow)
        .toEqual(['SF-N-19', null])
      // other flows expect what the conditions say
      const admin = await apiClient(url, 'admin')
      await applyCommand(admin, 'save_dispatch_rules', { baseVersion: 2, rules: [] })
    },
    patient(180_000),
  )
})
