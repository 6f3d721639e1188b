import { ImportFileError } from '../text-source.ts'

/** Language driver ids of the header, as GIS programs write them. */
const encodingByDriver: Readonly<Record<number, string>> = {
  0x03: 'windows-1252',
  0x4d: 'gb18030',
  0x4f: 'big5',
  0x57: 'windows-1252',
  0x13: 'shift_jis',
  0x7a: 'gb18030',
  0x78: 'big5',
}

/** Names in a `.cpg`: `UTF-8`, `GBK`, `936`, `ANSI 936`. */
export function encodingOfCpg(cpg: string): string | null {
  const name = cpg.trim().replace(/^(ANSI|CP|OEM)[\s_-]*/i, '')
  const byNumber: Record<string, string> = {
    936: 'gb18030',
    950: 'big5',
    932: 'shift_jis',
    65001: 'utf-8',
    1252: 'windows-1252',
    88591: 'windows-1252',
  }
  const label = byNumber[name] ?? name
  try {
    return new TextDecoder(label).encoding
  } catch {
    return null
  }
}

function decodesAs(bytes: Uint8Array, encoding: string): boolean {
  try {
    new TextDecoder(encoding, { fatal: true }).decode(bytes)
    return true
  } catch {
    return false
  }
}

/** Texts end where the field does, perhaps in the middle of a character. */
const trimmed = (text: string): string =>
  text
    .replace(/\0[^]*$/, '')
    .replace(/\uFFFD$/, '')
    .trim()

/**
 * Reads the table of a Shapefile. Numbers stay as they are written: a code of 18 digits does not
 * fit into a number.
 * @returns a row a shape; an empty cell is null.
 */
export function readDbf(
  bytes: Uint8Array,
  file: string,
  named: string | null,
): { rows: Record<string, string | null>[]; encoding: string } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < 32) throw new ImportFileError(`${file}: the .dbf is cut off`)
  const count = view.getUint32(4, true)
  const headerLength = view.getUint16(8, true)
  const recordLength = view.getUint16(10, true)
  const driver = encodingByDriver[bytes[29] ?? 0]
  const records = bytes.subarray(headerLength)
  const encoding =
    named ??
    (decodesAs(records, 'utf-8') ? 'utf-8' : null) ??
    driver ??
    (decodesAs(records, 'gb18030') ? 'gb18030' : 'windows-1252')
  const decoder = new TextDecoder(encoding)
  const columns: { name: string; type: string; from: number; to: number }[] = []
  let from = 1
  for (let at = 32; at + 32 <= headerLength && bytes[at] !== 0x0d; at += 32) {
    const to = from + (bytes[at + 16] ?? 0)
    columns.push({
      name: trimmed(decoder.decode(bytes.subarray(at, at + 11))),
      type: String.fromCharCode(bytes[at + 11] ?? 0),
      from,
      to,
    })
    from = to
  }
  const rows = Array.from({ length: count }, (_, index) => {
    const start = index * recordLength
    if (start + recordLength > records.length)
      throw new ImportFileError(`${file}: the .dbf ends after ${index} of ${count} rows`)
    const record = records.subarray(start, start + recordLength)
    return Object.fromEntries(
      columns.map(({ name, type, from: start_, to }) => {
        const text = trimmed(decoder.decode(record.subarray(start_, to)))
        // a field of stars is a number that did not fit
        const isEmpty = text === '' || (type === 'N' && /^\*+$/.test(text))
        const day = type === 'D' ? text.replace(/^(\d{4})(\d{2})(\d{2})$/, '$1-$2-$3') : text
        return [name, isEmpty ? null : day]
      }),
    )
  })
  return { rows, encoding }
}
