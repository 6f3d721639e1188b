/**
 * `npm run test:mutants`: breaks the code in one place at a time and demands that a test fails. Prints a
 * line a mutant and the score; exits 1 when one survives that is no named equivalent.
 *
 *   --only PATTERN  those whose name or file matches
 *   --list          names them, runs nothing
 *   --jobs N        so many at once, each in a copy of its own (1)
 */
import { execFileSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import { MutantLab } from './lab.ts'
import { mutants } from './list.ts'
import { breakIn } from './mutant.ts'
import type { Mutant } from './mutant.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    list: { type: 'boolean', default: false },
    jobs: { type: 'string', default: '1' },
  },
})
const pattern = new RegExp(values.only, 'i')
const chosen = mutants.filter(({ name, file }) => pattern.test(`${file} ${name}`))
const root = execFileSync('git', ['rev-parse', '--show-toplevel'], { encoding: 'utf8' }).trim()

if (values.list) {
  for (const mutant of chosen) console.log(`${breakIn(root, mutant).path}: ${mutant.name}`)
  console.log(`${chosen.length} mutants`)
} else {
  await runAll(chosen)
}

async function runAll(all: Mutant[]): Promise<void> {
  // what ends at the exit of this process ends with Ctrl-C too
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
  const started = performance.now()
  const waiting = all.values()
  const counts = { killed: 0, survived: 0, equivalent: 0, error: 0 }
  const work = async (): Promise<void> => {
    const lab = new MutantLab(root)
    process.once('exit', () => lab.remove())
    for (const mutant of waiting) {
      const began = performance.now()
      const { verdict, detail } = await lab.judge(mutant)
      const seconds = Math.round((performance.now() - began) / 1000)
      counts[verdict]++
      const word = verdict === 'survived' ? 'SURVIVED' : verdict === 'error' ? 'ERROR' : verdict
      console.log(`${word.padEnd(10)} ${String(seconds).padStart(4)} s  ${mutant.name}: ${detail}`)
    }
    lab.remove()
  }
  await Promise.all(Array.from({ length: Number(values.jobs) }, work))
  const { killed, survived, equivalent, error } = counts
  const seconds = Math.round((performance.now() - started) / 1000)
  console.log(
    `\n${killed} of ${killed + survived} killed, ${equivalent} equivalent, ` +
      `${error} errors of the list, ${seconds} s`,
  )
  process.exitCode = survived + error === 0 && killed > 0 ? 0 : 1
}
