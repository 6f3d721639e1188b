const numbers = /^(\d{1,2})[-/.](\d{1,2})[-/.](?:\d{4}|\d{2})(?!\d)/

/** The dates that can only have the month first, or the day: one of their numbers is above 12. */
export function orderEvidence(texts: readonly string[]): { mdy: string[]; dmy: string[] } {
  const found: { mdy: string[]; dmy: string[] } = { mdy: [], dmy: [] }
  for (const text of texts) {
    const match = numbers.exec(text.normalize('NFKC').trim())
    if (!match) continue
    const [first, second] = [Number(match[1]), Number(match[2])]
    if (first > 12 && first <= 31 && second >= 1 && second <= 12) found.dmy.push(text)
    if (second > 12 && second <= 31 && first >= 1 && first <= 12) found.mdy.push(text)
  }
  return found
}
