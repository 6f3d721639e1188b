import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeIncidentCsv } from '../generate/csv.ts'
import { demoFolder } from '../generate/sample.ts'

/** Rows on PGlite, and beside a server. */
export const fewRows = 20_000

/** Source that the imported incidents name. */
export const source = 'bench'

export type Env = Record<string, string>

/** Files of one run. */
export class Files {
  readonly folder = mkdtempSync(join(tmpdir(), 'wangge-import-bench-'))
  readonly mapping = join(this.folder, 'mapping.json')
  readonly #written = new Map<number, string>()

  constructor() {
    const mapping = JSON.parse(
      readFileSync(new URL('incidents.mapping.json', demoFolder), 'utf8'),
    ) as { source: string; columns: Record<string, unknown> }
    mapping.source = source
    mapping.columns.address = 'address'
    writeFileSync(this.mapping, JSON.stringify(mapping))
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }

  async csv(rows: number): Promise<string> {
    const known = this.#written.get(rows)
    if (known) return known
    const path = join(this.folder, `${rows}.csv`)
    await writeIncidentCsv(path, rows)
    this.#written.set(rows, path)
    return path
  }
}

export interface Imported {
  seconds: number
  stored: number
  /** Resident memory of the process in MB, after each tenth of the rows. */
  tenths: number[]
  /** At its highest. */
  megabytes: number
}

/** @param what now, or at its highest. */
function residentMegabytes(pid: number, what: 'VmRSS' | 'VmHWM'): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    return Number(new RegExp(`${what}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) / 1024
  } catch {
    return 0
  }
}

/** `npm run import`, with the flags of its script. */
export async function importByCommand(
  env: Env,
  files: Files,
  rows: number,
  log: (line: string) => void,
): Promise<Imported> {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as {
    scripts: { import: string }
  }
  const [, ...script] = scripts.import.split(' ')
  const base = join(files.folder, `report-${performance.now()}`)
  const args = ['incidents', await files.csv(rows), '--mapping', files.mapping, '--report', base]
  const child = spawn(process.execPath, [...script, ...args], {
    env: { ...process.env, DATABASE_URL: '', ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const tenths: number[] = []
  let megabytes = 0
  const look = setInterval(() => {
    megabytes = Math.max(megabytes, residentMegabytes(child.pid ?? 0, 'VmHWM'))
  }, 200)
  child.stderr.on('data', (chunk: Buffer) => {
    const text = String(chunk)
    const read = Number(/(\d+) read/.exec(text)?.[1] ?? Number.NaN)
    if (Number.isNaN(read)) log(text.trim())
    while (read >= (rows / 10) * (tenths.length + 1))
      tenths.push(Math.round(residentMegabytes(child.pid ?? 0, 'VmRSS')))
  })
  const [code] = (await once(child, 'exit')) as [number | null]
  clearInterval(look)
  if (code !== 0) throw new Error(`the import ended with ${code}`)
  const report = JSON.parse(readFileSync(`${base}.json`, 'utf8')) as {
    startedAt: string
    finishedAt: string
    stored: number
  }
  const seconds = (Date.parse(report.finishedAt) - Date.parse(report.startedAt)) / 1000
  return { seconds, stored: report.stored, tenths, megabytes }
}
