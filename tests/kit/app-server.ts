import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { copyPreparedCity } from './data-folder.ts'
import { freePort } from './free-port.ts'
import { lookUntil } from './look-until.ts'

export interface AppServer {
  url: string
  dataDir: string
  /** Everything the server printed so far. */
  output: () => string
  /** Milliseconds from spawn to the first answers of `/config.json` and the page. */
  startMs: number
  stop: () => Promise<void>
  kill: () => Promise<void>
}

export interface AppServerOptions {
  /** By default a new copy of a prepared folder with the demo city. */
  dataDir?: string
  env?: Record<string, string>
  args?: string[]
  timeoutSeconds?: number
  /** Keep the data folder when the server stops. */
  keepData?: boolean
}

/** Output so far of each server that runs. */
export const runningOutputs = new Set<() => string>()

/** A new data folder with the demo city. */
export async function newDemoDir(): Promise<string> {
  const dataDir = newDataDir()
  await copyPreparedCity('demo', dataDir, loadDemo)
  return dataDir
}

/** A new, empty data folder. */
export const newDataDir = (): string => mkdtempSync(join(tmpdir(), 'wangge-test-'))

/** Starts the real server as `npm start` does, on a free port and its own data folder. */
export async function startAppServer(options: AppServerOptions = {}): Promise<AppServer> {
  const dataDir = options.dataDir ?? (await newDemoDir())
  const port = await freePort()
  const started = performance.now()
  const child = spawn(
    process.execPath,
    ['supabase/server/commands/start.ts', ...(options.args ?? [])],
    {
      env: { ...process.env, PORT: String(port), DATA_DIR: dataDir, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  let text = ''
  child.stdout.on('data', (chunk) => (text += String(chunk)))
  child.stderr.on('data', (chunk) => (text += String(chunk)))
  const output = (): string => text
  runningOutputs.add(output)
  child.once('exit', () => runningOutputs.delete(output))
  const url = `http://127.0.0.1:${port}`
  await untilReady(child, url, output, options.timeoutSeconds ?? 240)
  const startMs = performance.now() - started
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      const gone = new Promise((resolve) => child.once('exit', resolve))
      child.kill(signal)
      await gone
    }
    if (!options.keepData && signal !== 'SIGKILL') rmSync(dataDir, { recursive: true, force: true })
  }
  return {
    url,
    dataDir,
    output,
    startMs,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  }
}

/** Fills an empty data folder with the demo city, the long way. */
async function loadDemo(dataDir: string): Promise<void> {
  const server = await startAppServer({ dataDir, keepData: true })
  await server.stop()
}

async function untilReady(
  child: ChildProcess,
  url: string,
  output: () => string,
  timeoutSeconds: number,
): Promise<void> {
  const isReady = async (): Promise<boolean> => {
    if (child.exitCode !== null) throw new Error(`The server ended early:\n${output()}`)
    try {
      // the page as well: the app may still be built while the city is open
      for (const path of ['/config.json', '/']) {
        const answer = await fetch(url + path)
        await answer.arrayBuffer()
        if (!answer.ok) return false
      }
      return true
    } catch {
      // not listening yet
      return false
    }
  }
  if (await lookUntil(isReady, timeoutSeconds * 1000)) return
  child.kill('SIGKILL')
  throw new Error(`The server was not ready after ${timeoutSeconds} s:\n${output()}`)
}
