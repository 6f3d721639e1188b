import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { existsSync, globSync, mkdtempSync, rmSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Readable, Writable } from 'node:stream'
import { ServerError } from '../base/errors.ts'

type Env = Record<string, string | undefined>

const names = [
  'chromium-headless-shell',
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
  'microsoft-edge',
]
const places = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
]
/** Where Playwright puts its own. */
const playwright = [
  '.cache/ms-playwright/chromium*/*/{chrome,headless_shell,chrome-headless-shell}',
  'Library/Caches/ms-playwright/chromium*/*/*.app/Contents/MacOS/*',
]

/**
 * The first Chromium that starts: `CHROMIUM_PATH` alone where it is set, else one in `PATH`, a usual
 * place, or Playwright's.
 * @throws ServerError that says how to get one
 */
export function findChromium(env: Env = process.env): string {
  const { CHROMIUM_PATH: chosen } = env
  if (chosen) {
    if (existsSync(chosen) && starts(chosen)) return chosen
    throw new ServerError(`CHROMIUM_PATH=${chosen} is no Chromium that starts.`)
  }
  const folders = (env.PATH ?? '').split(delimiter).filter(Boolean)
  const home = env.HOME || homedir()
  const candidates = [
    ...names.flatMap((name) => folders.map((folder) => join(folder, name))),
    ...places,
    ...playwright.flatMap((pattern) => globSync(join(home, pattern)).toSorted().toReversed()),
  ]
  const found = candidates.find((path) => existsSync(path) && starts(path))
  if (found) return found
  throw new ServerError(
    'A PDF needs a Chromium, and none was found. Install one (Debian: apt-get install chromium ' +
      'fonts-noto-cjk), or name yours in CHROMIUM_PATH.',
  )
}

/** A file may be there and still not run: a snap stub, a missing library. */
const starts = (path: string): boolean =>
  spawnSync(path, ['--version', '--no-sandbox'], { timeout: 20_000, stdio: 'ignore' }).status === 0

/** Milliseconds for an orderly end. */
const closingMs = 3_000

const flags = [
  '--headless',
  '--remote-debugging-pipe',
  '--no-first-run',
  '--no-default-browser-check',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  // without antialiasing by colour, which looks wrong on paper
  '--font-render-hinting=none',
]

interface Reply {
  id?: number
  result?: Record<string, unknown>
  error?: { message: string }
}

/** A page of a Chromium of its own, driven by the DevTools protocol over a pipe: no port is opened. */
export class ChromiumPage {
  #process: ChildProcess
  #profile: string
  #waiting = new Map<number, { resolve(value: Reply): void; reject(error: Error): void }>()
  #lastId = 0
  #session = ''
  #errors = ''
  #isClosing = false
  #isGone = false

  private constructor(path: string, moreFlags: readonly string[]) {
    this.#profile = mkdtempSync(join(tmpdir(), 'wangge-chromium-'))
    // Chromium refuses its sandbox to root.
    const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : []
    const args = [...flags, ...sandbox, ...moreFlags, `--user-data-dir=${this.#profile}`]
    this.#process = spawn(path, [...args, 'about:blank'], {
      stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
      // a process group of its own, to be ended as a whole
      detached: process.platform !== 'win32',
    })
    this.#process.stderr?.on('data', (chunk: Buffer) => {
      this.#errors = (this.#errors + chunk.toString('utf8')).slice(-600)
    })
    const gone = () => this.#fail()
    this.#process.once('error', gone)
    this.#process.once('exit', gone)
    this.#input.on('error', gone)
    this.#read()
  }

  /** @throws ServerError when it does not start */
  static async open(path: string, moreFlags: readonly string[] = []): Promise<ChromiumPage> {
    const page = new ChromiumPage(path, moreFlags)
    try {
      const { targetId } = await page.call('Target.createTarget', { url: 'about:blank' })
      const attached = await page.call('Target.attachToTarget', { targetId, flatten: true })
      page.#session = String(attached.sessionId)
      await page.call('Page.enable')
      return page
    } catch (error) {
      await page.close()
      throw error
    }
  }

  async call(
    method: string,
    params: Record<string, unknown> = {},
  ): Promise<Record<string, unknown>> {
    if (this.#isGone) throw this.#ending()
    const id = ++this.#lastId
    const answer = new Promise<Reply>((resolve, reject) =>
      this.#waiting.set(id, { resolve, reject }),
    )
    const session = this.#session ? { sessionId: this.#session } : {}
    this.#input.write(`${JSON.stringify({ id, method, params, ...session })}\0`)
    const { result, error } = await answer
    if (error) throw new ServerError(`Chromium: ${method}: ${error.message}`)
    return result ?? {}
  }

  /** The value of an expression in the page; promises are awaited. */
  async evaluate(expression: string): Promise<unknown> {
    const options = { expression, awaitPromise: true, returnByValue: true }
    const { result } = await this.call('Runtime.evaluate', options)
    return (result as { value?: unknown } | undefined)?.value
  }

  async close(): Promise<void> {
    this.#isClosing = true
    const child = this.#process
    const isOver = (): boolean => child.exitCode !== null || child.signalCode !== null
    if (child.pid !== undefined && !isOver()) {
      const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
      this.#session = ''
      this.call('Browser.close').catch(() => undefined)
      await Promise.race([ended, wait(closingMs, undefined, { ref: false })])
    }
    this.#killAll()
    for (const stream of child.stdio) stream?.destroy()
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  }

  /** An installed Chromium is often a script that starts the real one. */
  #killAll(): void {
    const { pid } = this.#process
    if (pid === undefined) return
    try {
      if (process.platform === 'win32') this.#process.kill('SIGKILL')
      else process.kill(-pid, 'SIGKILL')
    } catch {
      // all have ended
    }
  }

  get #input(): Writable {
    return this.#process.stdio[3] as Writable
  }

  #read(): void {
    let rest: Buffer[] = []
    const output = this.#process.stdio[4] as Readable
    output.on('data', (chunk: Buffer) => {
      let from = 0
      for (let end = chunk.indexOf(0); end >= 0; end = chunk.indexOf(0, from)) {
        rest.push(chunk.subarray(from, end))
        this.#take(JSON.parse(Buffer.concat(rest).toString('utf8')) as Reply)
        rest = []
        from = end + 1
      }
      rest.push(chunk.subarray(from))
    })
  }

  #take(reply: Reply): void {
    if (reply.id === undefined) return
    this.#waiting.get(reply.id)?.resolve(reply)
    this.#waiting.delete(reply.id)
  }

  #fail(): void {
    this.#isGone = true
    for (const { reject } of this.#waiting.values()) reject(this.#ending())
    this.#waiting.clear()
  }

  #ending(): ServerError {
    const said = this.#errors.trim()
    const why = this.#isClosing ? 'was closed' : `ended by itself${said ? `: ${said}` : ''}`
    return new ServerError(`Chromium ${why}.`)
  }
}
