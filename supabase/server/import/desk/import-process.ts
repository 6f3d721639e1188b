import { spawn } from 'node:child_process'
import { setPriority } from 'node:os'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { messageOf } from '../../base/errors.ts'
import { projectRoot } from '../../base/settings.ts'
import { memoryFlags } from '../memory-flags.ts'
import type { ToldLine } from '../telling.ts'

const command = fileURLToPath(new URL('../../commands/import.ts', import.meta.url))
/** Milliseconds in which a stopped import ends its batch. */
const stopMs = 30_000
/** Below the server: other people's calls come first. */
const niceness = 10
const keptComplaint = 2_000

export interface ImportProcess {
  /** Lets the batch under way end. */
  stop(): void
  /** Null when it ended as it should, else what it complained of. */
  ended: Promise<string | null>
}

/** Runs `npm run import` beside this server, as a person at the server's terminal would. */
export function startImport(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  onLine: (line: ToldLine) => void,
): ImportProcess {
  const child = spawn(process.execPath, [...memoryFlags, command, ...args, '--json'], {
    cwd: projectRoot,
    env,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  try {
    if (child.pid !== undefined) setPriority(child.pid, niceness)
  } catch {
    // some systems do not let it
  }
  let complaint = ''
  child.stderr.on('data', (part: Buffer) => {
    complaint = (complaint + part.toString()).slice(-keptComplaint)
  })
  child.stdin.on('error', () => undefined)
  const lines = createInterface({ input: child.stdout })
  lines.on('line', (text) => {
    try {
      onLine(JSON.parse(text) as ToldLine)
    } catch {
      complaint = (complaint + text).slice(-keptComplaint)
    }
  })
  let patience: NodeJS.Timeout | undefined
  const ended = new Promise<string | null>((resolve) => {
    child.once('error', (error) => resolve(messageOf(error)))
    child.once('close', (code) => {
      clearTimeout(patience)
      resolve(code === 0 || code === 1 ? null : complaint || `it ended with ${code}`)
    })
  })
  return {
    stop() {
      child.stdin.end()
      patience ??= setTimeout(() => child.kill('SIGKILL'), stopMs)
      patience.unref()
    },
    ended,
  }
}
