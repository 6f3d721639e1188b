/**
 * `npm test`: everything a change must pass, in the order that fails fastest.
 * Prints what ran and one closing line `N passed, N failed`; exits 1 when anything failed.
 */
import { spawnSync } from 'node:child_process'
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

function step(name: string, command: string, args: string[]): boolean {
  console.log(`\n── ${name}`)
  const started = performance.now()
  const { status } = spawnSync(command, args, { stdio: 'inherit' })
  const seconds = ((performance.now() - started) / 1000).toFixed(0)
  console.log(`── ${name}: ${status === 0 ? 'passed' : 'FAILED'} in ${seconds} s`)
  return status === 0
}

/** A tool without a test count of its own counts as one test. */
function checkStep(name: string, command: string, args: string[]): void {
  if (step(name, command, args)) total.passed++
  else total.failed++
}

function vitestStep(project: string): void {
  const file = join(results, `${project}.json`)
  const ok = step(project, 'vitest', [
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

findChromium()
checkStep('types', 'vue-tsc', ['--noEmit'])
checkStep('lint', 'eslint', ['.'])
checkStep('dead code', 'knip', [])
vitestStep('architecture')
vitestStep('unit')
checkStep('build', 'vite', ['build', '--logLevel', 'warn'])
checkStep('size', 'size-limit', [])
vitestStep('sql')
vitestStep('server')
vitestStep('faults')
vitestStep('e2e')

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
