import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright'
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

const mostCompared = 1_000_000
/** Of a page with its worker, for all that it holds of incidents. */
const mostBytes = 25
/** Of fewer the page's own memory is the larger part. */
const leastForBytes = 10_000_000

/** The map's own size on the map page of a 1440 × 900 screen, beside rail and panel. */
const mapPixels = { width: 770, height: 780 }

/**
 * From a filter change to repainted choropleth and heat, through worker, engine and graphics, in a
 * real Chromium drawing in software: against one empty frame of the same map, and against MapLibre
 * filtering the same incidents as raw vector tiles. The slowest filter counts, against either.
 */
export async function run(options: {
  rows: number
  log: (line: string) => void
}): Promise<BenchResult[]> {
  const { rows, log } = options
  const folder = mkdtempSync(join(tmpdir(), 'wangge-months-'))
  const files: string[] = []
  const write = (name: string, content: unknown): void => {
    files.push(join(folder, `${name}.json`))
    writeFileSync(files.at(-1)!, JSON.stringify(content))
  }
  const list: { month: string; count: number; revision: string }[] = []
  const made = randomMonths({ rows, months: 120, firstMonth: '2016-01', areas: 195, placed: true })
  for (const month of made) {
    write(month.month, packMonth(month))
    list.push({ month: month.month, count: month.count, revision: month.revision })
  }
  made.length = 0
  write('list', list)
  // MapLibre holds an object for each point: ten million don't fit into a page
  const step = Math.ceil(rows / mostCompared)
  const pages = await servePages()
  const browser = await launchChromium(['--js-flags=--expose-gc'])
  try {
    const page = await browser.newPage({ viewport: mapPixels })
    page.on('pageerror', (error) => log(`page: ${error.message}`))
    await page.exposeFunction('processBytes', () => processBytes(page))
    await page.goto(`${pages.url}tests/bench/map/filter-page.html`)
    await page.waitForFunction('window.measureFilter')
    await page.setInputFiles('#months', files)
    const times = (await page.evaluate(`window.measureFilter(${step})`)) as FilterTimes
    const { emptyFrame, start, bytes } = times
    const ours = Math.max(...times.ours)
    const overdue = Math.max(...times.overdue)
    const hotspots = Math.max(...times.hotspots, ...times.hotspotCells)
    const gains = times.setFilter.map((millis, i) => millis / times.ours[i]!)
    const total = (millis: number[]): number => millis.reduce((sum, one) => sum + one, 0)
    const worst = Math.min(...gains)
    const together = total(times.setFilter) / total(times.ours.slice(0, gains.length))
    const shown = (millis: number[]): string => millis.map((one) => one.toFixed(0)).join(', ')
    log(`filter change ${shown(times.ours)} ms at ${rows} incidents, by filter`)
    log(`with overdue on ${shown(times.overdue)} ms`)
    log(`start: ${JSON.stringify(start)}, ${bytes} bytes`)
    log(`empty frame ${emptyFrame.toFixed(0)} ms; setFilter ${shown(times.setFilter)} ms`)
    return [
      {
        name: 'slowest filter change to repainted choropleth and heat / empty frame',
        ratio: ours / emptyFrame,
        target: '≤ 3',
        pass: ours <= 3 * emptyFrame,
        detail: `${shown(times.ours)} ms by filter at ${rows} incidents, empty frame ${emptyFrame.toFixed(0)} ms`,
      },
      {
        name: 'slowest filter change with "overdue" on / empty frame',
        ratio: overdue / emptyFrame,
        target: '≤ 3',
        pass: overdue <= 3 * emptyFrame,
        detail: `${shown(times.overdue)} ms at ${rows} incidents, empty frame ${emptyFrame.toFixed(0)} ms`,
      },
      {
        name: 'slowest filter change to repainted hotspots, Gi* with correction',
        ratio: hotspots / emptyFrame,
        target: '≤ 300 ms',
        pass: hotspots <= 300,
        detail: `areas ${shown(times.hotspots)} ms, squares ${shown(times.hotspotCells)} ms at ${rows} incidents, empty frame ${emptyFrame.toFixed(0)} ms`,
      },
      {
        name: 'MapLibre setFilter over the same points / filter change, worst of four filters',
        ratio: worst,
        target: step > 1 ? 'none, for comparison' : '≥ 20, worst of the four',
        pass: step > 1 || worst >= 20,
        detail: `by filter ${gains.map((one) => one.toFixed(1)).join(', ')} at ${rows} incidents${step > 1 ? `, of which MapLibre got every ${step}th` : ''}: ${shown(times.setFilter)} ms against ${shown(times.ours.slice(0, gains.length))} ms; the four together ${together.toFixed(1)}`,
      },
      {
        name: 'first counts painted / all months loaded, of the same start',
        ratio: start.firstMillis / start.loadedMillis,
        target: '≤ 0.5, and at least 3 counts before the last month',
        pass: start.firstMillis <= 0.5 * start.loadedMillis && start.paintedBefore >= 3,
        detail: `${start.firstMillis.toFixed(0)} ms with ${start.firstIncidents} of ${rows} incidents, newest month first; ${start.paintedBefore} counts painted until the last month at ${start.loadedMillis.toFixed(0)} ms`,
      },
      {
        name: 'memory of the page and its worker: bytes an incident',
        ratio: bytes / rows,
        target: rows >= leastForBytes ? `≤ ${mostBytes}` : 'none, for comparison',
        pass: rows < leastForBytes || bytes <= mostBytes * rows,
        detail: `${(bytes / 2 ** 20).toFixed(0)} MiB more private memory of their process than before the first month, after all the filters above and a collection of garbage`,
      },
    ]
  } finally {
    await browser.close()
    await pages.close()
    rmSync(folder, { recursive: true })
  }
}

/** Linux tells; elsewhere it is not a number. */
async function processBytes(page: Page): Promise<number> {
  if (process.platform !== 'linux') return Number.NaN
  await Promise.all(page.workers().map((worker) => worker.evaluate('gc()')))
  await page.evaluate('gc()')
  const session = await page.context().browser()!.newBrowserCDPSession()
  const { processInfo } = await session.send('SystemInfo.getProcessInfo')
  await session.detach()
  const kilobytes = processInfo
    .filter(({ type }) => type === 'renderer')
    .map(({ id }) => readFileSync(`/proc/${id}/smaps_rollup`, 'utf8'))
    .map((text) => Number(/^Private_Dirty:\s*(\d+) kB/m.exec(text)![1]))
  return 1024 * kilobytes.reduce((sum, one) => sum + one, 0)
}
