export type Axis = 'lon' | 'lat'

const sides: Record<Axis, Readonly<Record<string, 1 | -1>>> = {
  lon: { e: 1, w: -1, 东经: 1, 西经: -1, 东: 1, 西: -1 },
  lat: { n: 1, s: -1, 北纬: 1, 南纬: -1, 北: 1, 南: -1 },
}
const side = '东经|西经|北纬|南纬|[ewns东西北南]'
const pattern = new RegExp(
  `^(${side})?\\s*([+-])?\\s*(\\d+(?:\\.\\d*)?|\\.\\d+)(e[+-]?\\d+)?\\s*` +
    `(?:[°º度]\\s*|\\s+(?=\\d)|$|(?=${side}))` +
    `(?:(\\d+(?:\\.\\d*)?)\\s*(?:['′’分]\\s*|\\s+(?=\\d)|$|(?=${side}))` +
    `(?:(\\d+(?:\\.\\d*)?)\\s*(?:"|″|”|''|′′|秒|$|(?=${side})))?)?\\s*(${side})?$`,
)

/** Most files need nothing else. */
const plainNumber = /^-?\d{1,20}\.\d{1,20}$/

/**
 * Reads a coordinate as people write it: `112.95`, `１１２．９５`, `112.95°E`, `112°57'0"E`,
 * `112 57 00`, `东经112度57分`. Also metres, in systems that have them.
 * @param decimalComma whether `112,95` is meant; a comma is refused otherwise.
 * @returns null for anything else, for `0x70` and for a side of the other axis.
 */
export function readCoordinate(text: string, axis: Axis, decimalComma = false): number | null {
  if (plainNumber.test(text)) return Number(text)
  const plain = text.normalize('NFKC').trim().toLowerCase()
  const dotted = decimalComma ? plain.replace(',', '.') : plain
  const match = pattern.exec(dotted)
  if (!match) return null
  const [, before, sign, whole = '', exponent = '', minutes, seconds, after] = match
  if (before !== undefined && after !== undefined) return null
  const letter = before ?? after
  const direction = letter === undefined ? 1 : sides[axis][letter]
  if (direction === undefined || (sign !== undefined && letter !== undefined)) return null
  const degrees = Number(whole + exponent)
  const isSplit = minutes !== undefined
  const parts = [minutes ?? '0', seconds ?? '0'].map(Number)
  const [minute = 0, second = 0] = parts
  if (isSplit && (!Number.isInteger(degrees) || exponent !== '')) return null
  if (minute >= 60 || second >= 60 || (seconds !== undefined && !Number.isInteger(minute)))
    return null
  const value = degrees + minute / 60 + second / 3600
  return Number.isFinite(value) ? (sign === '-' ? -1 : 1) * direction * value : null
}
