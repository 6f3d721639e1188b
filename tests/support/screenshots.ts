/**
 * `npm run screenshots`: takes the guide's pictures from the real app with the demo city, so that
 * they can be renewed whenever a page changes; `-- capture outbox` only those whose names begin so.
 */
import { mkdirSync } from 'node:fs'
import { startAppServer } from './app-server.ts'
import { launchChromium } from './browser.ts'
import { fillCapture, leaveUnsent, meetConflict, reportDay } from './field-shots.ts'
import { openPage, type OpenOptions, type OpenPage } from './session.ts'

interface Shot extends Omit<OpenOptions, 'url'> {
  name: string
  /** Brings the page to what the picture shows. */
  prepare?: (opened: OpenPage) => Promise<unknown>
}

const phone = { width: 390, height: 844, touch: true }
const shots: Shot[] = [
  { name: 'map-en-light', role: 'leader', path: '/map' },
  { name: 'map-zh-dark', role: 'manager', path: '/map', locale: 'zh-CN', theme: 'dark' },
  { name: 'heat-en-light', role: 'leader', path: '/map?layer=heat' },
  {
    name: 'points-zh-light',
    role: 'manager',
    path: '/map?at=15.2/37.7617/-122.4150',
    locale: 'zh-CN',
  },
  { name: 'overview-en-light', role: 'leader', path: '/overview' },
  { name: 'overview-zh-dark', role: 'leader', path: '/overview', locale: 'zh-CN', theme: 'dark' },
  { name: 'table-zh-light', role: 'leader', path: '/table', locale: 'zh-CN' },
  { name: 'home-en-dark', role: 'manager', path: '/', theme: 'dark' },
  { name: 'phone-map-zh-light', role: 'manager', path: '/map', locale: 'zh-CN', ...phone },
  { name: 'phone-overview-en-dark', role: 'leader', path: '/overview', theme: 'dark', ...phone },
  { name: 'sign-in-zh-light', path: '/sign-in', locale: 'zh-CN' },
  {
    name: 'capture-en-light',
    role: 'field',
    path: '/my-day',
    ...phone,
    prepare: async ({ page, context }) => {
      await context.grantPermissions(['geolocation'])
      await context.setGeolocation({ longitude: -122.4208, latitude: 37.7612, accuracy: 6 })
      await page.goto(`${server.url}/capture`)
      await fillCapture(page, 'en')
    },
  },
  {
    name: 'my-day-zh-light',
    role: 'field',
    path: '/account',
    locale: 'zh-CN',
    ...phone,
    prepare: async ({ page }) => {
      reported = await reportDay(server.url, 'zh-CN')
      await page.goto(`${server.url}/my-day`)
    },
  },
  {
    name: 'merge-zh-light',
    role: 'field',
    path: '/outbox',
    locale: 'zh-CN',
    ...phone,
    prepare: ({ page }) => meetConflict(page, reported, 'zh-CN'),
  },
  {
    name: 'outbox-en-dark',
    role: 'field',
    path: '/account',
    theme: 'dark',
    ...phone,
    prepare: async ({ page, context }) => {
      const id = await reportDay(server.url, 'en')
      await page.goto(`${server.url}/outbox`)
      await meetConflict(page, id, 'en')
      await page.getByTestId('outbox-back').click()
      await leaveUnsent(page, context, 'en')
      await page.getByRole('radio').nth(1).check({ force: true })
    },
  },
  {
    name: 'offline-zh-dark',
    role: 'field',
    path: '/my-day',
    locale: 'zh-CN',
    theme: 'dark',
    ...phone,
    prepare: ({ page, context }) => leaveUnsent(page, context, 'zh-CN'),
  },
  {
    name: 'take-along-en-light',
    role: 'field',
    path: '/account',
    ...phone,
    prepare: ({ page }) => page.getByTestId('offline-section').scrollIntoViewIfNeeded(),
  },
]

/** The incident that another picture's conflict is about. */
let reported = ''
const asked = process.argv.slice(2)
const folder = 'public/guide'
mkdirSync(folder, { recursive: true })
const server = await startAppServer()
const browser = await launchChromium()
try {
  for (const { name, prepare, ...options } of shots) {
    if (asked.length > 0 && !asked.some((start) => name.startsWith(start))) continue
    const opened = await openPage(browser, { url: server.url, ...options })
    const { page, context, problems } = opened
    await prepare?.(opened)
    // tiles, fonts and the columns of all months
    await page.waitForTimeout(6000)
    await page.screenshot({ path: `${folder}/${name}.png` })
    await context.close()
    process.stdout.write(`${name}${problems.length > 0 ? `: ${problems.join('; ')}` : ''}\n`)
  }
} finally {
  await browser.close()
  await server.stop()
}
