import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { BenchResult } from '../run.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const rounds = 3

/**
 * The second `npm start` on a data folder, from the command to `/readyz` 200, against a cold PGlite
 * with `create extension postgis` in a process of its own. Medians of alternating rounds.
 */
export async function run({ log }: { log: (line: string) => void }): Promise<BenchResult[]> {
  const folder = mkdtempSync(join(tmpdir(), 'wangge-bench-start-'))
  try {
    const dataDir = join(folder, 'data')
    log('the first start makes the data folder and, where it is missing, the build')
    await startOnce(dataDir)
    const cold: number[] = []
    const second: number[] = []
    for (let round = 0; round < rounds; round++) {
      cold.push(await coldPglite(join(folder, `cold-${round}`)))
      second.push(await startOnce(dataDir))
      log(`cold ${ms(cold.at(-1)!)}, second start ${ms(second.at(-1)!)}`)
    }
    const ratio = median(second) / median(cold)
    return [
      {
        name: 'second npm start to answering / cold PGlite + create extension postgis',
        ratio,
        target: '≤ 0.35',
        pass: ratio <= 0.35,
        detail: `${ms(median(second))} against ${ms(median(cold))}, median of ${rounds}`,
      },
    ]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Milliseconds from `npm start` to ready; the server is stopped after. */
async function startOnce(dataDir: string): Promise<number> {
  const port = await freePort()
  const began = performance.now()
  const child = spawn('npm', ['start', '--silent'], {
    cwd: root,
    env: { ...process.env, PORT: String(port), DATA_DIR: dataDir },
    stdio: ['ignore', 'ignore', 'inherit'],
    // npm does not always pass signals on: the whole group is stopped
    detached: true,
  })
  const ended = new Promise<void>((resolve) => child.on('exit', () => resolve()))
  let took = Number.NaN
  while (child.exitCode === null && Number.isNaN(took)) {
    const ready = await fetch(`http://127.0.0.1:${port}/readyz`)
      .then((response) => response.ok)
      .catch(() => false)
    if (ready) took = performance.now() - began
    else await new Promise((resolve) => setTimeout(resolve, 10))
  }
  if (child.pid && child.exitCode === null) process.kill(-child.pid, 'SIGTERM')
  await ended
  // npm ends before the server does, which gives its lock back last
  while (existsSync(join(dataDir, 'lock'))) await new Promise((resolve) => setTimeout(resolve, 20))
  if (Number.isNaN(took)) throw new Error('npm start ended before it answered.')
  return took
}

function coldPglite(dataDir: string): Promise<number> {
  const script = `
    const { PGlite } = await import('@electric-sql/pglite')
    const { postgis } = await import('@electric-sql/pglite-postgis')
    const pg = new PGlite({ dataDir: process.argv[1], extensions: { postgis } })
    await pg.exec('create extension postgis')
    process.exit(0)`
  const began = performance.now()
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, dataDir], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  return new Promise((resolve, reject) => {
    child.on('exit', (code) =>
      code === 0
        ? resolve(performance.now() - began)
        : reject(new Error(`PGlite ended with ${code}`)),
    )
  })
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN
}

function ms(value: number): string {
  return `${(value / 1000).toFixed(2)} s`
}
