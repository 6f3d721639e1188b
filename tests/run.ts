/**
 * `npm test`: everything a change must pass, in the order that fails fastest.
 * Prints what ran and one closing line `N passed, N failed`; exits 1 when anything failed.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { findChromium } from './kit/browser.ts'

interface Tally {
  passed: number
  failed: number
  skipped: number
}

const total: Tally = { passed: 0, failed: 0, skipped: 0 }
/** What failed, by project and name: named again at the end, where a log that was cut still has it. */
const failures: string[] = []

interface Report {
  numPassedTests?: number
  numFailedTests?: number
  numPendingTests?: number
  numTodoTests?: number
  testResults?: {
    name: string
    status: string
    message?: string
    assertionResults: { fullName: string; status: string; failureMessages?: string[] }[]
  }[]
}

const results = mkdtempSync(join(tmpdir(), 'wangge-results-'))

type Step = () => Promise<void>

/** Runs a command; what it prints comes whole at its end, so that lanes do not mix their lines. */
async function step(name: string, command: string, args: string[]): Promise<boolean> {
  console.log(`── ${name} …`)
  const started = performance.now()
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const printed: Buffer[] = []
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => printed.push(chunk))
  const [status] = (await once(child, 'close')) as [number | null]
  const seconds = ((performance.now() - started) / 1000).toFixed(0)
  process.stdout.write(Buffer.concat(printed))
  console.log(`── ${name}: ${status === 0 ? 'passed' : 'FAILED'} in ${seconds} s\n`)
  return status === 0
}

/** A tool without a test count of its own counts as one test. */
const check =
  (name: string, command: string, args: string[]): Step =>
  async () => {
    if (await step(name, command, args)) total.passed++
    else {
      total.failed++
      failures.push(name)
    }
  }

/** One entry a failed test, and one for each file that failed outside its tests. */
function failuresOf(project: string, report: Report): string[] {
  return (report.testResults ?? []).flatMap(({ name, status, message, assertionResults }) => {
    const file = relative(process.cwd(), name)
    const failed = assertionResults.filter((result) => result.status === 'failed')
    if (failed.length === 0 && status === 'failed')
      return [`${project}: ${file}\n    ${(message ?? '').split('\n')[0]}`]
    return failed.map(
      (result) =>
        `${project}: ${file}: ${result.fullName}\n    ${(result.failureMessages?.[0] ?? '').split('\n')[0]}`,
    )
  })
}

const tests =
  (project: string): Step =>
  async () => {
    const file = join(results, `${project}.json`)
    const ok = await step(project, 'vitest', [
      'run',
      `--project=${project}`,
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${file}`,
    ])
    try {
      const report = JSON.parse(readFileSync(file, 'utf8')) as Report
      total.passed += report.numPassedTests ?? 0
      total.failed += report.numFailedTests ?? 0
      total.skipped += (report.numPendingTests ?? 0) + (report.numTodoTests ?? 0)
      if (!ok && !report.numFailedTests) total.failed++
      const named = failuresOf(project, report)
      failures.push(...(ok || named.length > 0 ? named : [`${project}: failed outside its tests`]))
    } catch {
      total.failed++
      failures.push(`${project}: ended without a report`)
    }
  }

async function inOrder(...steps: Step[]): Promise<void> {
  for (const one of steps) await one()
}

findChromium()
await Promise.all([
  inOrder(
    check('types', 'vue-tsc', ['--noEmit']),
    check('build', 'vite', ['build', '--logLevel', 'warn']),
    check('size', 'size-limit', []),
  ),
  inOrder(
    check('lint', 'eslint', ['.']),
    check('format', 'oxfmt', ['--check', 'src', 'supabase', 'tests']),
    check('dead code', 'npm', ['run', '--silent', 'knip']),
    tests('architecture'),
    tests('unit'),
  ),
])
// databases and failing networks leave each other idle; browsers that draw maps want both cores
await Promise.all([inOrder(tests('sql'), tests('server')), inOrder(tests('faults'))])
await inOrder(tests('e2e'))

rmSync(results, { recursive: true, force: true })
// where everything a test needs is required to be there, a skipped test is a failed one
const mayNotSkip = process.env.WANGGE_REQUIRE_POSTGRES === '1'
if (total.skipped > 0) {
  console.log(
    `\n${total.skipped} skipped${mayNotSkip ? ', which fails here' : ''}: see above for the reasons`,
  )
}
if (failures.length > 0) console.log(`\nfailed:\n${failures.join('\n')}`)
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
const isWhole = total.failed === 0 && !(mayNotSkip && total.skipped > 0)
process.exitCode = isWhole && total.passed > 0 ? 0 : 1
