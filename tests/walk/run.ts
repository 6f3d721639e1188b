/**
 * `npm run tasks`: does the eight tasks of daily use in the real app with the demo city, and prints how many
 * taps, fields and keys each took, how long the script took for it, and the answer that stood on the screen.
 * `-- export` only those whose names hold that word; `-- --record` keeps the table in `tests/walk/README.md`.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import type { Browser } from 'playwright'
import { startAppServer } from '../kit/app-server.ts'
import { launchChromium } from '../kit/browser.ts'
import { openPage } from '../kit/session.ts'
import { Hands } from './hands.ts'
import { isQuiet, tasks, type Task } from './tasks.ts'
import { worldOf, type World } from './world.ts'

const page = 'tests/walk/README.md'
const [start, end] = ['<!-- tasks -->', '<!-- /tasks -->']

async function lineOf(task: Task, world: World, browser: Browser): Promise<string> {
  const given = (await task.prepare?.(world)) ?? ''
  const opened = await openPage(browser, {
    ...{ url: world.url, role: task.role, timeZone: 'America/Los_Angeles' },
    ...(task.onPhone && { width: 390, height: 844, touch: true }),
    async before(context) {
      await context.grantPermissions(['geolocation', 'clipboard-read', 'clipboard-write'])
      await context.setGeolocation({ longitude: -122.4211, latitude: 37.7614, accuracy: 6 })
    },
  })
  try {
    await isQuiet(opened.page)
    const hands = new Hands(opened.page)
    const began = performance.now()
    const answer = await task.run(hands, world, given)
    const seconds = (performance.now() - began) / 1000
    await task.check?.(world, opened.page, browser, given)
    const { taps, fields, keys } = hands
    const cells = [task.name, task.before, taps, fields, keys, seconds.toFixed(1), answer]
    return `| ${cells.map((cell) => String(cell).replaceAll('|', '/')).join(' | ')} |`
  } finally {
    await opened.context.close()
  }
}

const asked = process.argv.slice(2).filter((word) => !word.startsWith('--'))
const browser = await launchChromium()
const server = await startAppServer()
try {
  const world = await worldOf(server.url)
  const lines: string[] = []
  for (const task of tasks) {
    if (asked.length > 0 && !asked.some((word) => task.name.includes(word))) continue
    try {
      const line = await lineOf(task, world, browser)
      process.stdout.write(`${line}\n`)
      lines.push(line)
    } catch (error) {
      // the others are done all the same, and nothing is kept
      process.exitCode = 1
      console.error(`${task.name}:`, error)
    }
  }
  const heading = 'task | before | taps | fields | keys | seconds | what stood on the screen'.split(
    ' | ',
  )
  const table = [
    `| ${heading.join(' | ')} |`,
    `|${heading.map(() => '---').join('|')}|`,
    ...lines,
  ].join('\n')
  if (process.argv.includes('--record') && !process.exitCode) {
    const text = readFileSync(page, 'utf8')
    const [before, after] = [text.slice(0, text.indexOf(start)), text.slice(text.indexOf(end))]
    writeFileSync(
      page,
      `${before.replace(/The steps below[^\n]*\n\n/, '')}${start}\n${table}\n${after}`,
    )
  }
} finally {
  await browser.close()
  await server.stop()
}
