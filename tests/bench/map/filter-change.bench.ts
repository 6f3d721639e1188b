import { packMonth, randomMonths } from '../../fixtures/columns.ts'
import { launchChromium } from '../../kit/browser.ts'
import type { FilterTimes } from './filter-page.ts'
import { servePages } from './serve-pages.ts'

interface BenchResult {
  name: string
  ratio: number
  target: string
  pass: boolean
  detail: string
}

/** The map's own size on the map page of a 1440 × 900 screen, beside rail and panel. */
const mapPixels = { width: 770, height: 780 }

/**
 * From a filter change to repainted choropleth and heat, through worker, engine and graphics, in a
 * real Chromium drawing in software: against one empty frame of the same map, and against MapLibre
 * filtering the same incidents as raw vector tiles. Of four filters the worst counts, against either.
 */
export async function run(options: {
  rows: number
  log: (line: string) => void
}): Promise<BenchResult[]> {
  const { rows, log } = options
  const months = JSON.stringify(
    randomMonths({ rows, months: 120, firstMonth: '2016-01', areas: 195 }).map(packMonth),
  )
  const pages = await servePages()
  const browser = await launchChromium()
  try {
    const page = await browser.newPage({ viewport: mapPixels })
    page.on('pageerror', (error) => log(`page: ${error.message}`))
    await page.route('**/bench-months.json', (route) =>
      route.fulfill({ contentType: 'application/json', body: months }),
    )
    await page.goto(`${pages.url}tests/bench/map/filter-page.html`)
    await page.waitForFunction('window.measureFilter')
    const times = (await page.evaluate('window.measureFilter()')) as FilterTimes
    const { emptyFrame } = times
    const ours = Math.max(...times.ours)
    const overdue = Math.max(...times.overdue)
    const hotspots = Math.max(...times.hotspots, ...times.hotspotCells)
    const gains = times.setFilter.map((millis, i) => millis / times.ours[i]!)
    const total = (millis: number[]): number => millis.reduce((sum, one) => sum + one, 0)
    const worst = Math.min(...gains)
    const together = total(times.setFilter) / total(times.ours)
    const list = (millis: number[]): string => millis.map((one) => one.toFixed(0)).join(', ')
    log(`filter change ${list(times.ours)} ms at ${rows} incidents, by filter`)
    log(`with overdue on ${list(times.overdue)} ms`)
    log(`empty frame ${emptyFrame.toFixed(0)} ms; setFilter ${list(times.setFilter)} ms`)
    return [
      {
        name: 'slowest filter change to repainted choropleth and heat / empty frame',
        ratio: ours / emptyFrame,
        target: '≤ 3',
        pass: ours <= 3 * emptyFrame,
        detail: `${ours.toFixed(0)} ms at ${rows} incidents, empty frame ${emptyFrame.toFixed(0)} ms`,
      },
      {
        name: 'slowest filter change with "overdue" on / empty frame',
        ratio: overdue / emptyFrame,
        target: '≤ 3',
        pass: overdue <= 3 * emptyFrame,
        detail: `${list(times.overdue)} ms at ${rows} incidents, empty frame ${emptyFrame.toFixed(0)} ms`,
      },
      {
        name: 'slowest filter change to repainted hotspots, Gi* with correction',
        ratio: hotspots / emptyFrame,
        target: '≤ 300 ms',
        pass: hotspots <= 300,
        detail: `areas ${list(times.hotspots)} ms, squares ${list(times.hotspotCells)} ms at ${rows} incidents, empty frame ${emptyFrame.toFixed(0)} ms`,
      },
      {
        name: 'MapLibre setFilter over the same points / filter change, worst of four filters',
        ratio: worst,
        target: '≥ 20, worst of the four',
        pass: worst >= 20,
        detail: `by filter ${gains.map((one) => one.toFixed(1)).join(', ')} at ${rows} incidents: ${list(times.setFilter)} ms against ${list(times.ours)} ms; the four together ${together.toFixed(1)}`,
      },
    ]
  } finally {
    await browser.close()
    await pages.close()
  }
}
