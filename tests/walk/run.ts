/**
 * `npm run tasks`: does the eight tasks of daily use in the real app with the demo city, and prints how many
 * taps, fields and keys each took, how long the script took for it, and the answer that stood on the screen.
 * `-- export` only those whose names hold that word; `-- --record` keeps the table in `tests/walk/README.md` and
 * its figures in the guides.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import type { Browser } from 'playwright'
import { startAppServer } from '../kit/app-server.ts'
import { launchChromium } from '../kit/browser.ts'
import { openPage } from '../kit/session.ts'
import { Hands } from './hands.ts'
import { isQuiet, tasks, type Task } from './tasks.ts'
import { worldOf, type World } from './world.ts'

const page = 'tests/walk/README.md'
const [start, end] = ['<!-- tasks -->', '<!-- /tasks -->']

interface Done {
  task: Task
  taps: number
  fields: number
  keys: number
  seconds: string
  answer: string
}

async function done(task: Task, world: World, browser: Browser): Promise<Done> {
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
    const seconds = ((performance.now() - began) / 1000).toFixed(1)
    await task.check?.(world, opened.page, browser, given)
    const { taps, fields, keys } = hands
    return { task, taps, fields, keys, seconds, answer }
  } finally {
    await opened.context.close()
  }
}

const rowOf = (cells: readonly unknown[]): string =>
  `| ${cells.map((cell) => String(cell).replaceAll('|', '/')).join(' | ')} |`
const lineOf = ({ task, taps, fields, keys, seconds, answer }: Done): string =>
  rowOf([task.name, task.before, taps, fields, keys, seconds, answer])

/** Ends the guides, whose pages know lists and no tables. */
const guides: [file: string, item: (one: Done) => string][] = [
  [
    'README.md',
    ({ task, taps, fields, keys, seconds }) =>
      `- ${task.name}: taps ${taps}, typed fields ${fields}, keys ${keys}, ${seconds} s. Before: ${task.before}.`,
  ],
  [
    'README.zh-CN.md',
    ({ task: { zh }, taps, fields, keys, seconds }) =>
      `- ${zh.name}：点击 ${taps}，输入 ${fields}，按键 ${keys}，${seconds} 秒。此前：${zh.before}。`,
  ],
]

function record(all: readonly Done[]): void {
  const heading = 'task | before | taps | fields | keys | seconds | what stood on the screen'
  const cells = heading.split(' | ')
  const table = [rowOf(cells), `|${cells.map(() => '---').join('|')}|`, ...all.map(lineOf)]
  const text = readFileSync(page, 'utf8')
  const [before, after] = [text.slice(0, text.indexOf(start)), text.slice(text.indexOf(end))]
  const load = loadavg()[0]!.toFixed(1)
  const when = `Recorded ${new Date().toISOString().slice(0, 10)} at a load of ${load}.`
  writeFileSync(page, `${before}${start}\n${table.join('\n')}\n\n${when}\n${after}`)
  for (const [file, item] of guides) {
    const path = `public/guide/${file}`
    const guide = readFileSync(path, 'utf8')
    const list = guide.indexOf('\n- ', guide.lastIndexOf('\n## '))
    const kept = (list < 0 ? guide : guide.slice(0, list)).trimEnd()
    writeFileSync(path, `${kept}\n\n${all.map(item).join('\n')}\n`)
  }
}

const asked = process.argv.slice(2).filter((word) => !word.startsWith('--'))
const browser = await launchChromium()
const server = await startAppServer()
try {
  const world = await worldOf(server.url)
  const all: Done[] = []
  for (const task of tasks) {
    if (asked.length > 0 && !asked.some((word) => task.name.includes(word))) continue
    try {
      const one = await done(task, world, browser)
      process.stdout.write(`${lineOf(one)}\n`)
      all.push(one)
    } catch (error) {
      // the others are done all the same, and nothing is kept
      process.exitCode = 1
      console.error(`${task.name}:`, error)
    }
  }
  const isWhole = asked.length === 0 && !process.exitCode
  if (process.argv.includes('--record') && isWhole) record(all)
} finally {
  await browser.close()
  await server.stop()
}
