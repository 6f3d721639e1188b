/**
 * `npm test`: everything a change must pass, in the order that fails fastest.
 * Prints what ran and one closing line `N passed, N failed`; exits 1 when anything failed.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findChromium } from './support/browser.ts'

interface Tally {
  passed: number
  failed: number
  skipped: number
}

const total: Tally = { passed: 0, failed: 0, skipped: 0 }
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
    else total.failed++
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
      const report = JSON.parse(readFileSync(file, 'utf8')) as Record<string, number>
      total.passed += report.numPassedTests ?? 0
      total.failed += report.numFailedTests ?? 0
      total.skipped += (report.numPendingTests ?? 0) + (report.numTodoTests ?? 0)
      if (!ok && !report.numFailedTests) total.failed++
    } catch {
      total.failed++
    }
  }

async function inOrder(...steps: Step[]): Promise<void> {
  for (const one of steps) await one()
}

findChromium()
await Promise.all([
  inOrder(check('types', 'vue-tsc', ['--noEmit'])),
  inOrder(check('lint', 'eslint', ['.']), check('dead code', 'knip', [])),
])
await inOrder(
  tests('architecture'),
  tests('unit'),
  check('build', 'vite', ['build', '--logLevel', 'warn']),
  check('size', 'size-limit', []),
)
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
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
const isWhole = total.failed === 0 && !(mayNotSkip && total.skipped > 0)
process.exitCode = isWhole && total.passed > 0 ? 0 : 1
