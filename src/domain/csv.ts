/**
 * RFC 4180 text with a byte-order mark, for Chinese in spreadsheets. An apostrophe disables
 * formulas (OWASP, "CSV injection"). Chinese and Japanese spreadsheets also run full-width signs.
 */
export function csvFromTable(header: string[], rows: (string | number | null)[][]): string {
  return `\uFEFF${[header, ...rows].map((row) => row.map(cell).join(',')).join('\r\n')}\r\n`
}

function cell(value: string | number | null): string {
  if (value === null) return ''
  if (typeof value === 'number') return String(value)
  const text = /^[=+\-@\t\r\n＝＋－＠]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
