import { describe, expect, it } from 'vitest'
import { EncodingSigns } from './encoding-signs.ts'
import { garbledAs } from './garbled-text.ts'

// 井盖破损，垃圾 in GBK
const gbk = Uint8Array.of(
  ...[0xbe, 0xae, 0xb8, 0xc7, 0xc6, 0xc6, 0xcb, 0xf0, 0xa3, 0xac, 0xc0, 0xac, 0xbb, 0xf8],
)
const verdict = (encoding: string, ...chunks: Uint8Array[]) => {
  const signs = new EncodingSigns(encoding)
  for (const chunk of chunks) signs.look(chunk)
  return signs.verdict()?.encoding ?? null
}

describe('EncodingSigns', () => {
  it('tells text in another encoding than the named one', () => {
    expect(verdict('windows-1252', gbk.subarray(0, 3), gbk.subarray(3))).toBe('gb18030')
    const utf8 = new TextEncoder().encode('井盖破损')
    expect(verdict('gb18030', utf8.subarray(0, 4), utf8.subarray(4))).toBe('utf-8')
    expect(verdict('windows-1252', utf8)).toBe('utf-8')
  })

  it('lets right ones be', () => {
    expect(verdict('gb18030', gbk)).toBeNull()
    expect(verdict('utf-8', new TextEncoder().encode('井盖破损'))).toBeNull()
    expect(
      verdict('windows-1252', Buffer.from('Straße, Müll, déchets, ñandú, Öl', 'latin1')),
    ).toBeNull()
  })
})

it.each([
  ['À¬»ø¶Ñ·Å', 'GBK'],
  ['鍨冨溇鍫嗘斁', 'UTF-8'],
  ['MÃ¼ll und StraÃŸe', 'UTF-8'],
  ['锟斤拷锟斤拷', 'UTF-8'],
  ['人民路与解放路交叉口东南角', null],
  ['Müll vor der Straßenbahn, Öl', null],
])('%s looks like %s', (text, as) => expect(garbledAs(text)).toBe(as))
