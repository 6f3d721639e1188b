/**
 * `npm test`: everything a change must pass before it is proposed; with `--all`, as in CI, also the long
 * runs in `*.long.test.ts`, which kill servers, cut the power, upgrade a city or sweep every page. Prints each job with its time, the failures by name, and
 * one closing line `N passed, N failed, N skipped`; exits 1 when anything failed.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { findChromium } from './kit/browser.ts'
import { useMemoryForTemporaryFiles } from './kit/memory-folder.ts'
import { runPool, type Job } from './kit/pool.ts'

interface Tally {
  passed: number
  failed: number
  skipped: number
}

const isWhole = process.argv.includes('--all')
const total: Tally = { passed: 0, failed: 0, skipped: 0 }
/** A failed test: its project and name, its first error, and what its pages and servers showed. */
interface Failure {
  name: string
  error?: string
  pages?: string
}
/** Printed again at the end, the names with their errors last: a cut log still has them. */
const failures: Failure[] = []

interface Report {
  numPassedTests?: number
  numFailedTests?: number
  numPendingTests?: number
  numTodoTests?: number
  testResults?: {
    name: string
    status: string
    message?: string
    assertionResults: {
      fullName: string
      status: string
      failureMessages?: string[]
      meta?: { pages?: string[] }
    }[]
  }[]
}

useMemoryForTemporaryFiles()
// a run starts some 150 processes of Node, each of which would compile its modules anew
process.env.NODE_COMPILE_CACHE ??= resolve('node_modules/.cache/wangge/code')
// and most of which open a database, whose code V8 would optimise anew
const wasmCode = pathToFileURL(resolve('tests/kit/wasm-code.ts')).href
process.env.NODE_OPTIONS = `${process.env.NODE_OPTIONS ?? ''} --import=${wasmCode}`.trim()
const results = mkdtempSync(join(tmpdir(), 'wangge-results-'))

const times = new Map<string, number>()

/** Runs a command; its output is printed whole at its end, so that jobs do not mix their lines. */
async function runCommand(name: string, command: string, args: string[]): Promise<boolean> {
  console.log(`── ${name} …`)
  const started = performance.now()
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const printed: Buffer[] = []
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => printed.push(chunk))
  const [status] = (await once(child, 'close')) as [number | null]
  const seconds = Math.round((performance.now() - started) / 1000)
  times.set(name, seconds)
  process.stdout.write(Buffer.concat(printed))
  console.log(`── ${name}: ${status === 0 ? 'passed' : 'FAILED'} in ${seconds} s\n`)
  return status === 0
}

/** A tool without a test count of its own counts as one test. */
function check(name: string, command: string, args: string[], after: string[] = []): Job {
  const run = async (): Promise<void> => {
    if (await runCommand(name, command, args)) total.passed++
    else {
      total.failed++
      failures.push({ name })
    }
  }
  return { name, kind: 'core', after, run }
}

/** One entry a failed test, and one for each file that failed outside its tests. */
function failuresOf(project: string, report: Report): Failure[] {
  return (report.testResults ?? []).flatMap(({ name, status, message, assertionResults }) => {
    const file = relative(process.cwd(), name)
    const failed = assertionResults.filter((result) => result.status === 'failed')
    if (failed.length === 0 && status === 'failed')
      return [{ name: `${project}: ${file}`, error: message?.split('\n')[0] }]
    return failed.map(({ fullName, failureMessages = [], meta }) => ({
      name: `${project}: ${file}: ${fullName}`,
      error: beginningOf(failureMessages).join('\n'),
      pages: meta?.pages?.join('\n'),
    }))
  })
}

/** The first error, with the places it came from in the tests themselves. */
function beginningOf([message = '']: string[]): string[] {
  const lines = message.split('\n')
  const own = lines.filter((line) => line.includes('/tests/') && !line.includes('node_modules'))
  return [
    ...lines.slice(0, maxErrorLines),
    ...own.filter((line) => lines.indexOf(line) >= maxErrorLines),
  ]
}
const maxErrorLines = 6

/** Tests of one project, by default all of them. `args` choose some, of which at least one must exist. */
function tests(
  project: string,
  { part = '', args = [], kind = 'core', after = [] }: TestOptions = {},
): Job {
  const name = part ? `${project} ${part}` : project
  const run = async (): Promise<void> => {
    const file = join(results, `${name.replaceAll(/\W/g, '-')}.json`)
    const isOk = await runCommand(name, 'vitest', [
      'run',
      `--project=${project}`,
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${file}`,
      ...(isWhole ? [] : ['--exclude=**/*.long.test.ts']),
      ...args,
    ])
    try {
      const report = JSON.parse(readFileSync(file, 'utf8')) as Report
      total.passed += report.numPassedTests ?? 0
      total.failed += report.numFailedTests ?? 0
      total.skipped += (report.numPendingTests ?? 0) + (report.numTodoTests ?? 0)
      if (!isOk && !report.numFailedTests) total.failed++
      const named = failuresOf(name, report)
      const outside = { name: `${name}: failed outside its tests` }
      failures.push(...(isOk || named.length > 0 ? named : [outside]))
    } catch {
      total.failed++
      failures.push({ name: `${name}: ended without a report` })
    }
  }
  return { name, kind, after, run }
}
interface TestOptions {
  part?: string
  args?: string[]
  kind?: Job['kind']
  after?: string[]
}

/** Flows that mostly wait for a network, a poll or a second page, or draw no map. */
const waitingFlows = [
  'account',
  'empty-city',
  'live',
  'loop',
  'offline',
  'outbox',
  'own-workflow',
  'pwa',
  'roles',
  'two-tabs',
  'work',
]
const fileOf = (flow: string): string => `tests/e2e/${flow}.test.ts`
const flows = readdirSync('tests/e2e').flatMap((name) =>
  name.endsWith('.test.ts') ? name.replace('.test.ts', '') : [],
)
/** Half of the others, so that neither ends alone. */
const halfOfDrawing = [
  'axe.long',
  'capture',
  'evaluations',
  'my-day',
  'own-city.long',
  'public',
  'surveys',
  'text-is-text.long',
  'wall',
]
const drawingFlows = flows.filter(
  (flow) => !waitingFlows.includes(flow) && !halfOfDrawing.includes(flow),
)

/** Rooms whose modules keep nothing between calls: their test files share one set of modules. */
const statelessRooms = [
  'charts',
  'columns',
  'domain',
  'features',
  'geo',
  'map',
  'parts',
  'stats',
  'ui',
]
const roomsOfUnits = readdirSync('src', { withFileTypes: true }).flatMap((entry) =>
  entry.isDirectory() ? [entry.name] : [],
)
const unitFiles = (rooms: readonly string[]): string[] => rooms.map((room) => `src/${room}/`)
const otherRooms = roomsOfUnits.filter((room) => !statelessRooms.includes(room))

findChromium()
/** The app and the demo folder lie there. */
const prepared = ['build']
await runPool(
  [
    check('build', 'node', ['tests/kit/prepare.ts']),
    check('types', 'vue-tsc', ['--noEmit']),
    tests('faults', { kind: 'wait', after: prepared }),
    tests('e2e', {
      part: 'waiting',
      kind: 'wait',
      after: prepared,
      args: waitingFlows.map(fileOf),
    }),
    // processes that start, stop and are killed
    tests('server', { kind: 'wait', after: prepared }),
    // the longest first
    tests('e2e', { part: 'drawing', after: prepared, args: drawingFlows.map(fileOf) }),
    tests('e2e', { part: 'drawing too', after: prepared, args: halfOfDrawing.map(fileOf) }),
    tests('sql', { after: prepared }),
    tests('unit', {
      part: 'with state',
      args: ['--maxWorkers=1', ...unitFiles(otherRooms)],
    }),
    tests('unit', {
      part: 'without state',
      // to load Vue and the app's modules anew for each file took half of the CPU time
      args: ['--maxWorkers=1', '--isolate=false', ...unitFiles(statelessRooms)],
    }),
    check('lint', 'eslint', ['.']),
    tests('architecture', { args: ['--maxWorkers=1'] }),
    check('format', 'oxfmt', ['--check', 'src', 'supabase', 'tests']),
    check('dead code', 'npm', ['run', '--silent', 'knip']),
    check('size', 'size-limit', [], prepared),
  ],
  { core: 2, wait: 3 },
)

console.log('seconds:')
for (const [name, seconds] of [...times].toSorted(([, a], [, b]) => b - a))
  console.log(`${String(seconds).padStart(6)}  ${name}`)

rmSync(results, { recursive: true, force: true })
// where everything a test needs is required to be there, a skipped test is a failed one
const mayNotSkip = process.env.WANGGE_REQUIRE_POSTGRES === '1'
if (total.skipped > 0) {
  console.log(
    `\n${total.skipped} skipped${mayNotSkip ? ', which fails here' : ''}: see above for the reasons`,
  )
}
const indented = (...lines: (string | undefined)[]): string =>
  lines
    .filter((line) => line)
    .join('\n')
    .replaceAll('\n', '\n    ')
for (const { name, pages } of failures) if (pages) console.log(`\n${indented(name, pages)}`)
if (failures.length > 0) console.log('\nfailed:')
for (const { name, error } of failures) console.log(indented(name, error))
if (!isWhole) console.log('\nwithout the long runs: npm run test:all')
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
const isGood = total.failed === 0 && !(mayNotSkip && total.skipped > 0)
process.exitCode = isGood && total.passed > 0 ? 0 : 1
