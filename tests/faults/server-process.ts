import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const entry = fileURLToPath(new URL('./fault-server.ts', import.meta.url))

/** The server in a process of its own, on one data folder, started again after every death. */
export class ServerProcess {
  readonly folder: string
  readonly #disk: string | null
  #child: ChildProcess | null = null
  #output = ''
  url: string | null = null
  kills = 0
  starts = 0

  /** @param disk where to keep what the server syncs of its data folder, see `synced-disk.ts` */
  constructor(folder: string, disk: string | null = null) {
    this.folder = folder
    this.#disk = disk
  }

  /** Output of the present process. */
  get output(): string {
    return this.#output
  }

  /** Starts it; resolves with its address once it answers. */
  async start(): Promise<string> {
    const child = spawn(
      process.execPath,
      [entry, this.folder, ...(this.#disk ? [this.#disk] : [])],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    )
    this.#child = child
    this.#output = ''
    this.starts += 1
    this.url = await new Promise<string>((resolve, reject) => {
      const look = (chunk: Buffer): void => {
        this.#output += chunk.toString('utf8')
        const port = /listening on (\d+)/.exec(this.#output)?.[1]
        if (port) resolve(`http://127.0.0.1:${port}`)
      }
      child.stdout?.on('data', look)
      child.stderr?.on('data', look)
      child.on('exit', (code, signal) => reject(new Error(`${code ?? signal}: ${this.#output}`)))
    })
    return this.url
  }

  /** Ends it without warning, as the power or the kernel would. */
  async kill(): Promise<void> {
    this.kills += 1
    await this.#end('SIGKILL')
  }

  /** Ends it as Ctrl-C does. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM')
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child
    this.#child = null
    this.url = null
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const gone = new Promise((resolve) => child.once('exit', resolve))
    child.kill(signal)
    await gone
  }
}
