/** Lines that fit; a piece that fits nowhere stands alone. */
export function wrapped(text: string, fits: (part: string) => boolean): string[] {
  const lines: string[] = []
  let line = ''
  // Words with the space behind them; each Chinese letter may end a line.
  for (const piece of text.match(
    /[\u2e80-\u9fff\uff00-\uffef]|[^\s\u2e80-\u9fff\uff00-\uffef]+\s*|\s+/g,
  ) ?? []) {
    if (line && !fits((line + piece).trimEnd())) {
      lines.push(line.trimEnd())
      line = ''
    }
    line += piece
  }
  if (line.trimEnd() || lines.length === 0) lines.push(line.trimEnd())
  return lines
}
