const notAscii = /[^\u0000-\u007f]/g
/** Fewer characters may look like another encoding by chance. */
const enough = 4

/** Character → its bytes, for each character that the encoding has. */
function bytesByCharacter(encoding: string, codes: Iterable<number[]>): Map<string, number[]> {
  const decoder = new TextDecoder(encoding)
  const table = new Map<string, number[]>()
  for (const code of codes) {
    const text = decoder.decode(Uint8Array.from(code))
    if (text.length === 1 && text !== '\uFFFD' && !table.has(text)) table.set(text, code)
  }
  return table
}

function* gbkCodes(): Generator<number[]> {
  for (let lead = 0x81; lead <= 0xfe; lead++)
    for (let trail = 0x40; trail <= 0xfe; trail++) yield [lead, trail]
}

let tables: [windows1252: Map<string, number[]>, gbk: Map<string, number[]>] | null = null
const inverse = (): NonNullable<typeof tables> =>
  (tables ??= [
    bytesByCharacter(
      'windows-1252',
      Array.from({ length: 128 }, (_, n) => [n + 128]),
    ),
    bytesByCharacter('gbk', gbkCodes()),
  ])

/** Null unless the encoding has each of the characters. */
function encoded(characters: readonly string[], table: Map<string, number[]>): Uint8Array | null {
  const bytes: number[] = []
  for (const character of characters) {
    const code = table.get(character)
    if (!code) return null
    bytes.push(...code)
  }
  return Uint8Array.from(bytes)
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return true
  } catch {
    return false
  }
}

const isPaired = (bytes: Uint8Array): boolean =>
  bytes.length % 2 === 0 &&
  bytes.every((byte, index) => byte >= (index % 2 === 0 ? 0xb0 : 0xa1) && byte <= 0xfe)

/**
 * Whether a text was read in a wrong encoding before it came into its file, and as which it looks:
 * its bytes in the wrong encoding are text in the right one.
 */
export function garbledAs(text: string): 'UTF-8' | 'GBK' | null {
  if (text.includes('锟斤拷')) return 'UTF-8'
  const characters = text.match(notAscii)
  if (!characters || characters.length < enough) return null
  const [windows1252, gbk] = inverse()
  const latin = encoded(characters, windows1252)
  if (latin) {
    if (isUtf8(latin)) return 'UTF-8'
    if (isPaired(latin)) return 'GBK'
  }
  const chinese = encoded(characters, gbk)
  return chinese && isUtf8(chinese) ? 'UTF-8' : null
}
