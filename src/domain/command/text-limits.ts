/** In characters, as Postgres counts them. */
export const textLimits = {
  description: 10_000,
  addressLabel: 500,
  note: 10_000,
  words: 2000,
} as const

/** Code points. */
export function characterCount(text: string): number {
  let count = text.length
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit < 0xd800 || unit > 0xdbff) continue
    const next = text.charCodeAt(i + 1)
    if (next >= 0xdc00 && next <= 0xdfff) count--
  }
  return count
}
