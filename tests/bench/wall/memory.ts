/**
 * Whether the wall can run for 8 hours: 3,000 refreshes by a simulated clock, in the real app with the
 * demo city. `npm run bench:wall`; `-- 300` for a shorter run. Fails when the heap grows by a tenth.
 *
 * A single measure lies up to a tenth above what stays, by what the last refresh left behind: each is the least of
 * two turns of all views.
 */
import { startAppServer } from '../../kit/app-server.ts'
import { launchChromium } from '../../kit/browser.ts'
import { openPage } from '../../kit/session.ts'

const refreshes = Number(process.argv[2] ?? 3_000)
/** Between two polls of the columns; the wall shows the next view every second time. */
const pollMs = 20_000
/** The first ones fill caches. */
const warmUp = Math.min(200, Math.ceil(refreshes / 10))
/** Two turns of three views. */
const measured = 12
const between = 500

const server = await startAppServer()
const browser = await launchChromium()
const { page, context, problems } = await openPage(browser, {
  ...{ url: server.url, role: 'leader', webGl: false, width: 1920, height: 1080 },
  path: '/wall/plan',
})
await page.clock.install()
await page.goto(`${server.url}/wall?every=40`)
await page.getByTestId('wall-open').filter({ hasText: /\d/ }).waitFor()
let polls = 0
page.on('response', (answer) => {
  if (answer.url().endsWith('/rpc/changes_since')) polls++
})
const session = await context.newCDPSession(page)
await session.send('HeapProfiler.enable')
let done = 0
async function refresh(): Promise<void> {
  const answered = page.waitForResponse((answer) => answer.url().endsWith('/rpc/changes_since'))
  await page.clock.runFor(pollMs)
  await answered
  done++
}
async function heapBytes(): Promise<number> {
  const found: number[] = []
  for (let n = 0; n < measured; n++) {
    await refresh()
    await session.send('HeapProfiler.collectGarbage')
    found.push((await session.send('Runtime.getHeapUsage')).usedSize)
  }
  const inKib = (bytes: number): number => Math.round(bytes / 1024)
  const least = Math.min(...found)
  console.log(`${done} refreshes: ${inKib(least)} to ${inKib(Math.max(...found))} KiB`)
  return least
}
while (done < warmUp - measured) await refresh()
const before = await heapBytes()
while (done < refreshes - measured) {
  if (done % between === between - measured) await heapBytes()
  else await refresh()
}
const after = await heapBytes()
const growth = after / before - 1
console.log(
  `heap ${Math.round(before / 1024)} KiB after ${warmUp}, ${Math.round(after / 1024)} KiB after ${refreshes} ` +
    `refreshes (${polls} answered): ${(growth * 100).toFixed(1)} %, wanted below 10 %`,
)
if (problems.length > 0) console.log(problems.slice(0, 5).join('\n'))
await browser.close()
await server.stop()
process.exitCode = growth < 0.1 ? 0 : 1
