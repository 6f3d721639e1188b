import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { patient } from '../kit/patience.ts'
import { breakIn } from './mutant.ts'
import type { Mutant } from './mutant.ts'

export interface Judgement {
  verdict: 'killed' | 'survived' | 'equivalent' | 'error'
  /** The test that saw it, or the reason. */
  detail: string
}

interface Report {
  testResults: {
    status: string
    message?: string
    assertionResults: { fullName: string; status: string; failureMessages?: string[] }[]
  }[]
}
interface Failure {
  test: string
  message: string
}
interface Outcome {
  passed: Set<string>
  failures: Failure[]
  /** Faults outside of tests. */
  fault: string | null
}

const runMs = 600_000
/** The break itself is nonsense: no test is needed to see it. */
const nonsense =
  /^(ReferenceError|SyntaxError)|syntax error at or near|(column|function|relation) .* does not exist|^Error: Migration /
const timedOut = /^Error: (Test|Hook) timed out/

/** A copy of the tracked files, in which one break at a time is tried. */
export class MutantLab {
  #folder = mkdtempSync(join(tmpdir(), 'wangge-mutants-'))
  /** Names that pass on the whole code, by test. */
  #passing = new Map<string, Set<string>>()

  constructor(root: string) {
    const tracked = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' })
    for (const path of tracked.split('\0').filter((name) => existsSync(join(root, name)) && name)) {
      mkdirSync(dirname(join(this.#folder, path)), { recursive: true })
      cpSync(join(root, path), join(this.#folder, path))
    }
    // caches are made of the code, so those of broken code stay here
    const modules = join(this.#folder, 'node_modules')
    mkdirSync(join(modules, '.cache'), { recursive: true })
    for (const name of readdirSync(join(root, 'node_modules')))
      if (!/^\.(cache|vite|vitest)/.test(name))
        symlinkSync(join(root, 'node_modules', name), join(modules, name))
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }

  async judge(mutant: Mutant): Promise<Judgement> {
    try {
      const { path, whole, broken } = breakIn(this.#folder, mutant)
      if (path.endsWith('.ts')) stripTypeScriptTypes(broken)
      for (const test of mutant.tests) await this.#learn(test, mutant)
      writeFileSync(join(this.#folder, path), broken)
      try {
        return await this.#look(mutant)
      } finally {
        writeFileSync(join(this.#folder, path), whole)
      }
    } catch (error) {
      return { verdict: 'error', detail: (error as Error).message }
    }
  }

  async #look(mutant: Mutant): Promise<Judgement> {
    const faults: string[] = []
    for (const test of mutant.tests) {
      const { passed, failures, fault } = await this.#run(test, mutant, ['--bail=1'])
      if (fault !== null) faults.push(fault)
      else if (passed.size + failures.length === 0) faults.push(`${test}: no such test`)
      const passing = this.#passing.get(keyOf(test, mutant))
      const seen = failures.filter(
        ({ test: name, message }) =>
          passing?.has(name) && (mutant.timesOut || !timedOut.test(message)),
      )
      const [kill] = seen.filter(({ message }) => !nonsense.test(message))
      if (kill) return { verdict: 'killed', detail: `${kill.test} (${kill.message})` }
      faults.push(...failures.map(({ message }) => message))
    }
    // a run that ended otherwise than in a failed test tells nothing of the tests
    if (faults.length > 0) return { verdict: 'error', detail: faults[0]! }
    return mutant.equivalent === undefined
      ? { verdict: 'survived', detail: mutant.tests.join(', ') }
      : { verdict: 'equivalent', detail: mutant.equivalent }
  }

  /** Runs a test once on the whole code. @throws Error unless it passes */
  async #learn(test: string, mutant: Mutant): Promise<void> {
    const key = keyOf(test, mutant)
    if (this.#passing.has(key)) return
    // files of SQL are quick, and many mutants name parts of one
    const whole = isSql(test) ? test.split(' -t ')[0]! : test
    const { passed, failures, fault } = await this.#run(whole, mutant)
    const [failed] = failures
    if (fault !== null) throw new Error(`${test}, unbroken: ${fault}`)
    if (failed) throw new Error(`${test}, unbroken: ${failed.test}: ${failed.message}`)
    if (passed.size === 0) throw new Error(`${test}: no such test`)
    this.#passing.set(key, passed)
  }

  async #run(test: string, { onPostgres }: Mutant, more: string[] = []): Promise<Outcome> {
    const [file = '', name = ''] = test.split(' -t ')
    const report = join(this.#folder, 'report.json')
    rmSync(report, { force: true })
    const kind = onPostgres ? '(?=.*\\(Postgres\\))' : '(?!.*\\(Postgres\\))'
    const args = ['run', file, '--reporter=json', `--outputFile=${report}`, '--maxWorkers=1']
    if (isSql(file) || name) args.push('-t', `${isSql(file) ? `^${kind}` : ''}.*${name}`)
    const child = spawn(
      process.execPath,
      [join(this.#folder, 'node_modules/vitest/vitest.mjs'), ...args, ...more],
      {
        cwd: this.#folder,
        // an address given spares the start of a Postgres that no chosen test asks for
        env: {
          ...process.env,
          ...(isSql(file) && !onPostgres && { TEST_DATABASE_URL: 'unused:' }),
        },
        stdio: ['ignore', 'pipe', 'pipe'],
        // a group of its own, so that its servers end with it
        detached: true,
      },
    )
    let printed = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (printed = (printed + chunk.toString()).slice(-4000)))
    let isLate = false
    const endGroup = (): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
      } catch {
        // all of it is gone
      }
    }
    const timer = setTimeout(() => {
      isLate = true
      endGroup()
    }, patient(runMs))
    process.once('exit', endGroup)
    await once(child, 'close')
    clearTimeout(timer)
    process.removeListener('exit', endGroup)
    if (isLate) return { passed: new Set(), failures: [], fault: 'the run did not end' }
    if (!existsSync(report)) return { passed: new Set(), failures: [], fault: printed }
    return outcomeOf(JSON.parse(readFileSync(report, 'utf8')) as Report)
  }
}

const isSql = (test: string): boolean => test.startsWith('supabase/tests/')

const keyOf = (test: string, { onPostgres }: Mutant): string =>
  `${isSql(test) ? test.split(' -t ')[0] : test}${onPostgres ? ' on Postgres' : ''}`

function outcomeOf({ testResults }: Report): Outcome {
  const results = testResults.flatMap(({ assertionResults }) => assertionResults)
  const failures = results
    .filter(({ status }) => status === 'failed')
    .map(({ fullName, failureMessages }) => ({
      test: fullName.trim(),
      message: (failureMessages?.[0] ?? '').split('\n')[0]!.slice(0, 160),
    }))
  const passed = results.filter(({ status }) => status === 'passed')
  const outside = testResults.find(({ status }) => status === 'failed')
  return {
    passed: new Set(passed.map(({ fullName }) => fullName.trim())),
    failures,
    fault:
      failures.length === 0 && outside
        ? `failed outside of its tests: ${(outside.message ?? '').split('\n')[0]!}`
        : null,
  }
}
