/**
 * `npm run pictures`: takes the main pages of the real app with the demo city at five widths, by day and by night, in
 * both languages, and lists what scrolls sideways or is cut. `-- map table` only those whose names begin so. Sheets
 * of four pictures, to be looked at, go beside the pictures.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser } from 'playwright'
import { apiClient, call } from '../kit/api.ts'
import { startAppServer } from '../kit/app-server.ts'
import { launchChromium } from '../kit/browser.ts'
import { cutTexts } from '../kit/cut-texts.ts'
import { fillCapture, leaveUnsent, reportDay } from '../kit/field-shots.ts'
import { sidewaysOverflow } from '../kit/overflow.ts'
import { slower } from '../kit/patience.ts'
import { openPage, type OpenOptions, type OpenPage } from '../kit/session.ts'
import { stillPicture } from '../kit/still-picture.ts'

type Locale = 'en' | 'zh-CN'
type Theme = 'light' | 'dark'

interface Subject extends Pick<OpenOptions, 'role' | 'path' | 'serviceWorker' | 'before'> {
  name: string
  prepare?(opened: OpenPage, locale: Locale): Promise<unknown>
}

const sizes = { 1440: 900, 1920: 1080, 1024: 768, 390: 844, 360: 740 } as const
type Width = keyof typeof sizes
/** Of the twenty pictures of a page, those on its two sheets: every pair of width, theme and language is among them. */
const sheets: Record<string, readonly [Width, Locale, Theme][]> = {
  desk: [
    [1440, 'en', 'light'],
    [1440, 'zh-CN', 'dark'],
    [1920, 'en', 'dark'],
    [1920, 'zh-CN', 'light'],
    [1024, 'en', 'dark'],
    [1024, 'zh-CN', 'light'],
  ],
  phone: [
    [390, 'en', 'light'],
    [390, 'zh-CN', 'dark'],
    [360, 'en', 'dark'],
    [360, 'zh-CN', 'light'],
  ],
}

const atPlace = async ({ page, context }: OpenPage, locale: Locale): Promise<void> => {
  await context.grantPermissions(['geolocation'])
  await context.setGeolocation({ longitude: -122.4211, latitude: 37.7614, accuracy: 6 })
  await page.reload()
  await fillCapture(page, locale)
}

/** @param incident an open one of the manager's */
const subjects = (incident: string): Subject[] => [
  { name: 'home', role: 'manager', path: '/' },
  { name: 'map', role: 'manager', path: '/map' },
  { name: 'table', role: 'leader', path: '/table' },
  { name: 'overview', role: 'leader', path: '/overview' },
  { name: 'work', role: 'manager', path: '/work' },
  { name: 'capture', role: 'field', path: '/capture', prepare: atPlace },
  {
    ...{ name: 'outbox', role: 'field', path: '/outbox', serviceWorker: true },
    prepare: ({ page, context }, locale) => leaveUnsent(page, context, locale),
  },
  { name: 'incident', role: 'manager', path: `/incidents/${incident}` },
  {
    ...{ name: 'import', role: 'admin', path: '/import' },
    prepare: async ({ page }) => {
      const left = page.getByTestId('import-discard')
      const file = page.getByTestId('import-file')
      await left
        .or(file)
        .first()
        .waitFor({ state: 'attached', ...slower })
      if (await left.isVisible()) await left.click()
      await file.setInputFiles('tests/fixtures/import-cases/a23.geojson', slower)
      await page.getByTestId('import-level').click(slower)
      await page.getByRole('option').last().click()
      await page.getByTestId('import-check').click()
      await page.getByTestId('import-result').getByTestId('import-rejected').waitFor(slower)
      await page.getByTestId('import-check').scrollIntoViewIfNeeded()
    },
  },
  { name: 'satisfaction', role: 'leader', path: '/satisfaction' },
  { name: 'city', role: 'admin', path: '/city' },
]

const asked = process.argv.slice(2)
const folder = 'node_modules/.cache/wangge/pictures'
rmSync(folder, { recursive: true, force: true })
mkdirSync(folder, { recursive: true })
const pathOf = (name: string, width: Width, locale: Locale, theme: Theme): string =>
  join(folder, `${name}-${width}-${locale.slice(0, 2)}-${theme}.png`)

/** In the page: nothing in sight loads any more. What lies below is loaded when it comes into sight. */
const isLoaded = (): boolean =>
  [...document.querySelectorAll('main .animate-pulse, main [aria-busy=true]')].every((element) => {
    const { top, bottom, height } = element.getBoundingClientRect()
    return height === 0 || top > innerHeight || bottom < 0
  })

/** @returns what is wrong in some of its pictures, one line each with the pictures that show it */
async function take(browser: Browser, url: string, subject: Subject): Promise<string[]> {
  const found = new Map<string, string[]>()
  for (const locale of ['en', 'zh-CN'] as const) {
    const { name, prepare, ...options } = subject
    const opened = await openPage(browser, {
      ...{ url, locale, timeZone: 'America/Los_Angeles', ...options },
    })
    const { page, context, problems } = opened
    await prepare?.(opened, locale)
    for (const width of Object.keys(sizes).map(Number) as Width[]) {
      await page.setViewportSize({ width, height: sizes[width] })
      for (const theme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme: theme })
        await page.locator('main .animate-spin').waitFor({ state: 'detached', ...slower })
        const bars = page.locator('main').getByRole('progressbar')
        await bars.waitFor({ state: 'detached', ...slower })
        await page.waitForFunction(isLoaded, null, slower)
        const picture = await stillPicture(() => page.screenshot({ animations: 'disabled' }))
        writeFileSync(pathOf(name, width, locale, theme), picture)
        const faults = [
          ...(await sidewaysOverflow(page)).map((line) => `scrolls sideways: ${line}`),
          ...(await cutTexts(page)).map((line) => `cut: ${line}`),
        ]
        for (const line of faults)
          found.set(line, [...(found.get(line) ?? []), `${width} ${locale} ${theme}`])
      }
    }
    // a page without a network says so on its console
    if (!subject.serviceWorker) for (const line of problems) found.set(line, [locale])
    await context.close()
  }
  return [...found].map(([line, where]) => `${line} (${where.join(', ')})`)
}

async function composeSheet(browser: Browser, name: string, kind: string): Promise<void> {
  const shots = sheets[kind]!.map(([width, locale, theme]) => pathOf(name, width, locale, theme))
  const columns = kind === 'phone' ? 4 : 2
  const page = await browser.newPage({ viewport: { width: 1568, height: 900 } })
  await page.setContent(
    `<body style="margin:0;background:#777;display:grid;gap:8px;align-items:start;grid-template-columns:repeat(${columns},1fr)">${shots
      .map((path) => readFileSync(path).toString('base64'))
      .map((data) => `<img style="width:100%" src="data:image/png;base64,${data}">`)
      .join('')}`,
  )
  await page.screenshot({ path: join(folder, `sheet-${name}-${kind}.png`), fullPage: true })
  await page.close()
}

const say = (line: string): boolean => process.stdout.write(`${line}\n`)
const server = await startAppServer()
const browser = await launchChromium()
try {
  const manager = await apiClient(server.url, 'manager')
  const { rows } = await call<{ rows: { id: string }[] }>(manager, 'work_queue', {
    ...{ p_queue: 'to_check', p_filter: {}, p_after: null, p_limit: 1 },
  })
  await reportDay(server.url, 'en')
  const wanted = subjects(rows[0]!.id).filter(
    ({ name }) => asked.length === 0 || asked.some((start) => name.startsWith(start)),
  )
  for (const subject of wanted) {
    const faults = await take(browser, server.url, subject)
    for (const kind of Object.keys(sheets)) await composeSheet(browser, subject.name, kind)
    say([subject.name, ...faults.map((line) => `  ${line}`)].join('\n'))
  }
  say(`${folder}/sheet-*.png`)
} finally {
  await browser.close()
  await server.stop()
}
