/**
 * `npm run bench [-- --rows N] [--only name]`: runs every `*.bench.ts` below this folder and prints
 * ratios measured in one run on this machine. Nothing here is a timed test: machines are shared.
 */
import { glob, writeFile } from 'node:fs/promises'
import { cpus, release, totalmem, type } from 'node:os'
import { parseArgs } from 'node:util'
import { pathToFileURL } from 'node:url'
import { resolve } from 'node:path'
import './alias.ts'

export interface BenchResult {
  name: string
  ratio: number
  /** For example `≤ 3` or `≥ 20`. */
  target: string
  pass: boolean
  detail: string
}
interface Bench {
  run: (options: { rows: number; log: (line: string) => void }) => Promise<BenchResult[]>
}

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '200000' },
    only: { type: 'string' },
    record: { type: 'boolean', default: false },
  },
})
const rows = Number(values.rows)
if (!Number.isInteger(rows) || rows < 1000) throw new Error('--rows takes a whole number from 1000')

/**
 * A database of more takes longer to fill than to measure: from there on benches that fill one get
 * the usual number, and so does the page of charts, whose claims are about ratings. Each row of the table says how many it measured.
 */
const mostInDatabase = 1_000_000
const usualRows = 200_000
/** A page whose months come over the browser's remote control, which keeps each of them. */
const mostOverRemote = 1_000_000
function rowsFor(file: string): number {
  if (/time-drag/.test(file)) return Math.min(rows, mostOverRemote)
  return rows > mostInDatabase && /bench\/(sql|server|charts)\//.test(file) ? usualRows : rows
}

const begun = performance.now()
const results: BenchResult[] = []
const files = (await Array.fromAsync(glob('tests/bench/**/*.bench.ts'))).toSorted()
for (const file of files) {
  if (values.only && !file.includes(values.only)) continue
  const minute = ((performance.now() - begun) / 60_000).toFixed(1)
  console.log(`\n── ${file}, from minute ${minute}, with ${rowsFor(file)} incidents`)
  const bench = (await import(pathToFileURL(resolve(file)).href)) as Bench
  try {
    results.push(
      ...(await bench.run({ rows: rowsFor(file), log: (line) => console.log(`   ${line}`) })),
    )
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error)
    results.push({ name: file, ratio: Number.NaN, target: '', pass: false, detail })
  }
}

const cpu = cpus()[0]?.model.trim() ?? 'unknown'
const memory = (totalmem() / 2 ** 30).toFixed(0)
const table = [
  '| what | ratio | target | met | detail |',
  '|---|---|---|---|---|',
  ...results.map(
    (r) =>
      `| ${r.name} | ${Number.isNaN(r.ratio) ? '–' : r.ratio.toPrecision(3)} | ${r.target} | ${r.pass ? 'yes' : '**no**'} | ${r.detail} |`,
  ),
].join('\n')
const minutes = ((performance.now() - begun) / 60_000).toFixed(1)
console.log(`\n${table}\n\nin ${minutes} minutes`)
if (values.record) {
  const machine = `${cpus().length} × ${cpu}, ${memory} GiB, ${type()} ${release()}, Node ${process.version}`
  const day = new Date().toISOString().slice(0, 10)
  const text = `# Benchmark results\n\nRatios of one run of \`npm run bench -- --rows ${rows} --record\`; the machine is shared, so only ratios are quoted.\n\n- date: ${day}\n- machine: ${machine}\n- time: ${minutes} minutes\n\n${table}\n`
  await writeFile('tests/bench/RESULTS.md', text)
}
process.exitCode = results.length > 0 && results.every((r) => r.pass) ? 0 : 1
