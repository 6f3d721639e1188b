export interface Progress {
  update(text: string): void
  done(): void
}

/** Milliseconds, in logs and on a TTY. */
const plainInterval = 1_000
const paintInterval = 100

/** Updates one line on a terminal, writes lines elsewhere. */
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
