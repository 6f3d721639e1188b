import { messageOf, ServerError } from '../base/errors.ts'
import { terminalProgress } from './progress.ts'
import type { Look } from './looked.ts'
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
  /** Ends the work after the batch under way, with its report. */
  readonly signal: AbortSignal
  close(): void
}

const listedOnScreen = 20
const isExpected = (error: unknown): boolean =>
  error instanceof ImportFileError || error instanceof ServerError

/** The proposal as a person goes on with it: a mapping for incidents, a command line for areas. */
function proposalOf({ kind, mapping, areas, level, settings, parentByOverlap }: Look): string {
  if (kind === 'incidents') return JSON.stringify(mapping, null, 2)
  const options = [
    ['level', level],
    ...Object.entries(areas ?? {}).map(([field, { column }]) => [field, column]),
    ['crs', settings.coordinates],
  ].flatMap(([name, value]) => (value ? [`--${name} ${JSON.stringify(value)}`] : []))
  const flags = parentByOverlap ? ['--parent-by-overlap'] : []
  return ['npm run import -- areas FILE', ...options, ...flags].join(' ')
}

export function tellTerminal(): Telling {
  const line = terminalProgress()
  let stop: AbortController | null = null
  const interrupt = (): void => {
    line.done()
    console.error('Stopping after the rows under way; again ends at once.')
    stop?.abort(new ServerError('stopped on request'))
  }
  return {
    found: (text) => console.log(text),
    waiting(text) {
      line.done()
      console.error(text)
    },
    progress: (text) => line.update(text),
    rest: () => line.done(),
    look(look) {
      for (const note of [...look.notes, ...look.doubts]) console.error(note)
      console.log(proposalOf(look))
    },
    report: (report) => console.log(reportText(report, listedOnScreen)),
    kept: (paths) => console.log(`The whole report: ${paths.join(', ')}`),
    failed: (error) => console.error(isExpected(error) ? messageOf(error) : error),
    get signal() {
      // from the first row on: what waits for its database ends at once
      if (!stop) process.once('SIGINT', interrupt)
      stop ??= new AbortController()
      return stop.signal
    },
    close: () => void process.off('SIGINT', interrupt),
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
