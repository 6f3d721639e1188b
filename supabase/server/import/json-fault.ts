const space = /\s*/y
const token =
  /\s*(?:([{}[\],:])|("(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null))/y

/**
 * Offset of the first wrong token, or the text's end. `JSON.parse` does not always name the place.
 */
export function jsonFaultOffset(text: string): number {
  const open: string[] = []
  let expects: 'value' | 'valueOrEnd' | 'key' | 'keyOrEnd' | 'colon' | 'next' = 'value'
  let offset = 0
  while (expects !== 'next' || open.length > 0) {
    token.lastIndex = offset
    const match = token.exec(text)
    const start = afterSpace(text, offset)
    if (!match) return start
    const [, mark, string] = match
    const wantsValue = expects === 'value' || expects === 'valueOrEnd'
    const wantsKey = expects === 'key' || expects === 'keyOrEnd'
    if (mark === '{' || mark === '[') {
      if (!wantsValue) return start
      open.push(mark)
      expects = mark === '{' ? 'keyOrEnd' : 'valueOrEnd'
    } else if (mark === '}' || mark === ']') {
      const mayEnd = expects === 'next' || expects === (mark === '}' ? 'keyOrEnd' : 'valueOrEnd')
      if (!mayEnd || open.pop() !== (mark === '}' ? '{' : '[')) return start
      expects = 'next'
    } else if (mark === ',') {
      if (expects !== 'next') return start
      expects = open.at(-1) === '{' ? 'key' : 'value'
    } else if (mark === ':') {
      if (expects !== 'colon') return start
      expects = 'value'
    } else if (string !== undefined && wantsKey) {
      expects = 'colon'
    } else if (wantsValue) {
      expects = 'next'
    } else return start
    offset = token.lastIndex
  }
  return afterSpace(text, offset)
}

function afterSpace(text: string, offset: number): number {
  space.lastIndex = offset
  space.exec(text)
  return space.lastIndex
}
