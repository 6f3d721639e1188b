import type { Browser, Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { pages } from '../../src/domain/pages.ts'
import { axeFindings, axeProblems, colorsSettle } from '../kit/axe.ts'
import { keyboardProblems } from '../kit/keyboard-run.ts'
import { flowBrowser } from '../kit/flow-browser.ts'
import { sidewaysOverflow } from '../kit/overflow.ts'
import { chooseLanguage, goInApp, openPage, type DemoRole } from '../kit/session.ts'
import { patient, slow } from '../kit/patience.ts'

interface Visit {
  /** `:id` is that of the first row of the page before. */
  path: string
  /** Selector to wait for before the page is judged. */
  ready: string
  /** The server answers 404, which the browser logs once. */
  isMissing?: boolean
  /** To be pressed before the page is judged. */
  press?: string
  /** Dark whatever the theme. */
  isDark?: boolean
}

/** Every page with somebody who uses it; the last of some in Chinese too. */
const visits: { role?: DemoRole; pages: Visit[]; inChinese?: boolean }[] = [
  {
    inChinese: true,
    pages: [
      { path: '/public', ready: '[data-testid=public] h1' },
      { path: '/sign-in', ready: 'form' },
    ],
  },
  {
    role: 'manager',
    inChinese: true,
    pages: [
      { path: '/', ready: '[data-testid=home-open]' },
      { path: '/map', ready: '[data-testid=total-count]' },
      // of a quiet grid: a hundred rows would be as many times the same; compared, it is widest
      { path: '/table?area=SF-T-022802&vs=year_before', ready: 'td [data-testid=change]' },
    ],
  },
  {
    role: 'field',
    inChinese: true,
    pages: ['/my-day', '/capture', '/outbox', '/callbacks'].map((path) => ({
      path,
      ready: 'main h1',
    })),
  },
  {
    role: 'handler',
    inChinese: true,
    pages: [
      { path: '/', ready: 'main h1' },
      { path: '/work', ready: '[data-testid=work-row]' },
      { path: '/incidents/:id', ready: '[data-testid=stage-bar] tbody tr' },
      { path: '/standard', ready: '[data-testid=standard-condition]' },
      { path: '/categories', ready: '[data-testid=category-leaf]' },
      { path: '/help', ready: 'main h2' },
    ],
  },
  {
    role: 'leader',
    pages: [
      { path: '/overview', ready: '[data-testid=chart-flow] svg' },
      { path: '/satisfaction', ready: '[data-testid=chart-satisfaction-ranking] svg' },
      { path: '/evaluations', ready: '[data-testid=no-formula], [data-testid=score-row]' },
      { path: '/surveys', ready: '[data-testid=senses-table] tbody tr' },
      { path: '/report', ready: '[data-report-state=ready] x-vue-echarts svg' },
      { path: '/wall/plan', ready: '[data-testid=wall-plan] h1' },
      { path: '/account', ready: 'main h1' },
      { path: '/wall', ready: '[data-testid=wall-tile-map] path[d^=M]', isDark: true },
      { path: '/no-such-page', ready: 'main h1', isMissing: true },
    ],
  },
  {
    role: 'admin',
    pages: [
      {
        path: '/work/rules',
        // its form, which the admin alone has
        ready: '[data-testid=rule-area]',
        press: '[data-testid=rule-add]',
      },
      { path: '/publish', ready: '[data-testid=publish-preview]' },
      { path: '/city', ready: '[data-testid=shard-panel]' },
      { path: '/import', ready: '[data-testid=import-file]' },
    ],
  },
]
const visited = new Set(
  visits.flatMap((visit) => visit.pages.map(({ path }) => path.split('?')[0]!)),
)
const wide = { width: 1440, height: 900 }
const narrow = { width: 360, height: 740 }
/** Between them the layout changes nowhere else but in size. */
const others = [
  { width: 1920, height: 1080 },
  { width: 390, height: 740 },
]

type Theme = 'light' | 'dark'
type Size = typeof wide
const otherThan = (theme: Theme): Theme => (theme === 'light' ? 'dark' : 'light')

/** Lists axe's findings in these sizes and themes, and elements wider than their place at any width. */
async function problemsOf(page: Page, axeAt: readonly [Size, ...Theme[]][]): Promise<string[]> {
  const found: string[] = []
  for (const [size, ...themes] of [...axeAt, ...others.map((size): [Size] => [size])]) {
    await page.setViewportSize(size)
    const problems = await axeProblems(page, themes)
    const tooWide = (await sidewaysOverflow(page)).map((line) => `scrolls sideways: ${line}`)
    found.push(...[...problems, ...tooWide].map((line) => `${size.width} ${line}`))
  }
  return found
}

/** Goes there inside the app, until nothing of the page before is left. */
async function leaveFor(page: Page, path: string): Promise<void> {
  const before = await page.locator('main h1, main h2, main [data-testid]').first().elementHandle()
  await goInApp(page, path)
  await before!.waitForElementState('hidden')
}

/**
 * Contrast of filled buttons under the pointer: of a real one, and of planted ones in the colours that the
 * others get. One that fades towards the ground must be found.
 */
async function pointedProblems(page: Page): Promise<string[]> {
  const button = page.locator('form button[type=submit]')
  const ground = () => button.evaluate((one) => getComputedStyle(one).backgroundColor)
  const atRest = await ground()
  await page.evaluate(() => {
    const colors = ['primary', 'secondary', 'success', 'info', 'warning', 'error']
    const plant = (name: string, background: string): void => {
      const one = document.createElement('button')
      one.textContent = name
      one.className = `planted ${name}`
      one.style.cssText = `color: var(--ui-text-inverted); background: ${background}`
      const place = name === 'faded' ? document.body : document.querySelector('main')
      place?.append(one)
    }
    for (const color of colors) plant(color, `var(--color-pointed-${color})`)
    plant('faded', 'color-mix(in oklab, var(--ui-primary) 45%, transparent)')
  })
  await button.hover()
  const found = atRest === (await ground()) ? ['the pointer changes nothing'] : []
  for (const theme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme: theme })
    await page.locator(`html.${theme}`).waitFor({ state: 'attached' })
    await colorsSettle(page)
    const contrast = (part: string) => axeFindings(page, { part, rules: ['color-contrast'] })
    found.push(...(await contrast('main')).map((line) => `${theme} ${line}`))
    if ((await contrast('.faded')).length === 0) found.push(`${theme}: missed the faded one`)
  }
  await page.evaluate(() => {
    for (const one of document.querySelectorAll('.planted')) one.remove()
  })
  await page.mouse.move(0, 0)
  return found
}

async function addressOf(page: Page, path: string): Promise<string> {
  if (!path.includes(':id')) return path
  const id = await page.locator('[data-row]').first().getAttribute('data-row', slow)
  return path.replace(':id', id!)
}

/**
 * Each page is judged in both themes and both widths, all rules at once: wide in one theme, narrow
 * in the other. The next page swaps them, so that what all pages share is seen in all four.
 */
describe('axe', () => {
  let theme: Theme = 'light'
  const url = inject('appUrl')
  let browser: Browser
  beforeAll(async () => void (browser = await flowBrowser()))
  afterAll(() => browser?.close())

  it('visits every page', () => {
    expect(pages.map(({ path }) => path).filter((path) => !visited.has(path))).toEqual([])
  })

  for (const { role, pages, inChinese } of visits) {
    it(
      `finds nothing as ${role ?? 'nobody'} on ${pages.map(({ path }) => path).join(', ')}, wide or narrow, light or dark`,
      async () => {
        const { page, context, problems } = await openPage(browser, {
          url,
          role,
          path: pages[0]!.path,
          // the canvas of a map is one element to axe
          streets: false,
        })
        for (const [index, { path, ready, isMissing, press, isDark }] of pages.entries()) {
          await page.setViewportSize(wide)
          if (isMissing) await page.goto(url + path)
          else if (index > 0) await leaveFor(page, await addressOf(page, path))
          if (press) await page.locator(press).click(slow)
          await page.locator(ready).first().waitFor(slow)
          theme = otherThan(theme)
          const byKeys = (await keyboardProblems(page)).map((line) => `keyboard: ${line}`)
          expect([path, ...byKeys]).toEqual([path])
          const found = await problemsOf(page, [
            [wide, isDark ? 'dark' : theme],
            [narrow, isDark ? 'dark' : otherThan(theme)],
          ])
          expect([path, ...found]).toEqual([path])
        }
        if (inChinese) {
          await page.setViewportSize(wide)
          await chooseLanguage(page, 'zh-CN')
          const found = await problemsOf(page, [[narrow, theme]])
          expect(['zh-CN', ...found]).toEqual(['zh-CN'])
        }
        expect(problems).toEqual(
          pages.flatMap(({ isMissing }) =>
            isMissing
              ? 'console: Failed to load resource: the server responded with a status of 404 (Not Found)'
              : [],
          ),
        )
        await context.close()
      },
      patient(420_000),
    )
  }

  it('would find planted faults', async () => {
    const { page, context } = await openPage(browser, { url, path: '/sign-in' })
    await page.locator('form').waitFor()
    expect(await pointedProblems(page)).toEqual([])
    // a page that has just been opened has the newest app and street map
    expect(await page.getByTestId('update-prompt').count()).toBe(0)
    await page.evaluate(() => {
      const main = document.querySelector('main')
      const nameless = document.createElement('button')
      nameless.style.width = '500px'
      const pale = document.createElement('p')
      pale.textContent = 'Pale'
      pale.style.cssText = 'color: #777; background: #888'
      const inner = document.createElement('div')
      inner.style.cssText = 'width: 100px; overflow-y: auto'
      const tooWide = document.createElement('div')
      tooWide.style.cssText = 'width: 130px; height: 9px'
      inner.append(tooWide)
      main?.append(nameless, pale, inner)
    })
    const found = (await problemsOf(page, [[narrow, 'light', 'dark']])).join('\n')
    expect(found).toContain('360 light button-name')
    for (const theme of ['light', 'dark']) expect(found).toContain(`360 ${theme} color-contrast`)
    expect(found).toContain('360 scrolls sideways')
    expect(found).toContain('1920 scrolls sideways: div. by 30')
    await page.evaluate(() => {
      const [ringless, trap] = [0, 1].map(() => document.createElement('button'))
      ringless!.textContent = 'Ringless'
      ringless!.style.cssText = 'outline: none; box-shadow: none'
      trap!.textContent = 'Trap'
      trap!.onkeydown = (event) => event.preventDefault()
      const [late, pushed, outside] = ['div', 'button', 'button'].map((name) =>
        document.createElement(name),
      )
      pushed!.textContent = 'Pushed away once'
      pushed!.onfocus = () => setTimeout(() => (late!.style.height = '3000px'))
      outside!.textContent = 'Outside'
      outside!.style.cssText = 'position: fixed; left: -500px'
      document.querySelector('main')?.append(late!, pushed!, outside!, ringless!, trap!)
    })
    const byKeys = await keyboardProblems(page)
    expect(byKeys).toContain('has the focus unseen: button Outside')
    expect(byKeys.join('\n')).not.toContain('Pushed away once')
    expect(byKeys).toContain('does not show the focus: button Ringless')
    expect(byKeys).toContain('Tab does not leave button Trap')
    await context.close()
  })
})
