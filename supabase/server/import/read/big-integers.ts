/** A string, or a number with what follows it. */
const token = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g
const mayHoldBig = /(?<![\d.])\d{16}/

/**
 * Puts whole numbers of a JSON text that JavaScript cannot hold into quotes: a code of 18 digits
 * keeps them all. `JSON.parse` gives the source text only from Node 21.
 */
export function quoteBigIntegers(json: string): string {
  if (!mayHoldBig.test(json)) return json
  return json.replaceAll(token, (text) => {
    if (text.length < 16 || text.startsWith('"') || !/^-?\d+$/.test(text)) return text
    return Number.isSafeInteger(Number(text)) ? text : `"${text}"`
  })
}
