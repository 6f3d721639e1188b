/**
 * `npm run screenshots`: takes the guide's pictures from the real app with the demo city, so that
 * they can be renewed whenever a page changes.
 */
import { mkdirSync } from 'node:fs'
import { startAppServer } from './app-server.ts'
import { launchChromium } from './browser.ts'
import { openPage, type OpenOptions } from './session.ts'

type Shot = Omit<OpenOptions, 'url'> & { name: string }

const phone = { width: 390, height: 844, touch: true }
const shots: Shot[] = [
  { name: 'map-en-light', role: 'leader', path: '/map' },
  { name: 'map-zh-dark', role: 'manager', path: '/map', locale: 'zh-CN', theme: 'dark' },
  { name: 'heat-en-light', role: 'leader', path: '/map?layer=heat' },
  { name: 'points-zh-light', role: 'manager', path: '/map?at=15.2/37.7617/-122.4150', locale: 'zh-CN' },
  { name: 'overview-en-light', role: 'leader', path: '/overview' },
  { name: 'overview-zh-dark', role: 'leader', path: '/overview', locale: 'zh-CN', theme: 'dark' },
  { name: 'table-zh-light', role: 'leader', path: '/table', locale: 'zh-CN' },
  { name: 'home-en-dark', role: 'manager', path: '/', theme: 'dark' },
  { name: 'phone-map-zh-light', role: 'manager', path: '/map', locale: 'zh-CN', ...phone },
  { name: 'phone-overview-en-dark', role: 'leader', path: '/overview', theme: 'dark', ...phone },
  { name: 'sign-in-zh-light', path: '/sign-in', locale: 'zh-CN' },
]

const folder = 'public/guide'
mkdirSync(folder, { recursive: true })
const server = await startAppServer()
const browser = await launchChromium()
try {
  for (const { name, ...options } of shots) {
    const { page, context, problems } = await openPage(browser, { url: server.url, ...options })
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
