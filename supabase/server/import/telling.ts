import { messageOf, ServerError } from '../base/errors.ts'
import { terminalProgress } from './progress.ts'
import type { Look } from './look.ts'
import type { ImportReport } from './report.ts'
import { reportText } from './report.ts'
import { ImportFileError } from './text-source.ts'

/** A line of `--json`: for the server, which shows it on a page. */
export type ToldLine =
  | { found: string }
  | { progress: { read: number; stored: number; rejected: number } }
  | { look: Look }
  | { report: string }
  | { error: string; isExpected: boolean }

/** How a command tells what it does. */
export interface Telling {
  found(text: string): void
  /** Says what the work has been waiting for. */
  waiting(text: string): void
  progress(text: string, counts?: { read: number; stored: number; rejected: number }): void
  /** The line of progress ends here. */
  rest(): void
  look(look: Look): void
  report(report: ImportReport): void
  /** Where the report lies. */
  kept(paths: readonly string[]): void
  failed(error: unknown): void
  /** Ends the work; null for a terminal, where Ctrl-C does. */
  signal: AbortSignal | null
  close(): void
}

const listedOnScreen = 20
const isExpected = (error: unknown): boolean =>
  error instanceof ImportFileError || error instanceof ServerError

export function tellTerminal(): Telling {
  const line = terminalProgress()
  return {
    found: (text) => console.log(text),
    waiting(text) {
      line.done()
      console.error(text)
    },
    progress: (text) => line.update(text),
    rest: () => line.done(),
    look: (look) => console.log(JSON.stringify(look.mapping ?? look.areas, null, 2)),
    report: (report) => console.log(reportText(report, listedOnScreen)),
    kept: (paths) => console.log(`The whole report: ${paths.join(', ')}`),
    failed: (error) => console.error(isExpected(error) ? messageOf(error) : error),
    signal: null,
    close: () => undefined,
  }
}

/** Milliseconds between two lines of progress. */
const interval = 250

/**
 * Tells by lines of JSON. The work ends when the standard input ends: the server stops it so, and a
 * server that was killed leaves no import behind.
 * @param shown replaces the file's path by the name that people know.
 */
export function tellByLines(shown: (text: string) => string): Telling {
  const stop = new AbortController()
  const ended = (): void => stop.abort(new ServerError('stopped on request'))
  process.stdin.on('end', ended).on('close', ended).on('error', ended).resume()
  let last = Number.NEGATIVE_INFINITY
  const write = (line: ToldLine): void =>
    void process.stdout.write(`${shown(JSON.stringify(line))}\n`)
  return {
    found: (text) => write({ found: text }),
    waiting: (text) => write({ found: text }),
    progress(_, counts) {
      const now = performance.now()
      if (!counts || now - last < interval) return
      last = now
      write({ progress: counts })
    },
    rest: () => undefined,
    look: (look) => write({ look }),
    report: () => undefined,
    kept: ([json = '']) => write({ report: json }),
    failed(error) {
      if (!isExpected(error)) console.error(error)
      write({ error: messageOf(error), isExpected: isExpected(error) })
    },
    signal: stop.signal,
    close: () => void process.stdin.destroy(),
  }
}
