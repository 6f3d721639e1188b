import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from 'playwright'
import { chromiumFlags, findChromium } from '../../kit/browser.ts'
import { servePages } from '../map/serve-pages.ts'
import type { BenchResult } from '../run.ts'
import type { DrainTimes, OpenTimes, OutboxTimes } from './outbox-page.ts'

const queued = 10_000

const p95 = (millis: number[]): number =>
  millis.toSorted((a, b) => a - b)[Math.floor(millis.length * 0.95)]!

/** The outbox in a real Chromium with its storage on the disk (a private window's is in memory). */
export async function run({ log }: { log: (line: string) => void }): Promise<BenchResult[]> {
  const profile = await mkdtemp(join(tmpdir(), 'wangge-outbox-bench-'))
  const pages = await servePages()
  const browser = await chromium.launchPersistentContext(profile, {
    executablePath: findChromium(),
    args: chromiumFlags,
  })
  const fresh = async <T>(script: string): Promise<T> => {
    const page = await browser.newPage()
    page.on('pageerror', (error) => log(`page: ${error.message}`))
    await page.goto(`${pages.url}tests/bench/outbox/outbox-page.html`)
    await page.waitForFunction('window.measureOpen')
    const result = (await page.evaluate(script)) as T
    await page.close()
    return result
  }
  try {
    await fresh('window.measureSaves(30)')
    const times = await fresh<OutboxTimes>('window.measureSaves(300)')
    const [saved, floor] = [p95(times.saves), p95(times.floor)]
    log(`draft saved p95 ${saved.toFixed(1)} ms, a bare strict put ${floor.toFixed(1)} ms`)
    await fresh(`window.fill(${queued})`)
    const opened = await fresh<OpenTimes>('window.measureOpen()')
    log(
      `opened with ${opened.queued} queued in ${opened.open.toFixed(0)} ms, first page ${opened.firstPage.toFixed(0)} ms`,
    )
    const drained = await fresh<DrainTimes>('window.measureDrain()')
    log(`${drained.received} receipts taken in ${drained.drain.toFixed(0)} ms`)
    if (opened.queued !== queued || drained.received !== queued)
      throw new Error(`${opened.queued} queued, ${drained.received} received`)
    const longest = Math.max(opened.longestTask, drained.longestTask)
    return [
      {
        name: 'draft saved durably, p95 in milliseconds',
        ratio: saved,
        target: '≤ 50',
        pass: saved <= 50,
        detail: `${(saved / floor).toFixed(1)} times a bare strict put (${floor.toFixed(1)} ms)`,
      },
      {
        name: `outbox with ${queued} queued items open and counted, milliseconds`,
        ratio: opened.open,
        target: '≤ 1000',
        pass: opened.open <= 1000,
        detail: `first page of 50 after another ${opened.firstPage.toFixed(0)} ms`,
      },
      {
        name: `longest task on the main thread, opening and draining ${queued}, milliseconds`,
        ratio: longest,
        target: '≤ 200',
        pass: longest <= 200,
        detail: `0 is below 50; opening ${opened.longestTask.toFixed(0)}, draining ${drained.longestTask.toFixed(0)}, which took ${(drained.drain / 1000).toFixed(1)} s of the device's own`,
      },
    ]
  } finally {
    await browser.close()
    await pages.close()
    await rm(profile, { recursive: true, force: true })
  }
}
