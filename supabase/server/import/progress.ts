/** Tells a person how far a long job is. */
export interface Progress {
  /** The current state in a few words; replaces the one before. */
  update(text: string): void
  /** Ends the updating line. */
  done(): void
}

/** Milliseconds between lines where nothing can be overwritten, and between repaints of a TTY. */
const plainInterval = 1_000
const paintInterval = 100

/** One updating line on a terminal, a plain line every second elsewhere (logs, pipes). */
export function terminalProgress(stream: NodeJS.WriteStream = process.stderr): Progress {
  let last = Number.NEGATIVE_INFINITY
  let painted = false
  return {
    update(text) {
      const now = performance.now()
      if (now - last < (stream.isTTY ? paintInterval : plainInterval)) return
      last = now
      if (stream.isTTY) stream.write(`\r\u001b[2K${text.slice(0, (stream.columns || 80) - 1)}`)
      else stream.write(`${text}\n`)
      painted = true
    },
    done() {
      if (painted && stream.isTTY) stream.write('\r\u001b[2K')
    },
  }
}
