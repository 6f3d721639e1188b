import type { BoundingBox, LngLat } from '../vocabulary.ts'

const number = String.raw`[-+−]?\d{1,3}(?:[.]\d+)?`
/** Degrees, or degrees with minutes and seconds. */
const angle = String.raw`(${number})\s*(?:[°\u5ea6]\s*(?:(\d{1,2}(?:[.]\d+)?)\s*['′\u5206]\s*(?:(\d{1,2}(?:[.]\d+)?)\s*(?:["″\u79d2]|''))?)?)?`
/** A letter before or after. */
const part = new RegExp(String.raw`([NSEW])\s*${angle}|${angle}\s*([NSEW])?`, 'giu')
/** The words for north, south (latitude) and east, west (longitude). */
const chinese: Record<string, string> = {
  '\u5317\u7eac': 'N',
  '\u5357\u7eac': 'S',
  '\u4e1c\u7ecf': 'E',
  '\u897f\u7ecf': 'W',
}

interface Part {
  degrees: number
  axis: 'lat' | 'lng' | null
}

/**
 * A place typed as coordinates in WGS 84 degrees: `37.76, -122.42`, `37°45'36"N 122°25'12"W`,
 * the same with Chinese words. Without letters latitude comes first, unless only the other order lies in
 * the box. Null for anything else.
 */
export function placeFromText(text: string, box: BoundingBox): LngLat | null {
  const plain = text
    .normalize('NFKC')
    .replace(/[\u4e1c\u897f]\u7ecf|[\u5357\u5317]\u7eac/g, (word) => chinese[word]!)
    .trim()
  const parts = [...plain.matchAll(part)].filter(([whole]) => /\d/.test(whole))
  const rest = parts.reduce((left, [whole]) => left.replace(whole, ''), plain)
  if (parts.length !== 2 || /[^\s,;、，/]/u.test(rest)) return null
  // An area's code is one number, not two.
  if (parts.some(([whole]) => /\d$/.test(whole)) && /\d{4}/.test(plain.replace(/[.]\d+/g, '')))
    return null
  const [first, second] = parts.map(partFrom)
  if (!first || !second) return null
  if (first.axis !== null && first.axis === second.axis) return null
  const isTurned = first.axis === 'lng' || second.axis === 'lat'
  const inOrder: LngLat = [second.degrees, first.degrees]
  const turned: LngLat = [first.degrees, second.degrees]
  if (first.axis !== null || second.axis !== null) return onEarth(isTurned ? turned : inOrder)
  return isIn(turned, box) && !isIn(inOrder, box) ? turned : onEarth(inOrder)
}

function partFrom(match: RegExpMatchArray) {
  const [, before, d1, m1, s1, d2, m2, s2, after] = match
  const letter = (before ?? after ?? '').toUpperCase()
  const [degrees = '', minutes = '0', seconds = '0'] = before ? [d1, m1, s1] : [d2, m2, s2]
  const whole = Number(degrees.replace('−', '-'))
  const size = Math.abs(whole) + Number(minutes) / 60 + Number(seconds) / 3600
  if (Number(minutes) >= 60 || Number(seconds) >= 60) return null
  const isNegative = degrees.startsWith('-') || degrees.startsWith('−')
  const sign = isNegative !== (letter === 'S' || letter === 'W') ? -1 : 1
  const axis = letter === '' ? null : letter === 'N' || letter === 'S' ? 'lat' : 'lng'
  return { degrees: sign * size, axis } satisfies Part
}

const onEarth = ([lng, lat]: LngLat): LngLat | null =>
  Math.abs(lng) <= 180 && Math.abs(lat) <= 90 ? [lng, lat] : null
const isIn = ([lng, lat]: LngLat, [west, south, east, north]: BoundingBox): boolean =>
  lng >= west && lng <= east && lat >= south && lat <= north
